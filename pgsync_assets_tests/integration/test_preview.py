"""What a preview says about the rows of a model, on real servers."""

from __future__ import annotations

import time
from typing import Any

import psycopg
import pytest

from pgsync_assets import svg
from pgsync_assets.config import ModelConfig
from pgsync_assets.errors import PgsyncError, PrivilegeError
from pgsync_assets.model import describe
from pgsync_assets.preview import (
    ModelPreview,
    Profile,
    TopValue,
    drawing,
    preview,
    visible,
)

from ..corpus_tables import make_corpus
from ..fix_databases import Side
from ..fix_pgbouncer import Pooler
from ..fix_syncs import Syncs, endpoint_of


def previewed(side: Side, more: dict[str, Any] | None = None, /, **fields: Any) -> ModelPreview:
    """The preview of a model that is read at one side, by default of `public.items`."""
    options = {name: fields.pop(name) for name in ("rows", "timeout_s") if name in fields}
    written = {"table": "public.items"} | fields if "sql" not in fields else fields
    model = ModelConfig.model_validate({"name": "items", "key": ["id"]} | written)
    with endpoint_of("shop", side, **(more or {})).session("pgsync/preview") as session:
        return preview(session, model, describe(session, model), **options)


def column(found: ModelPreview, name: str) -> Profile:
    """Figures of a column by its name."""
    return next(one for one in found.columns if one.name == name)


@pytest.fixture
def source(syncs: Syncs) -> Side:
    """The source, with a table of 100 items."""
    syncs.table(
        "id integer primary key, kind text, price numeric(10, 2), day date, at timestamptz,"
        " rate double precision, ok boolean, doc json, place point, raw bytea"
    )
    syncs.pair.source.execute(
        "insert into items select n, case when n % 10 = 0 then null when n % 4 = 0 then 'b' else"
        " 'a' end, n * 1.5, date '2024-01-01' + n, timestamptz '2024-01-01 00:00+00' + n *"
        " interval '1 hour', case n when 1 then 'NaN' when 2 then 'Infinity' else n / 7.0 end,"
        " n % 2 = 0, json_build_object('n', n), point(n, n), decode('00ff', 'hex')"
        " from generate_series(1, 100) as n"
    )
    return syncs.pair.source


def test_a_small_table_is_counted_exactly(source: Side) -> None:
    found = previewed(source, rows=5)
    assert (found.rows, found.looked_at, found.about, found.notes) == (100, 100, None, ())
    assert found.told == "Figures of all 100 rows."
    assert [row[0] for row in found.first] == ["1", "2", "3", "4", "5"]
    assert len({row[0] for row in found.sample}) == 5
    assert found.quality is not None
    assert (found.quality.invalid.total, found.key_is_proven) == (0, True)
    kind = column(found, "kind")
    assert (kind.null_share, kind.distinct, kind.distinct_by) == (0.1, 2, "all rows")
    assert (kind.minimum, kind.maximum) == ("a", "b")
    assert kind.top == (TopValue("a", 0.70), TopValue("b", 0.20))
    identity = column(found, "id")
    assert (identity.distinct, identity.minimum, identity.maximum) == (100, "1", "100")
    assert (identity.top, identity.histogram and identity.histogram.counts) == ((), (5,) * 20)
    day = column(found, "day").histogram
    assert day is not None
    assert (day.lower, day.upper, sum(day.counts)) == ("2024-01-02", "2024-04-10", 100)
    rate = column(found, "rate").histogram
    assert rate is not None
    assert (rate.upper, sum(rate.counts), len(rate.counts)) == ("14.285714285714286", 98, 20)
    assert column(found, "ok").top == (TopValue("f", 0.5), TopValue("t", 0.5))
    for name in ("doc", "place"):
        assert column(found, name) == Profile(name, column(found, name).type, 0.0)
    assert column(found, "raw").top == (TopValue("\\x00ff", 1.0),)


def test_every_type_that_a_table_can_have(syncs: Syncs) -> None:
    corpus = make_corpus(
        syncs.pair, ("integer", "json", "point", "xml", "hstore", "nested", "bytea")
    )
    found = previewed(syncs.pair.source, table="public.before")
    assert len(found.columns) == len(corpus.columns) + 1
    told = {one.name: one.distinct is not None for one in found.columns}
    spelled = {name: how[0] for name, how in corpus.columns.items()}
    assert {spelled[name] for name in spelled if not told[name]} & {"json", "point", "xml"}
    assert {"integer", "bytea", "nested"} <= {spelled[name] for name in spelled if told[name]}


