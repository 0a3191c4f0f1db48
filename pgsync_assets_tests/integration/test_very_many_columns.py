"""As many columns as a table may have, less those that our own tables add to them."""

from __future__ import annotations

from typing import Any

import pytest

from pgsync_assets.errors import ModelError
from pgsync_assets.model.describe import MOST_COLUMNS
from pgsync_assets.outcome import Counts

from ..fix_syncs import Syncs

LAST = f"c{MOST_COLUMNS - 1}"
NO_INDEX = {"model": {"sql": "select * from items", "key": ["id"]}}
PARTS = {"low": list(range(1, 16)), "high": list(range(16, 31))}
MODES: dict[str, dict[str, Any]] = {
    "mirror": {"mode": "mirror"},
    "insert": {"mode": "insert"},
    "update": {"mode": "update"},
    "soft delete": {"delete": "soft_delete", "deleted_column": "gone"},
    "partitions": {"partitions": {"column": "c7", "values": PARTS}, "delete": "delete_row"},
}
PRODUCT = "each mode and each engine meets what is special about many columns already"


def wide(syncs: Syncs) -> None:
    """Thirty rows of many columns, one of them with a value in each."""
    columns = ", ".join(f"c{n} integer" for n in range(1, MOST_COLUMNS))
    syncs.table(f"id integer primary key, {columns}")
    filled = ", ".join(f"c{n} = {n}" for n in range(1, MOST_COLUMNS))
    syncs.pair.source.execute(
        f"insert into items (id, c7, {LAST}) select n, n, n from generate_series(1, 30) as n",
        f"update items set {filled} where id = 9",  # noqa: S608
    )


def edit(syncs: Syncs) -> None:
    """One row changed in its last column, one removed, one new."""
    syncs.pair.source.execute(
        f"update items set {LAST} = -1 where id = 3",  # noqa: S608
        "delete from items where id = 4",
        "insert into items (id, c7) values (77, 1)",
    )


@pytest.mark.nightly(PRODUCT, but=("lightning-sql", "digest-table", "standard-table"))
@pytest.mark.parametrize("more", [{}, NO_INDEX], ids=["table", "sql"])
def test_all_of_them_arrive_and_are_compared(every: Syncs, more: dict[str, Any]) -> None:
    fields: dict[str, Any] = {"delete": "delete_row", "audit": "full"} | more
    wide(every)
    assert every.run(**fields).succeeded == Counts(added=30)
    assert every.same()
    edit(every)
    assert {change.operation for change in every.plan(**fields).changes} == {
        "added",
        "changed",
        "removed",
    }
    assert every.run(**fields).succeeded == Counts(added=1, changed=1, removed=1)
    assert every.run(**fields).succeeded == Counts()
    assert every.same()
    found = every.verify(values=True, **fields)
    assert (found.same, found.differences) == (30, ())


@pytest.mark.parametrize("mode", list(MODES))
@pytest.mark.nightly(
    PRODUCT,
    but=("digest-partitions",),
)
def test_in_every_mode(every: Syncs, mode: str) -> None:
    fields = MODES[mode]
    wide(every)
    if mode == "update":
        every.pair.destination.execute("insert into items (id) select generate_series(1, 30)")
    every.pair.destination.execute("alter table items add gone timestamptz")
    parts: list[str | None] = [*PARTS] if mode == "partitions" else [None]
    assert sum(every.run(part, **fields).succeeded.total for part in parts) == 30
    edit(every)
    sent = sum(every.run(part, **fields).succeeded.total for part in parts)
    assert sent == {"insert": 1, "update": 2}.get(mode, 3)
    assert sum(every.run(part, **fields).succeeded.total for part in parts) == 0


def test_the_form_of_the_state_changes(syncs: Syncs) -> None:
    wide(syncs)
    assert syncs.run(state="digest").succeeded == Counts(added=30)
    edit(syncs)
    assert syncs.run(state="rows", delete="delete_row").succeeded.total == 3
    syncs.pair.source.execute(f"update items set {LAST} = -2 where id = 5")  # noqa: S608
    assert syncs.run(state="digest", delete="delete_row").succeeded == Counts(changed=1)
    assert syncs.same()


def test_parts_of_the_changes_and_refused_rows(syncs: Syncs) -> None:
    wide(syncs)
    syncs.pair.destination.execute(f"alter table items add check ({LAST} <> 20)")
    assert syncs.run(row_limit=12).succeeded == Counts(added=12)
    outcome = syncs.run()
    assert (outcome.succeeded, outcome.failed) == (Counts(added=17), Counts(added=1))
    edit(syncs)
    syncs.pair.source.execute(f"update items set {LAST} = 21 where id = 20")  # noqa: S608
    assert syncs.run(only_rejected=True).succeeded == Counts(added=1)
    assert syncs.run(delete="delete_row").succeeded.total == 3
    assert syncs.same()


def test_more_are_refused(syncs: Syncs) -> None:
    columns = ", ".join(f"c{n} boolean" for n in range(MOST_COLUMNS))
    syncs.table(f"id integer primary key, {columns}")
    with pytest.raises(ModelError, match=f"{MOST_COLUMNS + 1} columns"):
        syncs.run()
