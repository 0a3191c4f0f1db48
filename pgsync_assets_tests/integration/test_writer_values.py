"""Python's values and a DataFrame's arrive as they are, or are refused; nothing is rounded."""

from __future__ import annotations

import datetime as dt
import ipaddress
import uuid
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from psycopg.types.range import Range

from pgsync_assets.errors import ConfigurationError, DestinationError

from ..fix_writers import Writer

UTC = dt.timezone.utc
PLUS_TWO = dt.timezone(dt.timedelta(hours=2))
AN_ID = uuid.UUID("0123456789abcdef0123456789abcdef")
NASTY = "a\tb\nc\\d\"e\r{},'\\N"

# Type of the column, values, and what PostgreSQL shows of each.
ARRIVES: list[tuple[str, list[Any], list[str]]] = [
    ("bool", [True, "f", np.bool_(True)], ["true", "false", "true"]),
    ("int8", [2**63 - 1, 7.0, Decimal("8.0"), np.int64(9)], ["9223372036854775807", "7", "8", "9"]),
    ("numeric(9,2)", [Decimal("1.50"), 0.1, 2, Decimal("3.100")], ["1.50", "0.10", "2.00", "3.10"]),
    ("numeric", [Decimal("1E-20"), Decimal("NaN")], ["0.00000000000000000001", "NaN"]),
    ("float8", [0.1, float("inf"), float("nan"), 3], ["0.1", "Infinity", "NaN", "3"]),
    ("float4", [0.1, 16777216], ["0.1", "1.6777216e+07"]),
    ("text", [NASTY, "", "\\N"], [NASTY, "", "\\N"]),
    ("bytea", [b"\x00\\\xff\n", bytearray(b"x")], ["\\x005cff0a", "\\x78"]),
    ("date", [dt.date(2024, 2, 29), "infinity"], ["2024-02-29", "infinity"]),
    ("timestamp(3)", [dt.datetime(2024, 1, 1, 2, 3, 4, 5000)], ["2024-01-01 02:03:04.005"]),
    ("timestamptz", [dt.datetime(2024, 1, 1, tzinfo=PLUS_TWO)], ["2023-12-31 22:00:00+00"]),
    ("time", [dt.time(1, 2, 3, 4)], ["01:02:03.000004"]),
    ("interval", [dt.timedelta(days=1, seconds=2), "1 mon"], ["1 day 00:00:02", "1 mon"]),
    ("uuid", [AN_ID, str(AN_ID)], [str(AN_ID)] * 2),
    ("jsonb", [{"a": [1, None]}, [1], "[2]", True], ['{"a": [1, null]}', "[1]", "[2]", "true"]),
    ("json", [{"ü": NASTY}], ['{"ü": "a\\tb\\nc\\\\d\\"e\\r{},\'\\\\N"}']),
    ("int4[]", [[1, None, 2], [], [[1], [2]]], ["{1,NULL,2}", "{}", "{{1},{2}}"]),
    ("text[]", [["", 'q"', "NULL", "\\", None]], ['{"","q\\"","NULL","\\\\",NULL}']),
    ("jsonb[]", [[{"a": 1}, [2]]], ['{"{\\"a\\": 1}",[2]}']),
    ("numeric(4,1)[]", [[Decimal("1.5"), 2]], ["{1.5,2.0}"]),
    ("inet", [ipaddress.ip_address("10.0.0.1")], ["10.0.0.1/32"]),
    ("int4range", [Range(1, 3)], ["[1,3)"]),
]  # fmt: skip

ROUNDED: list[tuple[str, list[Any]]] = [
    ("numeric(10,2)", [Decimal("1.005"), 0.125, "1.001"]),
    ("numeric(4,1)[]", [[Decimal("1"), Decimal("1.55")]]),
    ("float8", [2**53 + 1, Decimal("0.1234567890123456789")]),
    ("float4", [0.123456789012, 16777217]),
    ("timestamp(3)", [dt.datetime(2024, 1, 1, 2, 3, 4, 5)]),
    ("timestamp", ["2024-01-01 10:00:00.0000001", "2024-01-01 10:00+02", "2024-01-01 10:00 Z"]),
    ("timestamptz", [pd.Timestamp("2024-01-01 10:00:00.000000001Z")]),
    ("date", ["2024-01-01 10:00"]),
    ("time", ["10:00+02", "2024-01-01 10:00"]),
    ("interval", [pd.Timedelta(1, "ns")]),
    ("name", ["x" * 64]),
    ("varchar(3)", ["abc "]),
    ('"char"', ["ab"]),
]

NOT_TAKEN: list[tuple[str, Any, str]] = [
    ("text", 1, "takes no int"),
    ("text", b"x", "takes no bytes"),
    ("int4", True, "takes no bool"),
    ("timestamptz", dt.datetime(2024, 1, 1), "takes no datetime from"),  # noqa: DTZ001
    ("timestamp", dt.datetime(2024, 1, 1, tzinfo=UTC), "takes no datetime with a time zone"),
    ("date", dt.datetime(2024, 1, 1), "takes no datetime"),  # noqa: DTZ001
    ("json", {"a": float("nan")}, "takes no dict that is not JSON"),
    ("int4[]", 1, "takes no int"),
    ("inet", {"a": 1}, "takes no dict"),
    ("point", object(), "takes no object"),
]


