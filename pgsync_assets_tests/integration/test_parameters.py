"""Parameters of a model: typed, read by PostgreSQL, never pasted, never shown where they come from
the environment.
"""

from __future__ import annotations

from pathlib import Path
from traceback import format_exception
from typing import Any

import pytest
from psycopg import sql

from pgsync_assets.config import ModelConfig
from pgsync_assets.config.placeholders import pieces
from pgsync_assets.errors import ConfigurationError, ModelError, PgsyncError
from pgsync_assets.model import Relation, describe, select, with_files
from pgsync_assets.outcome import Counts

from ..fix_administrators import psql
from ..fix_syncs import Syncs
from ..unit.config.test_placeholders import ENDED, HIDING

DAYS = "select n, date '2024-01-01' + n, 'item ' || n from generate_series(1, 9) as n"


@pytest.fixture
def shop(syncs: Syncs) -> Syncs:
    """Nine days of items."""
    return filled(syncs)


@pytest.fixture
def items(either: Syncs) -> Syncs:
    """The same for both engines."""
    return filled(either)


def filled(syncs: Syncs) -> Syncs:
    """Nine rows at the source."""
    syncs.table("id int primary key, day date, name text")
    syncs.pair.source.execute(f"insert into items {DAYS}")
    return syncs


def of(text: str, **parameters: Any) -> dict[str, Any]:
    """A model of a statement."""
    return {"sql": text, "key": ["id"], "parameters": parameters}


def described(syncs: Syncs, model: dict[str, Any]) -> Relation:
    """What PostgreSQL says of a model."""
    with syncs.endpoints[0].session("test") as session:
        return describe(session, ModelConfig.model_validate(model))


def read(syncs: Syncs, type_: str, value: Any) -> tuple[Any, ...]:
    """The type and the text that PostgreSQL makes of a parameter."""
    text = "select pg_typeof(:x)::text, :'x'::text"
    model = ModelConfig.model_validate(of(text, x={"type": type_, "value": value}))
    with syncs.endpoints[0].session("test") as session, session.transaction("reading") as open_:
        row = open_.execute(sql.Composed([select(model)]), binary=True).fetchone()
    assert row is not None
    return tuple(row)


def test_a_query_with_parameters_runs_in_both_engines(items: Syncs) -> None:
    text = "select * from items where day > :since and id = any(:ids) and name <> ':since';"
    since = {"type": "date", "value": "2024-01-03"}
    model = of(text, since=since, ids={"type": "int[]", "value": [1, 3, 4, 9]})
    assert items.run(model=model).succeeded == Counts(added=3)
    assert items.run(model=model).planned == Counts()
    items.pair.source.execute("update items set name = 'new' where id in (4, 5)")
    assert items.run(model=model).succeeded == Counts(changed=1)
    assert items.verify(model=model).in_step


def test_a_filter_of_a_table_takes_them_too(items: Syncs) -> None:
    where = "day between :since and :'since'::date + :days"
    parameters = {
        "since": {"type": "date", "value": "2024-01-03"},
        "days": {"type": "int", "value": 2},
    }
    model = {"table": "public.items", "key": ["id"], "where": where, "parameters": parameters}
    assert items.run(model=model).succeeded == Counts(added=3)


# Type as written, value, type and text in PostgreSQL.
VALUES = [
    ("date", "2024-02-29", "date", "2024-02-29"),
    ("bigint", 9223372036854775807, "bigint", "9223372036854775807"),
    ("numeric(10,2)", "1.5", "numeric", "1.50"),
    ("double precision", 1e300, "double precision", "1e+300"),
    ("boolean", True, "boolean", "true"),
    ("text", 'it\'s \\ :x $$ -- "%s {}"\n;', "text", 'it\'s \\ :x $$ -- "%s {}"\n;'),
    ("text", 7, "text", "7"),
    ("date", None, "date", None),
    ("text[]", [], "text[]", "{}"),
    ("text[]", ["a,b", None, "NULL", '"', "\\"], "text[]", r'{"a,b",NULL,"NULL","\"","\\"}'),
    ("integer[]", [[1, 2], [3, None]], "integer[]", "{{1,2},{3,NULL}}"),
    ("bool array", [True, False], "boolean[]", "{t,f}"),
    ("jsonb", {"a": [1, None]}, "jsonb", '{"a": [1, null]}'),
    ("jsonb", [1, "x"], "jsonb", '[1, "x"]'),
    ("jsonb[]", [{"a": 1}], "jsonb[]", '{"{\\"a\\": 1}"}'),
    ("int4range", "[1,5)", "int4range", "[1,5)"),
    ("interval day to second", "1 02:03", "interval", "1 day 02:03:00"),
    ("timestamptz", "2024-01-01 00:00+02", "timestamp with time zone", "2023-12-31 22:00:00+00"),
    ('public."Odd Type"', "b", '"Odd Type"', "b"),
    ("regclass", "public.items", "regclass", "items"),
]


