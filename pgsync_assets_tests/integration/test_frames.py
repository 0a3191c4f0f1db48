"""Rows of a DataFrame, loaded into the platform: exactly, or refused."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from pgsync_assets.errors import ModelError, PgsyncError

from ..fix_databases import Side
from ..fix_frames import Named, load, texts

ZONE = dt.timezone(dt.timedelta(hours=2))
ID = UUID("12345678-1234-5678-1234-567812345678")
NOON = dt.datetime(2024, 2, 29, 12, 0, 0, 123456)
array: Any = pd.array  # the stubs know what goes together, and not what is odd
moments: Any = pd.to_datetime


# Column: value, then its type and its text in PostgreSQL; a gap follows in the next row.
OBJECTS: dict[str, tuple[Any, str, str]] = {
    "whole": (2**63 - 1, "bigint", "9223372036854775807"),
    "large": (-(2**63) - 1, "numeric", "-9223372036854775809"),
    "real": (0.1, "double precision", "0.1"),
    "endless": (float("-inf"), "double precision", "-Infinity"),
    "exact": (Decimal("1.10"), "numeric", "1.10"),
    "yes": (True, "boolean", "true"),
    "text": ("a\tb\\n\n\"ü'", "text", "a\tb\\n\n\"ü'"),
    "empty": ("", "text", ""),
    "naive": (NOON, "timestamp without time zone", "2024-02-29 12:00:00.123456"),
    "aware": (
        NOON.replace(tzinfo=ZONE),
        "timestamp with time zone",
        "2024-02-29 10:00:00.123456+00",
    ),
    "day": (dt.date(1, 1, 1), "date", "0001-01-01"),
    "hour": (dt.time(23, 59, 59, 1), "time without time zone", "23:59:59.000001"),
    "hour there": (dt.time(1, 2, tzinfo=ZONE), "time with time zone", "01:02:00+02"),
    "long": (dt.timedelta(days=-1, microseconds=1), "interval", "-1 days +00:00:00.000001"),
    "uuid": (ID, "uuid", str(ID)),
    "bytes": (b"\0\\x\xff", "bytea", "\\x005c78ff"),
    "list": ([1, None, 3], "bigint[]", "{1,NULL,3}"),
    "names": (("a,b", '"', "NULL"), "text[]", '{"a,b","\\"","NULL"}'),
    "array": (np.array([1.5, np.nan]), "double precision[]", "{1.5,NaN}"),
    "none": ([], "text[]", "{}"),
    "nested": ([[1], {"a": None}], "jsonb", '[[1], {"a": null}]'),
    "dict": ({"a": [1, 2.5, "ü"], "b": True}, "jsonb", '{"a": [1, 2.5, "ü"], "b": true}'),
    "numpy": (np.int8(-7), "bigint", "-7"),
    "stamp": (pd.Timestamp(NOON), "timestamp without time zone", "2024-02-29 12:00:00.123456"),
}


def test_every_python_type_arrives(frames_side: Side, frame_model: Named) -> None:
    columns: dict[str, Any] = {
        name: pd.Series([value, gap], dtype=object)
        for (name, (value, _, _)), gap in zip(
            OBJECTS.items(), [None, np.nan, pd.NA, pd.NaT] * len(OBJECTS), strict=False
        )
    }
    columns["nothing"] = pd.Series([None, np.nan], dtype=object)
    one = load(frames_side, frame_model(), pd.DataFrame({"id": [1, 2]} | columns))
    assert one.rows == 2
    assert one.columns == {"id": "bigint"} | {n: kind for n, (_, kind, _) in OBJECTS.items()} | {
        "nothing": "text"
    }
    expected = {name: [text, None] for name, (_, _, text) in OBJECTS.items()}
    expected |= {"id": ["1", "2"], "nothing": [None, None]}
    assert texts(frames_side, one) == expected


# Of the frame's own types.
TYPED: dict[str, tuple[Any, str, list[str | None]]] = {
    "gaps": (array([1, None], dtype="Int64"), "bigint", ["1", None]),
    "small": (np.array([1, -1], dtype="int8"), "bigint", ["1", "-1"]),
    "huge": (
        np.array([2**64 - 1, 0], dtype="uint64"),
        "numeric(20,0)",
        ["18446744073709551615", "0"],
    ),
    "float": (np.array([0.1, np.nan]), "double precision", ["0.1", None]),
    "single": (
        np.array([0.1, np.nan], dtype="float32"),
        "double precision",
        ["0.10000000149011612", None],
    ),
    "boolean": (array([True, None], dtype="boolean"), "boolean", ["true", None]),
    "str": (array(["a", None], dtype="str"), "text", ["a", None]),
    "category": (pd.Categorical(["x", None]), "text", ["x", None]),
    "numbers": (pd.Categorical([3, 2]), "bigint", ["3", "2"]),
    "some numbers": (pd.Categorical([3, None]), "bigint", ["3", None]),
    "day": (
        array([np.datetime64("0001-01-01T00:00:00", "us"), pd.NaT], dtype="datetime64[us]"),
        "timestamp without time zone",
        ["0001-01-01 00:00:00", None],
    ),
    "nanoseconds": (
        moments(["2024-01-01 01:02:03.000001", None]).astype("datetime64[ns]"),
        "timestamp without time zone",
        ["2024-01-01 01:02:03.000001", None],
    ),
    "there": (
        moments(["2024-07-01", None]).tz_localize("Europe/Berlin"),
        "timestamp with time zone",
        ["2024-06-30 22:00:00+00", None],
    ),
    "delta": (pd.to_timedelta(["1 day 00:00:01", None]), "interval", ["1 day 00:00:01", None]),
    "sparse": (pd.arrays.SparseArray([1, 0]), "bigint", ["1", "0"]),
    "arrow": (
        array([Decimal("1.50"), None], dtype=pd.ArrowDtype(pa.decimal128(10, 2))),
        "numeric(10,2)",
        ["1.50", None],
    ),
    "arrow time": (
        array([NOON, None], dtype=pd.ArrowDtype(pa.timestamp("ns"))),
        "timestamp without time zone",
        ["2024-02-29 12:00:00.123456", None],
    ),
    "arrow list": (
        array([[1, 2], None], dtype=pd.ArrowDtype(pa.list_(pa.int64()))),
        "bigint[]",
        ["{1,2}", None],
    ),
}


def test_every_type_of_pandas_arrives(frames_side: Side, frame_model: Named) -> None:
    frame = pd.DataFrame({"id": [1, 2]} | {name: one[0] for name, one in TYPED.items()})
    one = load(frames_side, frame_model(), frame)
    assert one.columns == {"id": "bigint"} | {n: kind for n, (_, kind, _) in TYPED.items()}
    assert texts(frames_side, one) == {"id": ["1", "2"]} | {n: t for n, (_, _, t) in TYPED.items()}


def test_polars_and_arrow_arrive_as_pandas_does(frames_side: Side, frame_model: Named) -> None:
    table = pa.table(
        {
            "id": pa.array([1, 2], pa.int32()),
            "price": pa.array([Decimal("1.50"), None], pa.decimal128(10, 2)),
            "gap": pa.array([float("nan"), None], pa.float64()),  # NaN is no gap here
            "at": pa.array([NOON.replace(tzinfo=ZONE), None], pa.timestamp("us", "Europe/Berlin")),
            "hour": pa.array([dt.time(1, 2, 3, 4), None], pa.time64("ns")),
            "long": pa.array([dt.timedelta(seconds=1), None], pa.duration("ns")),
            "tags": pa.array([["a", None], None], pa.list_(pa.string())),
            "deep": pa.array([[[1]], None], pa.list_(pa.list_(pa.int8()))),
            "more": pa.array([{"a": 1, "b": [None]}, None]),
            "kind": pa.array(["x", None]).dictionary_encode(),
            "nothing": pa.nulls(2),
        }
    )
    expected = {
        "id": ["1", "2"],
        "price": ["1.50", None],
        "gap": ["NaN", None],
        "at": ["2024-02-29 10:00:00.123456+00", None],
        "hour": ["01:02:03.000004", None],
        "long": ["00:00:01", None],
        "tags": ["{a,NULL}", None],
        "deep": ["[[1]]", None],
        "more": ['{"a": 1, "b": [null]}', None],
        "kind": ["x", None],
        "nothing": [None, None],
    }
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)
    types = None
    for given in (table, frame, frame.lazy(), table.to_reader(1), Capsule(table)):
        one = load(frames_side, frame_model(), given)
        assert texts(frames_side, one) == expected
        types = types or one.columns
        assert one.columns == types
    assert types is not None
    assert (types["price"], types["deep"], types["tags"]) == ("numeric(10,2)", "jsonb", "text[]")


class Capsule:
    """Something that only speaks Arrow's stream protocol."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        return self._table.__arrow_c_stream__(requested_schema)


