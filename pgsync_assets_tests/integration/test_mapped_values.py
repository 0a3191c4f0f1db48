"""`values:` columns of the destination get what the source computes over the model's columns."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from pydantic import ValidationError

from pgsync_assets import failpoints
from pgsync_assets.config import SyncConfig
from pgsync_assets.errors import (
    ConfigurationError,
    DestinationError,
    ModelError,
    PgsyncError,
    PrivilegeError,
)
from pgsync_assets.outcome import Counts

from ..fix_syncs import Syncs

LONG = "ö" * 31  # 62 bytes
VALUES: dict[str, Any] = {
    "origin": {"value": "sh'op\\ %s {}"},
    "rank": {"value": -7},
    "active": {"value": True},
    "day": {"value": "2026-02-28", "cast": "date"},
    "name": {"sql": "upper(name) -- of the same name"},
    "full": {"sql": "name || ' ' || (select max(label) from labels)"},
    "price": {"column": "amount", "cast": "numeric(10,2)"},
    "doc": {"jsonb": {"a": "amount", "n": {"name": "name", "more": [1, None, {"value": "t"}]}}},
    "list": {"jsonb": ["name", "amount", True, {"value": "it's"}, {}, []]},
    LONG: {"column": LONG, "cast": "int"},
}


@pytest.fixture
def items(either: Syncs) -> Syncs:
    """Twelve items; the destination's table has other columns than the model."""
    source, destination = either.pair.source, either.pair.destination
    source.execute(
        f'create table items (id int primary key, name text, amount numeric, "{LONG}" text)',
        "insert into items select n, 'a' || n, n * 1.005, n from generate_series(1, 12) as n",
        "update items set name = null where id = 2",
        "create table labels (label text)",
        "insert into labels values ('old')",
    )
    source.grant_table("items")
    source.grant_table("labels")
    destination.execute(
        "create table items (id int primary key, amount numeric, origin text, rank bigint,"
        ' active boolean, day date, name varchar(9), "full" text, price numeric(12, 2), doc jsonb,'
        f' list jsonb, "{LONG}" bigint)'
    )
    either.grant()
    either.fields = either.fields | {"values": VALUES}
    return either


@pytest.fixture
def small(syncs: Syncs) -> Syncs:
    """Two items of three columns on both sides."""
    syncs.table("id int primary key, name text, amount numeric(10, 2)")
    syncs.pair.source.execute("insert into items values (1, 'a', 1), (2, null, 2)")
    return syncs


def rows(syncs: Syncs, columns: str) -> list[tuple[Any, ...]]:
    """The first three rows of the destination."""
    query = f"select {columns} from items order by id limit 3"  # noqa: S608
    return syncs.pair.destination.rows(query)


def test_every_kind_arrives_and_is_compared(items: Syncs) -> None:
    assert items.run().succeeded == Counts(added=12)
    assert rows(items, "name, price::text, amount::text") == [
        ("A1", "1.01", "1.005"),
        (None, "2.01", "2.010"),
        ("A3", "3.02", "3.015"),
    ]
    constant = rows(items, f'origin, rank, active, day::text, "full", "{LONG}"')
    assert constant[0] == ("sh'op\\ %s {}", -7, True, "2026-02-28", "a1 old", 1)
    assert rows(items, "doc::text, list::text")[:2] == [
        (
            '{"a": 1.005, "n": {"more": [1, null, "t"], "name": "a1"}}',
            '["a1", 1.005, true, "it\'s", {}, []]',
        ),
        (
            '{"a": 2.010, "n": {"more": [1, null, "t"], "name": null}}',
            '[null, 2.010, true, "it\'s", {}, []]',
        ),
    ]
    assert items.run().planned.total == 0
    items.pair.source.execute("update items set name = 'b' where id = 1")
    assert items.run().succeeded == Counts(changed=1)
    items.pair.source.execute("update labels set label = 'new'")
    assert items.run().succeeded == Counts(changed=11)  # one has no name, and no full one
    assert items.verify().in_step