def test_a_value_is_what_its_type_reads(shop: Syncs) -> None:
    shop.pair.source.execute("create type public.\"Odd Type\" as enum ('a', 'b')")
    for type_, value, spelled, text in VALUES:
        assert read(shop, type_, value) == (spelled, text)


REFUSED = {
    ("datee", "2024-01-01"): 'type "datee" does not exist (SQLSTATE 42704)',
    ("nowhere.kind", "1"): 'schema "nowhere" does not exist (SQLSTATE 3F000)',
    ("date", "SECRET"): "its value is none that the type date reads (SQLSTATE 22007)",
    ("int[]", ("SECRET",)): "its value is none that the type int[] reads (SQLSTATE 22P02)",
    ("regclass", "SECRET"): "its value is none that the type regclass reads (SQLSTATE 42P01)",
    ("small", "SECRET"): "its value is none that the type small reads (SQLSTATE 23514)",
    ("text) || (select 'x'", "1"): "is not a type",
    ("text -- ", "1"): "is not a type",
    ("text, 1", "1"): "syntax error",
    ("", "1"): "syntax error",
    ("text", "a\0SECRET"): "characters that no text can hold",
}


def test_what_is_no_value_of_its_type_is_refused_without_being_shown(shop: Syncs) -> None:
    shop.pair.source.execute("create domain small as text check (length(value) < 3)")
    for (type_, value), told in REFUSED.items():
        written = list(value) if isinstance(value, tuple) else value
        text = "select id, :x::text as x, :y as y from items"
        with pytest.raises(PgsyncError) as caught:
            described(shop, of(text, y=1, x={"type": type_, "value": written}))
        assert "parameter 'x'" in caught.value.message
        assert told in caught.value.message, type_
        assert "SECRET" not in str(caught.value)