def test_what_is_declared_goes_before_what_the_values_are(
    frames_side: Side, frame_model: Named
) -> None:
    frame = pd.DataFrame(
        {
            "id": ["007", "8"],
            "whole": [1.0, np.nan],  # an integer column with a gap, as pandas has it
            "price": [Decimal("1.50"), None],
            "day": ["2024-02-29", None],
            "nothing": [None, None],
            "mixed": [1, Decimal("2.5")],
            "any": [{"a": 1}, "[2]"],
        }
    )
    types = {
        "id": "bigint",
        "whole": "int",
        "price": "numeric(10,2)",
        "day": "date",
        "nothing": "date",
        "mixed": "numeric",
        "any": "jsonb",
    }
    one = load(frames_side, frame_model(types=types), frame)
    assert one.columns == types | {"whole": "integer"}
    assert texts(frames_side, one) == {
        "id": ["7", "8"],
        "whole": ["1", None],
        "price": ["1.50", None],
        "day": ["2024-02-29", None],
        "nothing": [None, None],
        "mixed": ["1", "2.5"],
        "any": ['{"a": 1}', "[2]"],
    }


def test_an_index_with_a_name_is_a_column(frames_side: Side, frame_model: Named) -> None:
    frame = pd.DataFrame({"id": [7, 8], "n": [1, 2]})
    assert load(frames_side, frame_model(), frame.set_index("id")).columns == {
        "id": "bigint",
        "n": "bigint",
    }
    several = frame.set_index(["id", pd.Index(["x", "y"])])
    assert texts(frames_side, load(frames_side, frame_model(), several)) == {
        "id": ["7", "8"],
        "n": ["1", "2"],
    }
    without = load(frames_side, frame_model(), frame.set_axis([5, 6], axis=0))
    assert list(without.columns) == ["id", "n"]


