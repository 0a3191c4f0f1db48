"""A model is one SELECT that PostgreSQL describes; what is wrong with it is said with its place."""

from __future__ import annotations

from typing import Any

import pytest

from pgsync_assets.errors import (
    ConfigurationError,
    DestinationError,
    ModelError,
    PgsyncError,
    PrivilegeError,
)
from pgsync_assets.outcome import Counts

from ..corpus_models import BESIDE_ITSELF, NAMED, NOT_ONE_SELECT, SELECTS, model_of
from ..fix_syncs import Syncs

COLUMNS = "id integer primary key, name text"


@pytest.fixture
def items(syncs: Syncs) -> Syncs:
    """Two items at the source, and a table for them at the destination."""
    syncs.table(COLUMNS)
    syncs.pair.source.grant_table("items", "ALL")
    syncs.pair.source.execute("insert into items values (1, 'a'), (2, 'b')")
    return syncs


def refused(syncs: Syncs, kind: type[PgsyncError], **fields: Any) -> PgsyncError:
    """The error of a run of which nothing arrives."""
    with pytest.raises(kind) as caught:
        syncs.run(**fields)
    assert caught.value.remedy
    assert syncs.pair.source.rows("select * from items order by 1") == [(1, "a"), (2, "b")]
    assert syncs.pair.destination.rows("select count(*) from items") == [(0,)]
    return caught.value


def of_sql(text: str, *key: str) -> dict[str, Any]:
    """A model of a statement."""
    return {"sql": text, "key": key or ["id"]}


@pytest.mark.parametrize("text", SELECTS, ids=range(len(SELECTS)))
def test_one_select_in_any_dress(items: Syncs, text: str) -> None:
    items.pair.source.execute(NAMED)
    assert items.run(**model_of(text)).succeeded == Counts(added=2)
    rows = items.pair.destination.rows("select * from items order by 1")
    assert rows == [(1, "a"), (2, "b")]


def test_anything_else_is_refused_and_not_executed(items: Syncs) -> None:
    for text in NOT_ONE_SELECT:
        refused(items, ModelError, model=of_sql(text))


def test_what_is_beside_itself_is_told_with_its_line(items: Syncs) -> None:
    items.pair.source.execute(
        "create function named() returns record language sql as 'select 1, 2'"
    )
    for text, told in BESIDE_ITSELF.items():
        assert told in refused(items, ModelError, model=of_sql(text)).message


def test_a_function_with_a_side_effect_is_not_called_by_describing(items: Syncs) -> None:
    items.pair.source.execute(
        "create function spoil() returns integer language sql volatile"
        " as 'delete from items; select 3'"
    )
    model = of_sql("select id, name from items where id <> spoil()", "no_such_column")
    refused(items, ModelError, model=model)


def test_the_line_of_a_mistake_is_named(items: Syncs) -> None:
    model = of_sql("select id,\n  name,\n  nmae\nfrom items")
    error = refused(items, ModelError, model=model)
    assert "line 3" in error.message
    assert "nmae" in error.message


def test_a_missing_table_is_named_with_where_it_was_looked_for(items: Syncs) -> None:
    items.source = {"search_path": ("mart", "public")}
    error = refused(items, ModelError, model=of_sql("select * from\nthings"))
    assert '"things"' in error.message
    assert "line 2" in error.message
    assert "mart, public" in (error.remedy or "")
    error = refused(items, ModelError, model={"table": "public.things", "key": ["id"]})
    assert "public.things" in error.message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("select id, name, name from items", "more than one column 'name'"),
        ("select id, 1 from items", "no name"),
        ("select id, row(1, 2) as pair from items", "no table can store"),
        ("select id, (select i from (select 1, 2) as i) as pair from items", "no table can store"),
        ("select id, name as _pgsync_row from items", "_pgsync_"),
        ("select from items", "0 columns"),
        ("select items.*, now() from items", "now"),
    ],
)
def test_columns_that_cannot_travel_are_named(items: Syncs, text: str, said: str) -> None:
    with pytest.raises((ModelError, ConfigurationError), match=said):
        items.run(model=of_sql(text))


def test_a_key_that_is_not_a_column_is_refused_with_the_columns(items: Syncs) -> None:
    error = refused(items, ModelError, model=of_sql("select * from items", "number"))
    assert "'number'" in error.message
    assert "id, name" in (error.remedy or "")


def test_a_key_without_a_unique_index_is_refused_with_those_that_are(items: Syncs) -> None:
    items.pair.destination.execute(
        "create unique index mine on items (name) where id > 0",
        "create unique index others on items (name) where id <= 0",
        "alter table items add unique (id, name)",
    )
    error = refused(items, DestinationError, model=of_sql("select * from items", "name"))
    assert "(name)" in error.message
    assert "mine (name) WHERE (id > 0); " in error.message
    assert "(id)" in (error.remedy or "")
    assert "(id, name)" in (error.remedy or "")


@pytest.mark.parametrize(
    ("definition", "why"),
    [
        ("unique (name) deferrable", "deferrable"),
        ("exclude using btree (name with =)", "no unique index"),
    ],
)
def test_an_index_that_cannot_be_used_is_named_with_the_reason(
    items: Syncs, definition: str, why: str
) -> None:
    items.pair.destination.execute(f"alter table items add {definition}")
    error = refused(items, DestinationError, model=of_sql("select * from items", "name"))
    assert why in error.message