def test_a_value_of_the_environment_is_read_when_the_statement_is_made(
    shop: Syncs, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = of("select * from items where id < :most", most={"type": "int", "value": "$MOST"})
    monkeypatch.delenv("MOST", raising=False)
    with pytest.raises(ConfigurationError, match="parameter 'most'.*MOST is not set"):
        shop.run(model=model)
    monkeypatch.setenv("MOST", "4")
    assert shop.run(model=model, audit="full").succeeded == Counts(added=3)
    monkeypatch.setenv("MOST", "5")
    assert shop.run(model=model).succeeded == Counts(added=1)
    assert "$MOST" in str(ModelConfig.model_validate(model).asked)


SHOWING = [
    "select id, (:token::int) as x from items",
    "select id, :token::regclass::text as x from items",
    "select id, to_date(:token, 'YYYY') as x from items",
    "select id, name from items where name ~ ('(' || :token)",
    "select id, :token as x from items where id = :missing",
]


def test_no_message_shows_a_value_of_the_environment(
    shop: Syncs, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "s3cr3t-value"
    monkeypatch.setenv("TOKEN", secret)
    token = {"type": "text", "value": "$TOKEN"}
    shop.run(model=of("select * from items where name <> :token", token=token), audit="full")
    for text in SHOWING:
        model = of(text, token=token)
        with pytest.raises(PgsyncError) as caught:
            shop.run(model=model)
        assert secret not in "".join(format_exception(caught.value))
    said = shop.pair.source.rows("select r::text from hightouch_audit.sync_runs as r")
    assert secret not in str(said)


def test_what_is_not_declared_is_named_with_its_line(shop: Syncs) -> None:
    text = "select *\nfrom items\nwhere day > {} and id > :least"
    for written in (":since", ":'since'"):
        with pytest.raises(ModelError) as caught:
            described(shop, of(text.format(written), least=1))
        assert f"line 3: {written} is not among the parameters" in caught.value.message
        assert "parameters: {since:" in (caught.value.remedy or "")
    with pytest.raises(ModelError, match='line 3: :"since" would be a name'):
        described(shop, of(text.format(':"since"'), least=1))


def test_a_colon_that_is_no_parameter_is_left_to_postgresql(shop: Syncs) -> None:
    text = """
        select id, (array[1, 2, 3])[1:id] as a, (array[1, 2, 3])[id:x] as b, ':x'::text as c,
            make_interval(days := 1) as d, $$ :x $$ as e, E'\\':x' as f -- :x
        from items, (values (2)) as v (x) where id < :least /* :x */
    """
    relation = described(shop, of(text, least=3))
    assert relation.names == ("id", "a", "b", "c", "d", "e", "f")


def test_a_mistake_behind_a_value_of_many_lines_has_its_own_line(shop: Syncs) -> None:
    model = of("select id, :x as x,\n nmae\nfrom items", x="a\nb\nc")
    with pytest.raises(ModelError, match=r"the SQL of the model, line 2: column \"nmae\""):
        described(shop, model)


def test_a_parameter_that_is_not_used_is_a_slip(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="parameters: since: not used; write :since"):
        ModelConfig.model_validate(of("select 1 as id -- :since", since=1))
    with pytest.raises(ValueError, match="parameters: since: not used"):
        ModelConfig.model_validate({"table": "a.b", "key": ["id"], "parameters": {"since": 1}})
    (tmp_path / "m.sql").write_text("select ':since' as id")
    model = ModelConfig.model_validate(
        {"sql_file": "m.sql", "key": ["id"], "parameters": {"since": 1}}
    )
    with pytest.raises(ConfigurationError, match=r"m\.sql: parameters: since: not used"):
        with_files(model, tmp_path)


def test_the_file_of_a_model_runs_in_psql(shop: Syncs, tmp_path: Path) -> None:
    """Quotes for what is not a number, as psql puts a value there as it is."""
    file = tmp_path / "late.sql"
    file.write_text(
        "-- late items; :since\n"
        "select id, name, ':since' as \":most\" from items\n"
        "where day > :'since' and id < :most and name <> E'\\':most' /* :most */\n"
        "  and $$:most$$ <> ''\n"
        "order by (array[1, 2])[1:2];\n"
    )
    model = ModelConfig.model_validate(
        {
            "sql_file": "late.sql",
            "key": ["id"],
            "parameters": {"since": {"type": "date", "value": "2024-01-04"}, "most": 7},
        }
    )
    side = shop.pair.source
    with side.connect() as connection:
        statement = sql.Composed([select(with_files(model, tmp_path))])
        ours = connection.execute(statement, binary=True).fetchall()
    said = psql(side, "--set=since=2024-01-04", "--set=most=7", "-At", "-F,", f"--file={file}")
    assert said.stderr == ""
    assert [tuple(line.split(",")) for line in said.stdout.splitlines()] == [
        tuple(map(str, row)) for row in ours
    ]
    assert len(ours) == 3


def test_psql_puts_values_where_we_do(shop: Syncs) -> None:
    """It has PostgreSQL's own lexer, which it asks line by line; what it sends is echoed."""
    hiding = [pair for pair in HIDING if not pair[0].startswith("E'a'")]  # goes on in another line
    texts = [f"{before} :x {behind} , :'x'" for before, behind in hiding]
    texts += [f"{before} :x, :'x'" for before in ENDED]
    mark = "<4711>"
    script = "".join(f"\\echo next\nselect nothing, {text} ;\n" for text in texts)
    arguments = (f"--set=x={mark}", "--set=ON_ERROR_STOP=0", "--echo-queries")
    echoed = psql(shop.pair.source, *arguments, script=script).stdout.split("next\n")[1:]
    ours = [len(list(pieces(text, ("x",)))) // 2 for text in texts]
    assert dict(zip(texts, [said.count(mark) for said in echoed], strict=True)) == dict(
        zip(texts, ours, strict=True)
    )
    assert set(ours) == {1, 2}


def test_a_partition_and_an_index_are_chosen_by_the_value(shop: Syncs) -> None:
    shop.pair.source.execute(
        "create table days (id int, day date, primary key (id, day)) partition by range (day)",
        "create table days_1 partition of days for values from (minvalue) to ('2024-01-05')",
        "create table days_2 partition of days for values from ('2024-01-05') to (maxvalue)",
    )
    model = ModelConfig.model_validate(
        of("select * from days where day >= :since", since={"type": "date", "value": "2024-02-01"})
    )
    with shop.pair.source.connect() as connection:
        plan = connection.execute(sql.SQL("explain {}").format(select(model))).fetchall()
    assert "days_2" in str(plan)
    assert "days_1" not in str(plan)
