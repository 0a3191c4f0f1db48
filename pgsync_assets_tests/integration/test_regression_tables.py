"""Tables of PostgreSQL's own regression tests, made from their definitions: each is sent whole.

`tenk1` and `onek` have ten thousand and a thousand rows whose columns are remainders of two
permutations; `road` has paths of many points; `emp` inherits from `person`; the others have one
type each and the values that its test is about.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from pgsync_assets.outcome import Counts

from ..fix_syncs import Syncs

WISCONSIN = """
    unique1 int4, unique2 int4, two int4, four int4, ten int4, twenty int4, hundred int4,
    thousand int4, twothousand int4, fivethous int4, tenthous int4, odd int4, even int4,
    stringu1 name, stringu2 name, string4 name
"""


def wisconsin(rows: int, factor: int) -> str:
    """Rows of `tenk1` and its kind; `factor` has no divisor in common with their number."""
    word = (
        "(select string_agg(chr(65 + ({0} / (26 ^ place)::int) % 26), '' order by place)"
        " from generate_series(0, 5) as place)::name"
    )
    return f"""
        select u1, u2, u1 % 2, u1 % 4, u1 % 10, u1 % 20, u1 % 100, u1 % 1000, u1 % 2000,
            u1 % 5000, u1 % 10000, u1 % 100 * 2, u1 % 100 * 2 + 1,
            {word.format("u1")}, {word.format("u2")},
            (array['AAAA', 'HHHH', 'OOOO', 'VVVV'])[u2 % 4 + 1] || 'xx'
        from (select u2, u2 * {factor} % {rows} as u1
            from generate_series(0, {rows - 1}) as u2) as n
    """


@dataclass(frozen=True)
class Regression:
    """A table, and how to fill it.

    Args:
        columns: as in its definition.
        rows: a SELECT.
        key: of the model.
        change: SET of an UPDATE that changes each third row.
        more: what stands behind the columns, at the source alone.
    """

    columns: str
    rows: str
    key: tuple[str, ...]
    change: str
    more: str = ""


PERSON = "name text, age int4, location point"
TABLES: dict[str, Regression] = {
    "tenk1": Regression(WISCONSIN, wisconsin(10_000, 7_919), ("unique2",), "string4 = 'ZZZZzz'"),
    "onek": Regression(WISCONSIN, wisconsin(1_000, 719), ("unique1",), "even = -even"),
    "aggtest": Regression(
        "a int2, b float4",
        "values (56, 7.8::float4), (100, 99.097), (0, 0.09561), (42, 324.78)",
        ("a",),
        "b = -b",
    ),
    "road": Regression(
        "name text, thepath path",
        "select 'Road ' || n, (select ('[' || string_agg(format('(%s,%s)', -122 - m / 7.0,"
        " 37 + (n * m) / 3.0), ',') || ']')::path from generate_series(1, 2 + n % 20) as m)"
        " from generate_series(1, 400) as n",
        ("name",),
        "thepath = pclose(thepath)",
    ),
    "emp": Regression(
        f"{PERSON}, salary int4, manager name",
        "values ('sharon', 25, point '(15,12)', 1000, 'sam'), ('sam', 30, '(10,5)', 2000, 'bill'),"
        " ('bill', 20, '(11,10)', 1000, 'sharon')",
        ("name",),
        "salary = salary * 2",
        more="inherits (person)",
    ),
    "inet_tbl": Regression(
        "n int, c cidr, i inet",
        "values (1, '192.168.1'::cidr, '192.168.1.226/24'::inet), (2, '10', '10.1.2.3/8'),"
        " (3, '10.1.2.3', '10.1.2.3/32'), (4, '10:23::f1', '10:23::f1/64'),"
        " (5, '::ffff:1.2.3.4', '::4.3.2.1/24')",
        ("n",),
        "i = i + 1",
    ),
    "interval_tbl": Regression(
        "n int, f1 interval",
        "values (1, interval '@ 1 minute'), (2, '@ 5 hour'), (3, '@ 10 day'), (4, '@ 34 year'),"
        " (5, '@ 3 months'), (6, '@ 14 seconds ago'), (7, '1 day 2 hours 3 minutes 4 seconds'),"
        " (8, '6 years'), (9, '5 months 12 hours')",
        ("n",),
        "f1 = f1 * -1",
    ),
    "timestamptz_tbl": Regression(
        "n int, d1 timestamptz",
        "select n, d::timestamptz from unnest(array['-infinity', 'infinity', 'epoch',"
        " 'Mon Feb 10 17:32:01.999999 1997 PST', '1997-02-10 17:32:01 -07:00',"
        " 'Feb 16 17:32:01 0097 BC', 'Feb 29 17:32:01 1996', 'Jan 01 17:32:01 2001 GMT+3'])"
        " with ordinality as t (d, n)",
        ("n",),
        "d1 = d1 + interval '1 month'",
    ),
    "arrtest": Regression(
        "n int, a int2[], b int4[][][], c name[], d text[][], e float8[], f char(5)[],"
        " g varchar(5)[]",
        "values (1, '{1,2,5}'::int2[], '{{{0,0},{1,2}}}'::int4[], '{}'::name[], '{}'::text[],"
        " '{1.1,2.2}'::float8[], '{}'::char(5)[], '{}'::varchar(5)[]),"
        " (2, '{11,12,23}', '{{3,4},{4,5}}', '{foobar}', '{{elt1,elt2}}', '{3.4,6.7}',"
        " '{abc,abcde}', '{abc,abcde}'), (3, '[-1:1]={1,NULL,3}', null, '{a,b}', '{{a,b},{c,d}}',"
        " '{NaN,-Infinity}', '{\"a \"}', null)",
        ("n",),
        "a = a || 7::int2",
    ),
}


@pytest.mark.parametrize("name", TABLES)
def test_it_is_sent_whole_and_kept_in_step(either: Syncs, name: str) -> None:
    table = TABLES[name]
    pair = either.pair
    if table.more:
        pair.source.execute(f"create table person ({PERSON})")
    pair.source.execute(
        f"create table {name} ({table.columns}) {table.more}",
        f"insert into {name} {table.rows}",
        f"alter table {name} add unique ({', '.join(table.key)})",
    )
    pair.destination.execute(
        f"create table {name} ({table.columns}, unique ({', '.join(table.key)}))"
    )
    pair.source.grant_table(name)
    pair.destination.grant_table(name, "select", "insert", "update", "delete")
    fields: dict[str, Any] = {
        "name": name,
        "model": {"table": f"public.{name}", "key": list(table.key)},
        "table": f"public.{name}",
        "delete": "delete_row",
        "batch_size": 3_000,
        "guard": {"max_removed": "100%", "allow_empty_model": True},
    }
    ((rows,),) = pair.source.rows(f"select count(*)::int from {name}")  # noqa: S608
    assert either.run(**fields).succeeded == Counts(added=rows)
    assert either.same(name)
    (key,) = table.key
    some = f"hashtext(t::text) % 3 = 0 or {key} = (select max({key}) from {name})"  # noqa: S608
    pair.source.execute(
        f"create table old as select t::text as row from {name} as t",  # noqa: S608
        f"update {name} as t set {table.change} where {some}",  # noqa: S608
    )
    ((changed,),) = pair.source.rows(
        f"select count(*)::int from {name} as t where t::text not in (select row from old)"  # noqa: S608
    )
    assert changed > 0
    assert either.run(**fields).succeeded == Counts(changed=changed)
    assert either.same(name)
    ((gone,),) = pair.source.rows(
        f"with gone as (delete from {name} as t where {some} returning 1)"  # noqa: S608
        " select count(*)::int from gone"
    )
    assert either.run(**fields).succeeded == Counts(removed=gone)
    assert either.same(name)
    assert either.verify(**fields).in_step
    assert either.run(**fields).planned == Counts()
