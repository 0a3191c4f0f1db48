"""A row that is too large costs itself, and no other (F52)."""

from __future__ import annotations

from typing import Any

import pytest

from pgsync_assets.outcome import Counts
from pgsync_assets.record.fields import MOST_BYTES

from ..fix_syncs import Syncs

HALF = MOST_BYTES // 2 - 1  # bytes of a bytea that is as long as a log's values may be
COLUMNS = "id integer primary key, note text, data bytea, list integer[], doc jsonb"
KINDS = {
    "packed text": "update items set note = repeat('x', 70000) where id = 7",
    "bytea": (
        "update items set data = (select string_agg(sha256(n::text::bytea), '')"
        " from generate_series(1, 2100) as n) where id = 7"
    ),
    "array": (
        "update items set list = (select array_agg(n + 100000) from generate_series(1, 10000) as n)"
        " where id = 7"
    ),
    "packed jsonb": (
        "update items set doc = jsonb_build_object('text', repeat('y', 70000)) where id = 7"
    ),
    "together": (
        "update items set note = repeat('x', 40000), doc = to_jsonb(repeat('y', 40000))"
        " where id = 7"
    ),
}
BELOW = (
    "update items set note = repeat('z', 60000), data = null, list = null, doc = null where id = 7"
)


def _filled(syncs: Syncs, *statements: str) -> None:
    syncs.table(COLUMNS)
    syncs.pair.source.execute(
        "insert into items select n, 'note', 'data', array[n], '[]' from generate_series(1, 20) n",
        *statements,
        "analyze items",
    )


@pytest.mark.parametrize("kind", list(KINDS))
def test_a_row_that_is_too_large_is_refused_by_itself(every: Syncs, kind: str) -> None:
    fields: dict[str, Any] = {"max_row_bytes": "64kB", "batch_size": 8}
    _filled(every, KINDS[kind])
    for expected in (Counts(added=19), Counts()):  # the first run, and one that tries it again
        outcome = every.run(**fields)
        assert outcome.succeeded == expected
        assert [(one.row_id, one.sqlstate) for one in outcome.rejections] == [("7", "54000")]
        assert "more than `max_row_bytes`" in outcome.rejections[0].reason
    every.pair.source.execute(BELOW)
    assert every.run(**fields).succeeded == Counts(added=1)
    assert every.same()


def test_one_that_grows_keeps_its_old_image_there(every: Syncs) -> None:
    fields: dict[str, Any] = {"max_row_bytes": "64kB"}
    _filled(every)
    assert every.run(**fields).succeeded == Counts(added=20)
    every.pair.source.execute(KINDS["bytea"], "update items set note = 'new' where id = 8")
    outcome = every.run(**fields)
    assert (outcome.succeeded, outcome.failed) == (Counts(changed=1), Counts(changed=1))
    kept = "select convert_from(data, 'UTF8') from items where id = 7"
    assert every.pair.destination.rows(kept) == [("data",)]
    every.pair.source.execute("delete from items where id = 7")
    assert every.run(delete="delete_row", **fields).succeeded == Counts(removed=1)


def test_rows_below_it_travel_whatever_they_are_stored_as(every: Syncs) -> None:
    """A list is small as text and large as it is stored; bytea doubles as text."""
    _filled(every, BELOW)
    every.pair.source.execute(
        "update items set list = (select array_agg(1) from generate_series(1, 15000)),"
        " note = null where id = 7",
        "update items set data = repeat('b', 60000)::bytea where id = 8",
    )
    assert every.run(max_row_bytes="64kB").succeeded == Counts(added=20)
    assert every.same()


def test_a_value_that_is_too_large_for_a_log_is_told_by_its_size(either: Syncs) -> None:
    """jsonb holds 256 MB; the settlement of a run must not fail on what was delivered."""
    _filled(either)
    either.pair.source.execute(
        f"update items set note = repeat('x', {MOST_BYTES + 1}), data = repeat('b', {HALF})"
        "::bytea where id = 7"
    )
    fields: dict[str, Any] = {"audit": "full", "max_row_bytes": "20MB"}
    outcome = either.run(**fields)
    assert (outcome.succeeded, outcome.failed) == (Counts(added=19), Counts(added=1))
    query = (
        "select fields->>'note', length(fields->>'data'), fields->>'doc'"
        " from hightouch_audit.sync_changelog where row_id = '7'"
    )
    note = f"({MOST_BYTES + 1} bytes, not kept)"
    assert either.keeper.rows(query) == [(note, 2 + 2 * HALF, "[]")]
    assert either.run(**(fields | {"max_row_bytes": "40MiB"})).succeeded == Counts(added=1)
    assert either.same()


@pytest.mark.nightly("a row of 1.1 GB as text takes a minute and 4 GB of memory")
def test_a_row_of_which_postgresql_makes_no_text(syncs: Syncs) -> None:
    _filled(syncs)
    syncs.pair.source.execute(
        "alter table items alter data set storage external",
        "update items set data = repeat('b', 540000000)::bytea where id = 7",
    )
    outcome = syncs.run(audit="full")
    assert (outcome.succeeded, outcome.failed) == (Counts(added=19), Counts(added=1))
    assert outcome.rejections[0].sqlstate == "54000"
