"""Rows that the table has already as they should be are not written again (trap 13)."""

from __future__ import annotations

from typing import Any

import pytest

from pgsync_assets.outcome import Counts

from ..fix_syncs import Syncs
from ..invariants import violations


def versions(syncs: Syncs) -> list[tuple[Any, ...]]:
    """Which version of each row the table has."""
    return syncs.pair.destination.rows("select id, ctid::text from items order by id")


@pytest.fixture
def filled(syncs: Syncs) -> Syncs:
    """Four rows, one with a NULL, which are in."""
    syncs.table("id int primary key, price numeric, note text")
    syncs.pair.source.execute(
        "insert into items values (1, 1.0, 'a'), (2, 2, null), (3, 3, 'c'), (4, 4, 'd')"
    )
    syncs.run()
    return syncs


@pytest.mark.parametrize("mode", ["upsert", "update", "mirror"])
def test_a_full_resync_writes_what_differs(filled: Syncs, mode: str) -> None:
    filled.run(mode=mode)
    before = versions(filled)
    # Somebody else's edits; the first one only looks the same to `=`.
    filled.pair.destination.execute(
        "update items set price = 1.00 where id = 1", "update items set note = '' where id = 2"
    )
    outcome = filled.run(full_resync=True, mode=mode)
    assert outcome.succeeded == Counts(changed=4)
    assert filled.same()
    assert [new == old for new, old in zip(versions(filled), before, strict=True)] == [
        False,
        False,
        True,
        True,
    ]
    assert violations(filled) == []


def test_a_first_sync_into_a_table_that_has_the_rows(syncs: Syncs) -> None:
    syncs.table("id int primary key, name text")
    syncs.pair.source.execute("insert into items select n, 'n' || n from generate_series(1, 5) n")
    syncs.pair.destination.execute("insert into items values (2, 'n2'), (4, 'other')")
    before = versions(syncs)
    assert syncs.run(batch_size=3).succeeded == Counts(added=5)
    assert versions(syncs)[1] == before[0]
    assert syncs.same()
    assert violations(syncs) == []


def test_a_marked_row_is_not_the_same(filled: Syncs) -> None:
    fields: dict[str, Any] = {"delete": "soft_delete", "deleted_column": "gone"}
    filled.pair.destination.execute("alter table items add gone boolean not null default false")
    filled.run(**fields)
    filled.pair.destination.execute("update items set gone = true where id = 2")
    before = versions(filled)
    filled.run(full_resync=True, **fields)
    changed = [new for new, old in zip(versions(filled), before, strict=True) if new != old]
    assert [row for row, _ in changed] == [2]
    assert filled.pair.destination.rows("select id from items where gone") == []


def test_rows_of_a_partial_index(syncs: Syncs) -> None:
    syncs.table("id int primary key, kind text, name text")
    syncs.pair.destination.execute(
        "alter table items drop constraint items_pkey",
        "create unique index on items (id) where kind = 'mine'",
        "insert into items values (1, 'theirs', 'x')",
    )
    syncs.pair.source.execute("insert into items values (1, 'mine', 'x'), (2, 'mine', 'y')")
    syncs.run()
    before = versions(syncs)
    assert len(before) == 3
    assert syncs.run(full_resync=True).succeeded == Counts(changed=2)
    assert versions(syncs) == before
