"""Rows of one's own code: written, refused one by one, known again, never written twice."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest

from pgsync_assets import PostgresWriter
from pgsync_assets.assets.resources import SchemaNames
from pgsync_assets.delivery import RejectedRow
from pgsync_assets.errors import (
    ConfigurationError,
    DestinationError,
    OtherRows,
    PrivilegeError,
    TooManyRejectedRows,
)

from ..fix_writers import Writer, connection_resource

COLUMNS = "id int primary key, name text, price numeric(10,2) check (price >= 0)"


@pytest.fixture
def items(writer: Writer) -> Writer:
    """A table with one row."""
    writer.table(COLUMNS)
    writer.side.execute("insert into items values (1, 'old', 1)")
    return writer


def rows(*ids: int, **fields: Any) -> list[dict[str, Any]]:
    """Rows with these keys."""
    return [{"id": n, "name": f"item {n}", "price": n} | fields for n in ids]


def test_rows_are_written_in_batches_and_counted(items: Writer) -> None:
    result = items.write(rows(1, 2, 3, 4, 5), batch_size=2)
    assert (result.planned, result.written, result.rejected) == (5, 5, 0)
    assert items.rows("id, name") == [(n, f"item {n}") for n in (1, 2, 3, 4, 5)]
    assert result.bytes > 0
    assert not result.already_delivered
    assert result.metadata["dagster/row_count"] == 5


@pytest.mark.parametrize("mode", ["upsert", "insert", "update"])
def test_each_mode_does_what_it_does_in_a_sync(items: Writer, mode: str) -> None:
    result = items.write(rows(1, 2), mode=mode)
    names = dict(items.rows("id, name"))
    expected = {
        "upsert": ({1: "item 1", 2: "item 2"}, []),
        "insert": ({1: "old", 2: "item 2"}, [(1, "23505")]),
        "update": ({1: "item 1"}, [(2, None)]),
    }
    assert (names, [(r.row, r.sqlstate) for r in result.rejects]) == expected[mode]


def test_a_bad_row_costs_itself_and_says_why_without_its_values(items: Writer) -> None:
    given = rows(1, 2, 3, 4) + rows(5, price=-77) + rows(6, name="x\0y") + rows(7)
    given[2]["id"] = "not a secret"
    result = items.write(given, batch_size=3)
    assert (result.planned, result.written, result.rejected) == (7, 4, 3)
    assert [(r.row, r.sqlstate, r.constraint, r.column) for r in result.rejects] == [
        (3, "22P02", None, "id"),
        (5, "23514", "items_price_check", None),
        (6, "22021", None, None),
    ]
    assert "secret" not in str(result)
    assert "77" not in str(result.rejects)
    assert [n for (n,) in items.rows("id")] == [1, 2, 4, 7]


@pytest.mark.parametrize(
    ("mode", "others"), [("upsert", set()), ("insert", {1}), ("update", {3, 4})]
)
def test_repeated_and_missing_keys_are_refused_wherever_they_stand(
    items: Writer, mode: str, others: set[int]
) -> None:
    given = rows(1, 2, 3, 4, 2) + [{"id": None, "name": "?", "price": 0}]
    result = items.write(given, batch_size=2, mode=mode)
    reasons = {r.row: r.reason for r in result.rejects}
    assert reasons[2] == reasons[5] == "the key occurs more than once among the rows"
    assert reasons[6] == "a key column is NULL"
    assert set(reasons) == {2, 5, 6} | others
    assert 2 not in dict(items.rows("id, name"))


def test_keys_are_one_where_the_destination_calls_them_one(writer: Writer) -> None:
    writer.side.execute("create extension citext schema public")
    writer.table("id citext, day date, name text, primary key (id, day)")
    given = [("a", "2024-01-01", "x"), ("b", "2024-01-01", "y"), ("A", "2024-01-01", "z")]
    result = writer.write(given, columns=["id", "day", "name"], key=["id", "day"])
    assert [r.row for r in result.rejects] == [1, 3]
    assert writer.rows("id::text") == [("b",)]


def test_a_null_is_a_key_where_the_index_says_so(writer: Writer) -> None:
    writer.table("id int unique nulls not distinct, name text")
    given = [{"id": None, "name": "x"}, {"id": 1, "name": "y"}]
    assert writer.write(given).written == 2
    assert writer.write(given, delivery="tuesday").written == 2
    result = writer.write([*given, given[0]], delivery="wednesday")
    assert [r.row for r in result.rejects] == [1, 3]
    assert writer.rows() == [(1, "y"), (None, "x")]


def test_without_a_key_rows_are_only_appended(writer: Writer) -> None:
    writer.table("id int, name text")
    result = writer.write([(1, "a"), (1, "a")], key=[], columns=["id", "name"], mode="insert")
    assert (result.written, writer.rows()) == (2, [(1, "a"), (1, "a")])


def test_a_delivery_is_written_once_and_answers_the_same(items: Writer) -> None:
    given = [*rows(2, 3), *rows(4, price=-1)]
    first = items.write(given, mode="insert")
    items.write(rows(9), mode="insert", delivery="tuesday")
    items.side.execute("delete from items where id = 2")
    again = items.write(iter(given), mode="insert")
    assert (again.already_delivered, again.bytes) == (True, 0)
    assert (again.written, again.rejects) == (first.written, first.rejects)
    assert again.rejects == (
        RejectedRow(
            3,
            "23514",
            "items_price_check",
            None,
            "a CHECK constraint is not fulfilled (constraint items_price_check)",
        ),
    )
    assert [n for (n,) in items.rows("id")] == [1, 3, 9]


@pytest.mark.parametrize(
    "other", [{"rows": rows(2, 4)}, {"mode": "insert"}, {"columns": ["name", "id", "price"]}]
)
def test_the_same_delivery_with_other_rows_is_refused(items: Writer, other: dict[str, Any]) -> None:
    items.write(rows(2, 3))
    with pytest.raises(OtherRows, match="'monday' was completed"):
        items.write(other.pop("rows", rows(2, 3)), **other)
    assert [n for (n,) in items.rows("id")] == [1, 2, 3]


def test_too_many_refused_rows_stop_it_and_it_can_go_on(items: Writer) -> None:
    given = [*rows(2, 3), *rows(4, 5, price=-1), *rows(6)]
    with pytest.raises(TooManyRejectedRows, match="max_rejected_rows"):
        items.write(given, batch_size=2, max_rejected_rows=1, mode="insert")
    assert [n for (n,) in items.rows("id")] == [1, 2, 3]
    items.write(rows(7), delivery="tuesday")
    result = items.write(given, batch_size=1, max_rejected_rows="50%", mode="insert")
    assert (result.written, result.rejected) == (3, 2)
    assert [n for (n,) in items.rows("id")] == [1, 2, 3, 6, 7]


def test_repeated_keys_can_be_too_many_before_the_first_write(items: Writer) -> None:
    with pytest.raises(TooManyRejectedRows, match="more than once"):
        items.write(rows(2, 3, 4, 3, 4), max_rejected_rows=3, batch_size=1)
    assert [n for (n,) in items.rows("id")] == [1]


def test_a_copy_stream_is_written_as_it_is(items: Writer) -> None:
    stream = b"2\ta\\tb\\\\\t\\N\n3\t\\\\N\t1.50\n4\t\xff\t2\n5\t\t1.005\n"
    result = items.write(io.BytesIO(stream), columns=["id", "name", "price"])
    assert items.rows("id, name, price::text")[1:] == [(2, "a\tb\\", None), (3, "\\N", "1.50")]
    assert [(r.row, r.sqlstate) for r in result.rejects] == [(3, "22021"), (4, None)]
    chunks = (stream[n : n + 3] for n in range(0, len(stream), 3))
    again = items.write(chunks, columns=["id", "name", "price"])
    assert again.already_delivered  # the same rows, however they are cut


def test_a_malformed_stream_is_refused_as_a_whole(items: Writer) -> None:
    for stream, match in (
        (b"2\tx\n", "line 1 .* has 2 values for 3 columns"),
        (b"2\tx\t1\n3\tx\\\ty\t1\n", "line 2 .* not written as an escape"),
        (b"2\tx\t1\r\n", "line 1 .* not written as an escape"),
        (b"2\tx\t1\n\\.\n3\tx\t1\n", "line 3 .* behind the end"),
    ):
        with pytest.raises(ConfigurationError, match=match):
            items.write([stream], columns=["id", "name", "price"])
    assert items.rows("id") == [(1,)]


def test_a_long_delivery_is_written_batch_by_batch(writer: Writer) -> None:
    writer.table("id int primary key, name text")

    def many() -> Iterator[tuple[int, str]]:
        yield from ((n, "x" * 20) for n in range(1, 5001))
        yield (2_500, "twice")

    result = writer.write(many(), columns=["id", "name"], batch_size=1300)
    assert (result.written, [r.row for r in result.rejects]) == (4999, [2500, 5001])


def test_no_rows_are_a_delivery_too(items: Writer) -> None:
    result = items.write([], columns=["id", "name"])
    assert (result.planned, result.written, result.already_delivered) == (0, 0, False)
    assert items.write([], columns=["id", "name"]).already_delivered


def test_stamps_say_when_and_by_which_delivery(items: Writer) -> None:
    items.side.execute("alter table items add synced_at timestamptz, add run_id bigint")
    items.write(rows(2, 3), stamps={"synced_at": "synced_at", "run_id": "run_id"})
    found = items.rows("id, synced_at > now() - interval '1 hour', run_id")
    assert found == [(1, None, None), (2, True, 1), (3, True, 1)]


WRONG: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"table": "public.nothing"}, DestinationError, "there is no table public.nothing"),
    ({"rows": [{"id": 2, "nmae": "x"}]}, ConfigurationError, "did you mean 'name'"),
    ({"rows": rows(2, price=True)}, ConfigurationError, "column 'price'.* takes no bool"),
    ({"rows": [{"id": 2}, {"id": 3, "name": "x"}]}, ConfigurationError, "row 2 .* the columns"),
    ({"rows": [(1, "x")]}, ConfigurationError, "name their columns"),
    ({"rows": "1,2"}, ConfigurationError, "type str"),
    ({"mode": "mirror"}, ConfigurationError, "needs to know what was sent before"),
    ({"key": []}, ConfigurationError, "finds rows by their key"),
    ({"key": ["name"]}, DestinationError, "no unique index on"),
    ({"delivery": ""}, ConfigurationError, "no name by which a retry"),
    ({"batch_size": 0}, ConfigurationError, "batch_size"),
]


def test_what_cannot_be_right_is_said_before_the_first_write(items: Writer) -> None:
    for arguments, error, match in WRONG:
        given = {"rows": rows(2)} | arguments
        with pytest.raises(error, match=match):
            items.write(**given)
    assert items.rows("id") == [(1,)]


def test_a_missing_right_is_named(items: Writer) -> None:
    items.side.execute(f"revoke update on items from {items.side.user}")
    with pytest.raises(PrivilegeError, match="GRANT UPDATE ON"):
        items.write(rows(2))
    assert items.write(rows(2), mode="insert").written == 1


def test_without_a_ledger_there_is_no_delivery(items: Writer) -> None:
    connection = connection_resource(items.side, schemas=SchemaNames(ledger=None))
    writer = Writer(items.side, PostgresWriter(connection=connection))
    with pytest.raises(ConfigurationError, match="crm has no ledger"):
        writer.write(rows(2))
    assert items.rows("id") == [(1,)]