def test_another_definition_sends_the_rows_that_differ(items: Syncs) -> None:
    items.run()
    values = VALUES | {"origin": {"value": "web"}}
    outcome = items.run(values=values)
    assert outcome.succeeded == Counts(changed=12)
    (note,) = outcome.notes
    assert note == "column 'origin' is computed otherwise: rows whose value differs are sent"
    values |= {"rank": {"sql": "case when id = 1 then 8 else -7 end"}}
    assert items.run(values=values).succeeded == Counts(changed=1)
    assert items.run(values=values).planned.total == 0
    del values["day"]
    outcome = items.run(values=values)
    assert "every row is sent once" in outcome.notes[-1]
    assert outcome.succeeded == Counts(changed=12)


def test_a_cursor_does_not_hide_rows_from_another_definition(items: Syncs) -> None:
    cursor = {"column": "id", "lag": 0}
    items.run(cursor=cursor)
    assert "only rows with id >=" in items.run(cursor=cursor).notes[0]
    outcome = items.run(cursor=cursor, values=VALUES | {"rank": {"value": 1}})
    assert outcome.succeeded == Counts(changed=12)


def test_values_beside_pinned_columns_and_in_a_new_table(syncs: Syncs) -> None:
    syncs.pair.source.execute("create table items as select 1 as id, 'a' as name, 2 as other")
    syncs.pair.source.grant_table("items")
    destination = syncs.pair.destination
    destination.execute(f"grant create, usage on schema public to {destination.user}")
    values: dict[str, Any] = {
        "name": {"sql": "other"},
        "_pgsync_x": {"value": 1.5},
        "copy": {"column": "name"},
    }
    fields: dict[str, Any] = {
        "columns": {"id": "ID", "name": "label"},
        "values": values,
        "create_table": True,
    }
    assert syncs.run(**fields).succeeded == Counts(added=1)
    assert destination.rows("select to_jsonb(i)::text from items i") == [
        ('{"ID": 1, "copy": "a", "name": 2, "label": "a", "_pgsync_x": 1.5}',)
    ]
    plan = syncs.plan(**fields | {"values": values | {"copy": {"value": "b"}}})
    (change,) = plan.changes
    assert (change.before, change.after) == (
        {"id": "1", "name": "a", "name (sent)": "2", "pgsync_x (sent)": "1.5", "copy": "a"},
        {"id": "1", "name": "a", "name (sent)": "2", "pgsync_x (sent)": "1.5", "copy": "b"},
    )
    # The plan is of those values: with others it is stale.
    with pytest.raises(PgsyncError, match="configuration"):
        syncs.apply(plan.run_id, **fields)


def test_partitions_see_the_model_as_it_is(small: Syncs) -> None:
    partitions = {"column": "name", "values": ["a", "b"], "other": True}
    values = {"name": {"value": "b"}}
    config = small.config(partitions=partitions, values=values)
    names = [one.name for one in config.all_partitions(dt.datetime.now(dt.timezone.utc))]
    counts = [small.run(name, partitions=partitions, values=values).succeeded for name in names]
    assert counts == [Counts(added=1), Counts(), Counts(added=1)]
    with pytest.raises(ModelError, match=r"partitions.column 'more' is not a column of the model"):
        small.run(
            "a",
            partitions=partitions | {"column": "more"},
            values={"more": {"value": "a"}},
        )


