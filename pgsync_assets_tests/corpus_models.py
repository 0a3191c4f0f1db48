"""What people write as a model: SELECTs in many dresses, and what is not one SELECT.

All are about a table `items (id integer primary key, name text)` with the rows (1, 'a') and
(2, 'b'), which is what each of `SELECTS` answers.
"""

from __future__ import annotations

from typing import Any

NAMED = (
    "create function named() returns setof record stable language sql"
    " as 'select id, name from items'"
)
"""A function that some of them call."""

SELECTS = [
    "select * from items",
    "select * from items -- all of them",
    "select * from items /* all of them */",
    "\n\n  select *\n  from items\n",
    "with i as (select * from items) select * from i",
    "table items",
    "values (1, 'a'), (2, 'b')",
    "select id, name from items order by random() limit 10",
    "select id, name from items where name <> ';' and name <> '%s {} :x $1'",
    "select distinct on (id) * from items",
    "select id, name from items group by id, name",
    "select 1 as id, 'a' as name union all select 2, 'b'",
    'select id as "id", name as "name" from public.items as "%"',
    f"select id, name from items /* {'x' * 100_000} */",
    f"select id, name from items where id in ({', '.join(map(str, range(20_000)))})",
    "select * from items;",
    "select * from items; -- as it was pasted\n\n",
    "select r.* from named() as r (id integer, name text)",
    "select coalesce(id, 3) as id, min(name) as name from items"
    " group by grouping sets (id, ()) having id is not null",
    "select * from items union select * from items except select 3, 'c'",
    "select id, first_value(name) over (partition by id) as name from items",
    "select i.id, l.name from items as i cross join lateral (select i.name) as l",
    "with recursive n (id) as (select 1 union all select id + 1 from n where id < 2)"
    " select id, chr(96 + id) as name from n",
]

NOT_ONE_SELECT = [
    "select * from items;;",
    "; select * from items",
    "select * from items; delete from items",
    "delete from items",
    "delete from items returning *",
    "with gone as (delete from items returning *) select * from gone",
    "select * from items) as model; delete from items; select * from (select 1",
    "insert into items values (3, 'c') returning *",
    "select * into stolen from items",
    "copy items to stdout",
    "set role postgres",
    "do $$ begin delete from items; end $$",
    "select 'unbalanced from items",
    "select * from items where (id = 1",
    "",
    "-- nothing",
]

BESIDE_ITSELF = {
    "select *\nfrom items;\ndelete from items;": "line 2: a statement ends here",
    "select *\nfrom items\nwhere name = 'a": "line 3: a quote or a comment begins here",
    "select *\nfrom items) as i, (select 1": "line 2: a bracket is closed here",
    "select (\n* from items": "line 1: a bracket is opened here",
    "select * from pg_temp.items": 'line 1: relation "pg_temp.items" does not exist',
    "select *\nfrom named()": "line 2: a column definition list is required",
}
"""With what is told of it."""


def model_of(text: str) -> dict[str, Any]:
    """The fields of a sync for one of `SELECTS`.

    Args:
        text: VALUES names its columns by itself, so they are mapped.
    """
    if not text.startswith("values"):
        return {"model": {"sql": text, "key": ["id"]}}
    columns = {"column1": "id", "column2": "name"}
    return {"model": {"sql": text, "key": ["column1"]}, "columns": columns}