@pytest.fixture
def wide(writer: Writer) -> Writer:
    """A table with a column of each type, named by its place."""
    columns = [f"arrives_{n} {kind}" for n, (kind, *_) in enumerate(ARRIVES)]
    columns += [f"rounded_{n} {kind}" for n, (kind, _) in enumerate(ROUNDED)]
    columns += [f"taken_{n} {kind}" for n, (kind, *_) in enumerate(NOT_TAKEN)]
    writer.table(f"id int primary key, {', '.join(columns)}, fields interval hour to minute")
    return writer


def test_every_value_arrives_as_it_is(wide: Writer) -> None:
    longest = max(len(values) for _, values, _ in ARRIVES)
    given = [
        {"id": row}
        | {
            f"arrives_{n}": values[row] if row < len(values) else None
            for n, (_, values, _) in enumerate(ARRIVES)
        }
        for row in range(longest)
    ]
    assert wide.write(given).rejects == ()
    for n, (kind, _, shown) in enumerate(ARRIVES):
        found = [value for _, value in wide.rows(f"id, arrives_{n}::text")]
        assert found == shown + [None] * (longest - len(shown)), kind


def test_what_would_be_rounded_is_refused_row_by_row(wide: Writer) -> None:
    for n, (kind, values) in enumerate(ROUNDED):
        given = [{"id": row, f"rounded_{n}": value} for row, value in enumerate(values)]
        result = wide.write([*given, {"id": 10 + n, f"rounded_{n}": None}], delivery=f"{n}")
        assert [r.row for r in result.rejects] == list(range(1, len(values) + 1)), kind
        assert {r.column for r in result.rejects} == {f"rounded_{n}"}
        assert "rounded or cut" in result.rejects[0].reason
    assert len(wide.rows("id")) == len(ROUNDED)


def test_a_type_that_a_column_does_not_take_is_refused_before_the_first_write(wide: Writer) -> None:
    for n, (kind, value, match) in enumerate(NOT_TAKEN):
        with pytest.raises(ConfigurationError, match=f"row 2, column 'taken_{n}': .* {match}"):
            wide.write([{"id": 1, f"taken_{n}": None}, {"id": 2, f"taken_{n}": value}])
        assert kind
    with pytest.raises(DestinationError, match="fields of an interval would be cut"):
        wide.write([{"id": 1, "fields": "1 hour"}])
    assert wide.rows("id") == []


def test_a_dataframe_is_written_with_its_gaps(writer: Writer) -> None:
    writer.table(
        "id int primary key, gaps bigint, whole bigint, word text, at timestamptz, day timestamp,"
        " price numeric(10,2), ok boolean, kind text, tags text[], raw bytea"
    )
    frame = pd.DataFrame(
        {
            "id": [1, 2, 3],
            "gaps": [7.0, None, 2.0**53 - 1],  # what pandas makes of integers with a gap
            "whole": pd.array([2**60 + 1, None, 3], dtype="Int64"),
            "word": ["x", None, "NaN"],
            "at": [
                pd.Timestamp("2024-01-01T00:00+02:00"),
                None,
                pd.Timestamp("2024-06-01", tz="UTC"),
            ],
            "day": pd.to_datetime(pd.Series(["2024-01-01", None, "2024-01-02"])).array,
            "price": [Decimal("1.50"), Decimal("NaN"), None],
            "ok": pd.array([True, None, False], dtype="boolean"),
            "kind": pd.Categorical(["a", None, "b"]),
            "tags": [["a"], None, []],
            "raw": [b"\x00", None, b""],
        },
        index=[7, 7, 7],
    )
    assert writer.write(frame, batch_size=2).written == 3
    columns = [name for name in frame.columns if name != "id"]
    texts = ", ".join(f"{name}::text" for name in columns)
    assert writer.rows(f"id, {texts}") == [
        (1, "7", str(2**60 + 1), "x", "2023-12-31 22:00:00+00", "2024-01-01 00:00:00",
         "1.50", "true", "a", "{a}", "\\x00"),
        (2, *[None] * len(columns)),
        (3, str(2**53 - 1), "3", "NaN", "2024-06-01 00:00:00+00", "2024-01-02 00:00:00",
         None, "false", "b", "{}", "\\x"),
    ]  # fmt: skip
    assert writer.write(frame, columns=["id", "word"], delivery="two").written == 3


def test_a_dataframe_without_names_is_refused(writer: Writer) -> None:
    writer.table("id int primary key")
    with pytest.raises(ConfigurationError, match="its index is not written"):
        writer.write(pd.DataFrame([[1]]))


def test_an_integer_that_a_float_may_have_lost_is_refused(writer: Writer) -> None:
    writer.table("id bigint primary key")
    result = writer.write([{"id": 2.0**53}, {"id": 1.5}, {"id": float("nan")}, {"id": 4.0}])
    assert [(r.row, r.sqlstate) for r in result.rejects] == [(n, "22P02") for n in (1, 2, 3)]