def test_an_empty_model(syncs: Syncs) -> None:
    syncs.table("id integer primary key, note text, doc json")
    found = previewed(syncs.pair.source)
    assert (found.rows, found.told) == (0, "The model has no rows.")
    assert (found.first, found.sample, found.notes) == ((), (), ())
    assert column(found, "note") == Profile("note", "text", None, 0, "all rows")
    assert column(found, "doc") == Profile("doc", "json")


def test_a_large_table_is_sampled_by_blocks_and_a_query_in_one_pass(
    syncs: Syncs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pgsync_assets.preview.sample.MOST_ROWS", 2_000)
    syncs.table("id integer primary key, kind integer, name text")
    source = syncs.pair.source
    source.leave()  # a session tells how much it changed when it ends, or seconds later
    source.execute(
        "insert into items select n, n % 7, md5((n % 500)::text) from generate_series(1, 40000) n",
    )
    for fields in ({}, {"sql": "select * from items order by id desc"}):
        found = previewed(source, **fields)
        assert found.rows == 40_000
        assert 500 < found.looked_at < 4_000, fields
        assert "random rows of 40,000" in found.told
        kind, name = column(found, "kind"), column(found, "name")
        assert (kind.distinct, kind.distinct_by, kind.is_estimate) == (7, "sample", True)
        assert name.distinct is not None
        assert 350 <= name.distinct <= 650
        assert 35_000 < (column(found, "id").distinct or 0) <= 40_000
        # Of 40,000 rows, not the first: a run of small numbers would be one in 10^12.
        assert any(int(row[0] or 0) > 4_000 for row in found.sample)
        assert any(int(row[0] or 0) <= 36_000 for row in found.sample)
        assert previewed(source, **fields).sample != found.sample
    assert found.first[0][0] == "40000"  # as the query has them
    source.execute("analyze items")
    found = previewed(source)
    assert (column(found, "name").distinct, column(found, "name").distinct_by) == (500, "pg_stats")
    source.execute("update items set name = id::text")
    assert column(previewed(source), "name").distinct_by == "sample"


def test_where_nearly_all_blocks_are_empty_rows_are_found_all_the_same(
    syncs: Syncs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pgsync_assets.preview.sample.FEWEST_ROWS", 25)
    monkeypatch.setattr("pgsync_assets.preview.sample.MOST_ROWS", 25)
    syncs.table("id integer primary key, note text")
    syncs.pair.source.execute(
        "alter table items set (autovacuum_enabled = off)",
        "insert into items select n, repeat('x', 900) from generate_series(1, 20000) as n",
        "delete from items",
        "insert into items select n from generate_series(1, 220) as n",  # the last two of 2,500
    )
    # A sample of 11 % of the blocks has neither four times of five; 11 % of 220 rows are some.
    for _ in range(5):
        found = previewed(syncs.pair.source)
        assert (0 < found.looked_at <= 50, found.rows) == (True, 220)


def test_an_estimate_that_is_far_too_low_reads_no_more_than_a_few_rows(
    syncs: Syncs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pgsync_assets.preview.sample.FEWEST_ROWS", 1_500)
    monkeypatch.setattr("pgsync_assets.preview.sample.MOST_ROWS", 1_500)
    monkeypatch.setattr("pgsync_assets.preview.read.quality_in", cancelled)
    syncs.table("id integer primary key")
    syncs.pair.source.execute(
        "create function many() returns setof integer language sql rows 10"
        " as 'select n from generate_series(1, 9000) as n'"
    )
    found = previewed(syncs.pair.source, sql="select many as id from many()")
    assert (found.rows, found.looked_at) == (None, 3_000)
    assert (found.told, found.columns[0].is_estimate) == ("Figures of 3,000 rows.", True)
    assert any("more rows than PostgreSQL expected (10)" in note for note in found.notes)


def cancelled(*_: object) -> None:
    """What looks at the key took too long."""
    raise psycopg.errors.QueryCanceled


def test_a_slow_model_ends_with_what_there_is_and_a_note(syncs: Syncs) -> None:
    syncs.table("id integer primary key")
    begun = time.monotonic()
    slow = "select n as id, pg_sleep(0.01)::text as z from generate_series(1, 1000000) as n"
    found = previewed(syncs.pair.source, sql=slow, timeout_s=6, rows=3)
    assert time.monotonic() - begun < 30
    assert [row[0] for row in found.first] == ["1", "2", "3"]
    assert [note.split(":")[0] for note in found.notes] == ["the key", "figures of the columns"]
    assert "6 s for all" in found.notes[0]
    assert (found.rows, found.about, found.quality) == (None, 1_000_000, None)
    assert [one.name for one in found.columns] == ["id", "z"]


def test_a_model_of_800_columns(syncs: Syncs) -> None:
    columns = ", ".join(f"n + {number} as c{number}" for number in range(799))
    syncs.table("id integer primary key")
    found = previewed(
        syncs.pair.source, sql=f"select n as id, {columns} from generate_series(1, 3) as n"
    )
    assert (len(found.columns), found.rows, found.notes) == (800, 3, ()), found.seconds
    assert column(found, "c798").maximum == "801"


def test_long_values_are_cut_and_repeated_keys_are_counted(syncs: Syncs) -> None:
    syncs.table("id integer, note text, raw bytea, doc jsonb")
    syncs.pair.source.execute(
        "insert into items select 1, repeat('long', 100000), decode(repeat('ff', 100000), 'hex'),"
        " jsonb_build_object('x', repeat('y', 100000)) from generate_series(1, 2)",
        "insert into items values (null, '', null, null)",
    )
    found = previewed(syncs.pair.source)
    row = found.first[0]
    assert [len(value or "") for value in row] == [1, 200, 200, 200]
    assert [str(value)[-1] for value in row[1:]] == ["…"] * 3
    assert found.quality is not None
    assert (found.quality.invalid.missing, found.quality.invalid.repeated) == (1, 2)
    assert not found.key_is_proven


def test_two_collations_in_one_column(syncs: Syncs) -> None:
    syncs.table('id integer primary key, a text collate "C", b text collate "POSIX"')
    syncs.pair.source.execute("insert into items values (1, 'b', 'x'), (2, 'a', 'y')")
    found = previewed(syncs.pair.source, sql="select id, a || b as ab from items")
    assert (column(found, "ab").minimum, column(found, "ab").maximum) == ("ay", "bx")


def test_kinds_of_relations(syncs: Syncs) -> None:
    source = syncs.pair.source
    syncs.table("id integer primary key")
    source.execute(
        "insert into items select generate_series(1, 30)",
        "create view shown as select id, now() as at from items",
        "create materialized view kept as select * from items",
        "create table parts (id integer primary key) partition by range (id)",
        "create table low partition of parts for values from (0) to (100)",
        "insert into parts select generate_series(1, 30)",
    )
    for name in ("shown", "kept", "parts"):
        source.grant_table(name)
        assert previewed(source, table=f"public.{name}").looked_at == 30, name


def test_a_failing_row_is_an_error_without_its_value(syncs: Syncs) -> None:
    syncs.table("id integer primary key, note text")
    syncs.pair.source.execute("insert into items values (1, 'secret value')")
    with pytest.raises(PgsyncError) as caught:
        previewed(syncs.pair.source, sql="select id, note::integer as number from items")
    assert "secret value" not in str(caught.value)


def test_row_level_security_that_hides_rows_is_told(source: Side) -> None:
    source.execute("alter table items enable row level security")
    with pytest.raises(PrivilegeError):
        previewed(source)


@pytest.mark.needs("pgbouncer")
def test_behind_pgbouncer(source: Side, pooler: Pooler) -> None:
    pooler.lead_to(source)
    found = previewed(source, pooler.before(source, "transaction"), rows=2)
    assert (found.looked_at, len(found.first)) == (100, 2)
    with source.connect() as connection:  # nothing of ours stays on the pooled session
        assert connection.execute("show statement_timeout").fetchone() == ("0",)


def test_what_is_drawn(source: Side) -> None:
    found = previewed(source)
    root = drawing(found, ["kind", "price", "doc"])
    assert root is not None
    text = svg.document(root)
    assert "kind" in text
    assert "price" in text
    assert "doc" not in text
    assert "70%" in text
    assert drawing(found, ["doc"]) is None


def test_what_may_be_seen() -> None:
    names = ("id", "kind", "price")
    expected = {"none": (), "key": ("id",), "all": names, ("price", "no_such"): ("price",)}
    for values, seen in expected.items():
        model = ModelConfig.model_validate(
            {"table": "public.items", "key": ["id"], "preview": {"values": values}}
        )
        assert visible(model, names) == seen
