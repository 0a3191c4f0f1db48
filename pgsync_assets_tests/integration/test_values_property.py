"""Whatever a table holds and whatever becomes of it: a run sends what changed, all of it."""

from __future__ import annotations

import json
import os
from itertools import count
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql

from pgsync_assets.outcome import Counts

from ..fix_databases import Pair, Side
from ..fix_nightly import ALSO_THESE
from ..fix_syncs import Syncs

BY_NIGHT = os.environ.get(ALSO_THESE) == "1"
letters = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
digits = st.text("0123456789", min_size=1, max_size=30)
nested: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | letters,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(letters, inner, max_size=3),
    max_leaves=6,
)
years = st.integers(1, 9999).map("{:04}".format) | st.integers(1, 4712).map("{:04} BC".format)
dates = st.tuples(years, st.integers(1, 12), st.integers(1, 28)).map(
    lambda y: f"{y[0][:4]}-{y[1]:02}-{y[2]:02}{y[0][4:]}"
)


def quoted(item: str | None) -> str:
    """An element of an array's literal."""
    if item is None:
        return "NULL"
    return '"' + item.replace("\\", "\\\\").replace('"', '\\"') + '"'


def moment(parts: tuple[str, int, int]) -> str:
    """A time on a date; `BC` stands behind it."""
    date, second, offset = parts
    day, _, era = date.partition(" ")
    clock = f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}.{second:06}"
    return f"{day} {clock}{offset:+03}:30 {era}".strip()


LITERALS: dict[str, Any] = {
    "bigint": st.integers(-(2**63), 2**63 - 1).map(str),
    "numeric": st.one_of(
        st.sampled_from(["NaN", "0", "-0.000", "1e-400", "-9e200"]),
        st.tuples(st.sampled_from(["", "-"]), digits, digits).map("{0[0]}{0[1]}.{0[2]}".format),
    ),
    "float8": st.floats().map(repr),
    "text": letters,
    "bytea": st.binary(max_size=12).map(lambda data: "\\x" + data.hex()),
    "boolean": st.booleans().map(str),
    "date": dates,
    "timestamptz": st.one_of(
        st.sampled_from(["infinity", "-infinity"]),
        st.tuples(dates, st.integers(0, 86_399), st.integers(-12, 12)).map(moment),
    ),
    "interval": st.tuples(*[st.integers(-99_999, 99_999)] * 3).map(
        "{0[0]} mons {0[1]} days {0[2]} microseconds".format
    ),
    "uuid": st.uuids().map(str),
    "jsonb": nested.map(json.dumps).filter(lambda text: "\\u0000" not in text),
    "text[]": st.lists(letters | st.none(), max_size=3).map(
        lambda items: "{" + ",".join(map(quoted, items)) + "}"
    ),
    "int8range": st.tuples(
        st.integers(-9, 9), st.integers(0, 9), st.sampled_from(["[)", "(]"])
    ).map(lambda r: f"{r[2][0]}{r[0]},{r[0] + r[1]}{r[2][1]}"),
    "varbit": st.text("01", max_size=20),
    "bpchar": letters,
}
NAMES = [f"c{number}" for number in range(len(LITERALS))]
ROW = st.tuples(*(st.none() | literal for literal in LITERALS.values()))
STATES = st.lists(
    st.tuples(
        st.dictionaries(st.integers(0, 6), ROW, max_size=5),
        st.sampled_from(["lightning", "standard"]),
        st.sampled_from([1, 2, 1000]),
    ),
    min_size=2,
    max_size=4,
)
NUMBERS = count()
EMPTIED = {"allow_empty_model": True, "max_removed": "100%"}


def fill(syncs: Syncs, rows: dict[int, tuple[str | None, ...]]) -> dict[str, str]:
    """Lets the source have some rows and no others; each as text."""
    columns = sql.SQL(", ").join(map(sql.Identifier, ["id", *NAMES]))
    places = sql.SQL(", ").join(sql.Placeholder() * (len(NAMES) + 1))
    with syncs.pair.source.connect(autocommit=False) as connection:
        connection.execute("delete from items")
        for number, values in rows.items():
            connection.execute(
                sql.SQL("insert into items ({}) values ({})").format(columns, places),
                [number, *values],
            )
    return dict(syncs.pair.source.rows("select id::text, t::text from items as t"))


@settings(
    max_examples=300 if BY_NIGHT else 15,
    derandomize=not BY_NIGHT,  # CI has the same tables each time
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(states=STATES)
def test_each_run_sends_what_has_changed(
    database_pair: Pair, platform_side: Side, states: list[Any]
) -> None:
    """Engines take turns, and take over from each other what they know."""
    syncs = Syncs(database_pair, platform=platform_side)
    definition = ", ".join(f"{n} {t}" for n, t in zip(NAMES, LITERALS, strict=True))

    for side in (database_pair.source, database_pair.destination):
        side.execute("drop table if exists items")
    syncs.table(f"id integer primary key, {definition}")
    name = f"items_{next(NUMBERS)}"
    before: dict[str, str] = {}
    for rows, engine, batch_size in states:
        fields: dict[str, Any] = {
            "engine": engine,
            "batch_size": batch_size,
            "delete": "delete_row",
            "guard": EMPTIED,
        }
        syncs.fields = fields
        now = fill(syncs, rows)
        both = before.keys() & now.keys()
        expected = Counts(
            added=len(now.keys() - both),
            changed=sum(before[key] != now[key] for key in both),
            removed=len(before.keys() - both),
        )
        assert syncs.run(name=name).succeeded == expected
        assert syncs.same()
        assert syncs.run(name=name).planned == Counts()
        before = now