def test_the_index_that_the_remedy_proposes_works(items: Syncs) -> None:
    items.pair.destination.execute("alter table items drop constraint items_pkey")
    error = refused(items, DestinationError)
    statement = (error.remedy or "").rpartition("or: ")[2]
    items.pair.destination.execute(statement)
    assert items.run().succeeded == Counts(added=2)


def test_a_generated_column_is_refused(items: Syncs) -> None:
    items.pair.destination.execute(
        "alter table items add loud text generated always as (upper(name)) stored"
    )
    model = of_sql("select id, name, name as loud from items")
    error = refused(items, DestinationError, model=model)
    assert "'loud' is generated" in error.message


def test_a_required_column_without_a_source_is_named(items: Syncs) -> None:
    items.pair.destination.execute("alter table items add born date not null")
    assert "'born'" in refused(items, ConfigurationError).message


# Type of the model -> type of the destination's column.
NOT_EXACT = [
    ("numeric", "numeric(10,2)"),
    ("numeric(10,4)", "numeric(12,2)"),
    ("integer", "numeric(5,-2)"),
    ("numeric", "integer"),
    ("bigint", "integer"),
    ("double precision", "real"),
    ("real", "double precision"),
    ("double precision", "numeric"),
    ("timestamptz", "timestamp"),
    ("timestamp", "timestamptz"),
    ("timestamp", "date"),
    ("timestamptz", "timestamptz(0)"),
    ("interval", "interval(0)"),
    ("interval", "interval day"),
    ("interval[]", "interval(0)[]"),
    ("numeric[]", "numeric(10,2)[]"),
    ("json", "jsonb"),
    ("text", "citext"),
    ("text", "integer"),
]


def test_a_type_that_would_not_arrive_exactly_is_refused_with_a_cast(items: Syncs) -> None:
    for side in (items.pair.source, items.pair.destination):
        side.execute("create extension citext")
    for number, (sent, taken) in enumerate(NOT_EXACT):
        items.pair.destination.execute("truncate items", f"alter table items add v {taken}")
        model = of_sql(f"select id, name, null::{sent} as v from items")
        error = refused(items, DestinationError, name=f"sync_{number}", model=model)
        assert "'v'" in error.message
        cast = (error.remedy or "").partition("; or cast it in the model: ")[2]
        rows = f"select *, null::{sent} as v from items"
        mended = of_sql(f"select id, name, {cast} from ({rows}) as i")
        outcome = items.run(name=f"sync_{number}", model=mended)
        assert outcome.succeeded == Counts(added=2), (sent, taken)
        items.pair.destination.execute("alter table items drop v")


# Type of the model, type of the destination's column, a value.
WIDER = [
    ("smallint", "bigint", "-32768"),
    ("bigint", "numeric", "9223372036854775807"),
    ("integer", "numeric(12,2)", "7"),
    ("varchar(5)", "text", "a  "),
    ("numeric(5,2)", "numeric(10,4)", "1.50"),
    ("timestamp(3)", "timestamp", "2024-01-01 00:00:00.123"),
    ("jsonb", "json", '{"a": 1}'),
]


def test_a_wider_type_takes_every_value(items: Syncs) -> None:
    columns = [f"'{value}'::{sent} as v{number}" for number, (sent, _, value) in enumerate(WIDER)]
    for number, (_, taken, _) in enumerate(WIDER):
        items.pair.destination.execute(f"alter table items add v{number} {taken}")
    model = of_sql(f"select id, name, {', '.join(columns)} from items")
    assert items.run(model=model).succeeded == Counts(added=2)
    for number, (sent, taken, value) in enumerate(WIDER):
        exact = f"v{number}::text = ('{value}'::{sent})::{taken}::text"
        found = items.pair.destination.rows(f"select count(*) from items where {exact}")
        assert found == [(2,)], (sent, taken)


def test_a_missing_right_of_a_query_is_named(items: Syncs) -> None:
    items.pair.source.execute(f"revoke all on items from {items.pair.source.user}")
    error = refused(items, PrivilegeError, model=of_sql("select * from items"))
    assert "items" in error.message
    assert 'TO "pgsync_source"' in (error.remedy or "")


@pytest.mark.needs("tls-server")
def test_a_collation_that_calls_different_keys_equal_is_refused(tls_pair: Any) -> None:
    """Two rows would become one; asked of a server with ICU, which the embedded one is not."""
    syncs = Syncs(tls_pair)
    loose = "(provider = icu, locale = 'und-u-ks-level2', deterministic = false)"
    syncs.pair.source.execute("create table items (name text primary key)")
    syncs.pair.destination.execute(
        f"create collation loose {loose}",
        "create table items (name text collate loose primary key)",
    )
    syncs.grant()
    syncs.pair.source.execute("insert into items values ('a'), ('A')")
    with pytest.raises(DestinationError, match="collation"):
        syncs.run(model={"table": "public.items", "key": ["name"]})