@pytest.mark.parametrize("name", ['say "hi"', "ü" * 31, "Order ID", "%s {} :x", "a.b", "tableoid"])
def test_names_are_taken_as_they_are(frames_side: Side, frame_model: Named, name: str) -> None:
    if name == "tableoid":
        with pytest.raises(PgsyncError, match="conflicts with a system column"):
            load(frames_side, frame_model(), pd.DataFrame({"id": [1], name: [2]}))
    else:
        one = load(frames_side, frame_model(), pd.DataFrame({"id": [1], name: [2]}))
        assert texts(frames_side, one) == {"id": ["1"], name: ["2"]}


@pytest.mark.parametrize(
    ("key", "ids", "is_proven"),
    [
        ("id", [1, 2], True),
        ("id", [1, 1], False),
        ("id", [1, None], False),
        ("id", [{}, {"a": 1}], True),  # jsonb can be compared
        ("id", ["x", "".join(map(chr, range(33, 9000)))], False),  # too long for an index
    ],
)
def test_a_key_is_proven_where_it_is_one(
    frames_side: Side, frame_model: Named, key: str, ids: Any, is_proven: bool
) -> None:
    one = load(frames_side, frame_model(key=[key]), pd.DataFrame({"id": ids}))
    found = frames_side.rows(
        f"select count(*) from pg_index where indrelid = '{one.table}'::regclass and indisunique"
    )
    assert found == [(int(is_proven),)]
    assert one.rows == 2


def test_a_frame_of_many_chunks_keeps_every_row(frames_side: Side, frame_model: Named) -> None:
    frame = pd.DataFrame({"id": np.arange(120_001)})
    for given in (frame, pl.from_pandas(frame), pa.Table.from_pandas(frame)):
        one = load(frames_side, frame_model(), given)
        assert one.rows == 120_001
        assert frames_side.rows(f"select count(distinct id), max(id) from {one.table}") == [
            (120_001, 120_000)
        ]
    late = pd.DataFrame({"id": [*range(60_000), 7.5]})
    with pytest.raises(ModelError, match="row 60,001: "):
        load(frames_side, frame_model(types={"id": "bigint"}), late)


def test_a_frame_without_rows_is_a_model_without_rows(
    frames_side: Side, frame_model: Named
) -> None:
    for given in (pd.DataFrame({"id": []}), pa.table({"id": pa.array([], pa.int64())})):
        one = load(frames_side, frame_model(), given)
        assert (one.rows, texts(frames_side, one)) == (0, {"id": []})
