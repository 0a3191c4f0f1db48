"""What a frame has and a table cannot: refused by name, row and type, never by value."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from pgsync_assets import frames
from pgsync_assets.errors import ModelError

from ..fix_databases import Side
from ..fix_frames import SECRET, Named, load
from ..fix_syncs import endpoint_of

NOON = dt.datetime(2024, 2, 29, 12, 0, 0, 123456)
ZONE = dt.timezone(dt.timedelta(hours=2))
STAMP = pd.Timestamp("2024-01-01 00:00:00.000000001")
REFUSED: dict[str, tuple[Any, dict[str, str], str]] = {
    "int and str": ([1, SECRET], {}, "'a': holds int and str"),
    "int and float": (pd.Series([1, 2.5], dtype=object), {}, "'a': holds float and int"),
    "date and datetime": ([dt.date(2024, 1, 1), NOON], {}, "holds date and datetime: a column"),
    "naive and aware": ([NOON, NOON.replace(tzinfo=ZONE)], {}, "datetime with a time zone"),
    "list and str": ([[1], SECRET], {}, "holds list and str"),
    "lists of two types": ([[1], [SECRET]], {}, "holds lists of int and str"),
    "complex": ([1j, 2j], {}, "holds complex, for which PostgreSQL has no type"),
    "period": (pd.period_range("2024", periods=2), {}, "holds Period, for which"),
    "an object": ([object(), object()], {}, "holds object, for which"),
    "nanoseconds": ([pd.Timestamp(0), STAMP], {}, "row 2, column 'a': PostgreSQL keeps micro"),
    "nanoseconds of objects": (
        pd.Series([NOON, STAMP], dtype=object),
        {},
        "row 2, column 'a': PostgreSQL keeps micro",
    ),
    "nanoseconds of a delta": (
        pd.to_timedelta([0, 1], unit="ns"),
        {},
        "row 2, column 'a': PostgreSQL keeps micro",
    ),
    "nanoseconds of delta objects": (
        pd.Series([None, pd.Timedelta(1, "ns")], dtype=object),
        {},
        "row 2, column 'a': PostgreSQL keeps micro",
    ),
    "far away": (
        np.array(["2024-01-01", "20240-01-01"], dtype="datetime64[s]"),
        {},
        "row 2, column 'a': a point in time is not within",
    ),
    "NaN in JSON": ([{"x": 1}, {"x": [float("nan")]}], {}, "row 2, column 'a': JSON has neither"),
    "numbers as names in JSON": ([{}, {1: SECRET}], {}, "row 2, column 'a': a dict has keys"),
    "a date in JSON": ([{}, {"x": dt.date(2024, 1, 1)}], {}, "jsonb takes no dict that is not JS"),
    "a NUL": (["", SECRET + "\0"], {}, "row 2: a text is not valid in the destination's enc"),
    "half a letter": (
        pd.Series(["", SECRET + "\ud800"], dtype=object),
        {},
        "row 2: a text is not valid in the destination's encoding",
    ),
    "a half": ([1, 7.5], {"a": "bigint"}, "row 2: a value cannot be read as the type"),
    "a large float": ([1.0, 2.0**53], {"a": "bigint"}, "row 2: a value cannot be read"),
    "too many digits": (
        [Decimal(1), Decimal("1.005")],
        {"a": "numeric(10,2)"},
        r"row 2, column 'a': the value would be rounded or cut by numeric\(10,2\)",
    ),
    "too many of a text": (["1", "1.005"], {"a": "numeric(10,2)"}, "row 2, column 'a': the value"),
    "a zone": (["", "2024-01-01 00:00+02"], {"a": "timestamp"}, "the value would be rounded"),
    "int as text": (["", 7], {"a": "text"}, "row 2, column 'a': text takes no int from Python"),
    "str as int": (["1", SECRET], {"a": "bigint"}, "row 2: a value cannot be read as the type"),
    "part of an interval": ([None, None], {"a": "interval day"}, "'a': types: interval day would"),
    "no type": ([None, None], {"a": "no such thing"}, "'a': types: 'no such thing' is no type"),
    "more than a type": ([None, None], {"a": "int, 1"}, "'a': types: 'int, 1' is no type"),
    "a statement": (
        [None, None],
        {"a": "int; drop table frames"},
        "'a': types: .* is no type here",
    ),
    "a type of a column that is not there": ([1, 2], {"b": "int"}, "types: no column is named 'b'"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_would_not_arrive_is_refused(frames_side: Side, frame_model: Named, case: str) -> None:
    values, types, told = REFUSED[case]
    given = frame_model(types=types)
    with pytest.raises(ModelError, match=told) as caught:
        load(frames_side, given, pd.DataFrame({"id": [1, 2], "a": values}))
    assert SECRET not in str(caught.value)
    assert caught.value.message.startswith(f"model '{given.name}': ")
    assert frames.newest(endpoint_of("platform", frames_side), str(given.name)) is None


UNREADABLE: dict[str, tuple[Any, str]] = {
    "nothing": (None, "a NoneType is no DataFrame"),
    "a list": ([{"id": 1}], "a list is no DataFrame"),
    "a series": (pd.Series([1], name="id"), "a Series is no DataFrame"),
    "no columns": (pd.DataFrame(index=[1]), "has no columns"),
    "numbers as names": (pd.DataFrame([[1]]), "a column is named 0, which is a int"),
    "one name twice": (
        pd.DataFrame([[1, 2]], columns=["id", "id"]),
        "several columns are named 'id'",
    ),
    "an index named as a column": (
        pd.DataFrame({"id": [1]}, index=pd.Index([1], name="id")),
        "several columns are named 'id'",
    ),
    "a long name": (pd.DataFrame({"id": [1], "ü" * 32: [1]}), "1 to 63 bytes"),
    "an empty name": (pd.DataFrame({"id": [1], "": [1]}), "cannot be named ''"),
    "no key": (pd.DataFrame({"ID": [1]}), "key: no column is named 'id'"),
    "an Arrow map": (
        pa.table({"id": [1], "m": pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int8()))}),
        "'m': PostgreSQL has no type for Arrow's map<string, int8>",
    ),
    "nanoseconds of Arrow": (
        pa.table({"id": [1, 2], "t": pa.array([0, 1], pa.timestamp("ns"))}),
        "row 2, column 't': PostgreSQL keeps microseconds",
    ),
    "hours of Arrow": (
        pa.table({"id": [1, 2], "t": pa.array([0, 1], pa.time64("ns"))}),
        "row 2, column 't': PostgreSQL keeps microseconds",
    ),
    "years of Arrow": (
        pa.table({"id": [1], "t": pa.array([10**12], pa.timestamp("s"))}),
        "'t': a point in time is not within",
    ),
    "a polars object": (
        pl.DataFrame({"id": [1], "o": pl.Series([object()], dtype=pl.Object)}),
        "'o'",
    ),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_what_is_no_table_is_refused(frames_side: Side, frame_model: Named, case: str) -> None:
    given, told = UNREADABLE[case]
    with pytest.raises(ModelError, match=told):
        load(frames_side, frame_model(), given)