WRONG: list[tuple[Any, type[PgsyncError], str]] = [
    ({"sql": "nam"}, ModelError, r'shop: values.name: column "nam" does not exist.*42703'),
    ({"sql": "count(*)"}, ModelError, r"values.name: .*42803(?s:.*)aggregate in the model"),
    ({"sql": "unnest(array['a', 'b'])"}, ModelError, r"values.name: set-returning.*COALESCE"),
    ({"sql": "name, name"}, ModelError, r"values.name: .*type record"),
    ({"sql": "name) as x, (name"}, ModelError, r"values.name: syntax error"),
    ({"sql": "name)), ((name"}, ModelError, r"values.name is not one expression"),
    ({"sql": "name; delete from items"}, ModelError, r"values.name: syntax error"),
    ({"sql": "name /* and more"}, ModelError, r"values.name: unterminated /\* comment"),
    ({"sql": "name))) from items; delete from items; --"}, ModelError, "values.name: "),
    ({"sql": "(delete from items returning name)"}, ModelError, r"values.name: syntax error"),
    (
        {"sql": "(select x from hidden)"},
        PrivilegeError,
        r"values.name: .*hidden(?s:.*)GRANT SELECT",
    ),
    ({"column": "nam"}, ModelError, r"values.name: column model.nam does not exist"),
    ({"jsonb": {"a": ["nam"]}}, ModelError, r"values.name: column model.nam does not exist"),
    ({"column": "name", "cast": "nummer"}, ModelError, r'values.name: type "nummer" does not'),
    ({"column": "amount", "cast": "uuid"}, ModelError, r"values.name: cannot cast.*42846"),
    ({"value": "x", "cast": "int"}, ModelError, r"values.name: invalid input syntax"),
    ({"value": 7}, DestinationError, r"column 'name' is text; values.name is integer(?s:.*)text"),
    ({"sql": "amount"}, DestinationError, r"values.name is numeric\(10,2\)"),
]


def test_what_is_wrong_names_the_value(small: Syncs) -> None:
    small.pair.source.execute("create table hidden (x text)")
    for value, kind, told in WRONG:
        with pytest.raises(kind, match=told) as caught:
            small.run(values={"amount": {"column": "amount"}, "name": value})
        assert caught.value.remedy
    assert small.pair.destination.rows("select count(*) from items") == [(0,)]
    assert small.pair.source.rows("select count(*) from items") == [(2,)]


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"columns": ["id", "name"], "values": {"name": {"value": "a"}}}, "goes to name already"),
        ({"values": {"id": {"value": 1}}}, "goes to id already"),
        ({"values": {"name": {"value": None}}}, "exactly one of value, column, sql, jsonb"),
        ({"values": {"name": {"value": "a", "sql": "b"}}}, "found value and sql"),
        ({"values": {"name": {"jsonb": "name"}}}, "jsonb is an object or a list"),
        ({"values": {"name": {"value": "a\0"}}}, "NUL"),
        ({"values": {"name": {"value": float("nan")}}}, "as a text, with a cast"),
        ({"lossy": ["id"]}, "two keys could become one"),
    ],
)
def test_what_cannot_be_right_is_refused_as_it_is_read(fields: dict[str, Any], told: str) -> None:
    written: dict[str, Any] = {"model": {"table": "a.b", "key": ["id"]}, "table": "a.b"}
    with pytest.raises(ValidationError, match=told):
        SyncConfig.model_validate(
            {"name": "a", "source": "b", "destination": "c"} | written | fields
        )


def test_a_value_for_a_column_that_is_not_there(small: Syncs) -> None:
    fields: dict[str, Any] = {"values": {"nam": {"value": "a"}}}
    for drift in ("fail", "ignore"):
        with pytest.raises(ConfigurationError, match=r"there is no column 'nam'(?s:.*)'name'"):
            small.run(**fields, drift=drift)
    with pytest.raises(ConfigurationError, match="model: there is no column 'nam'"):
        small.run(**fields, columns={"id": "id", "nam": "amount"})


@pytest.mark.parametrize("then", ["a", "b"])
def test_a_run_that_was_interrupted(small: Syncs, monkeypatch: Any, then: str) -> None:
    def fields(value: str) -> dict[str, Any]:
        return {"values": {"name": {"value": value}}, "batch_size": 1, "lossy": ["amount"]}

    small.pair.destination.execute("alter table items alter amount type numeric(10, 1)")
    with monkeypatch.context() as patch:
        patch.setattr(failpoints, "_reached", 0)
        patch.setenv(failpoints.VARIABLE, "batch committed:raise")
        with pytest.raises(failpoints.FailpointReached):
            small.run(**fields("a"))
    assert rows(small, "name") == [("a",)]
    outcome = small.run(**fields(then))
    assert outcome.recovered is not None
    assert rows(small, "name, amount::text") == [(then, "1.0"), (then, "2.0")]
    assert small.run(**fields(then)).planned.total == 0
    assert small.verify(**fields(then)).in_step
