"""Whatever values a frame has: what is read back from the platform are these values, or none."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql

from pgsync_assets.config import ModelConfig

from ..fix_databases import PLANNER_SCHEMA, Side
from ..fix_frames import load

letters = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
numbers = st.floats(allow_nan=False)
small = st.integers(-(2**53), 2**53)
nested: Any = st.recursive(
    st.none() | st.booleans() | small | letters,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(letters, inner, max_size=3),
    max_leaves=6,
)
# psycopg reads years 1 to 9999 only, and in UTC these do not leave them.
moments = st.datetimes(dt.datetime(1, 1, 3), dt.datetime(9999, 12, 29))
offsets = st.integers(-720, 720).map(lambda minutes: dt.timezone(dt.timedelta(minutes=minutes)))
VALUES: dict[str, Any] = {
    "whole": st.integers(-(2**63), 2**63 - 1),
    "float": numbers,
    "exact": st.decimals(allow_nan=False, allow_infinity=False, places=4),
    "yes": st.booleans(),
    "text": letters,
    "naive": moments,
    "aware": st.builds(lambda at, zone: at.replace(tzinfo=zone), moments, offsets),
    "day": st.dates(),
    "hour": st.times(),
    "long": st.timedeltas(dt.timedelta(days=-9999), dt.timedelta(days=9999)),
    "uuid": st.uuids(),
    "bytes": st.binary(max_size=8),
    "words": st.lists(letters | st.none(), max_size=3),
    "reals": st.lists(numbers, min_size=1, max_size=3),
    "dict": st.dictionaries(letters, nested, max_size=3),
}
ROWS = st.lists(
    st.fixed_dictionaries({name: st.none() | one for name, one in VALUES.items()}), max_size=6
)


@pytest.fixture
def side(frames_side: Side) -> Side:
    """Of all examples: each is another load of one model."""
    return frames_side


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(rows=ROWS)
def test_a_frame_is_read_back_as_it_was(side: Side, rows: list[dict[str, Any]]) -> None:
    columns = {
        name: pd.Series([row[name] for row in rows], dtype=object, index=range(len(rows)))
        for name in VALUES
    }
    frame = pd.DataFrame({"id": range(len(rows))} | columns)
    model = ModelConfig(name="property", asset="any", key=("id",))
    one = load(side, model, frame)
    with side.connect() as connection:
        query = sql.SQL("select {} from {} order by id").format(
            sql.SQL(", ").join(map(sql.Identifier, VALUES)),
            sql.Identifier(PLANNER_SCHEMA, f"frame_{one.number}"),
        )
        arrived = connection.execute(query).fetchall()
    assert [dict(zip(VALUES, row, strict=True)) for row in arrived] == rows
