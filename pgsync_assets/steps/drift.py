"""What is other at both ends of a sync than at its last successful run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..config import SyncConfig
from ..drift import ColumnChange, Drift, End
from ..plan import Sides

NOWHERE = "not sent"
LACKING = "not sent: the table has no column {}"
GONE = "gone"


def drift(sync: SyncConfig, before: Sides | None, now: Sides) -> Drift:
    """Compares both ends with what was noted of them.

    Args:
        sync: what it says of columns decides what becomes of each.
        before: at the last run that succeeded; None: nothing was noted.
        now: as described just now.
    """
    sent = _sent(sync, now)
    written = {*sent.values(), *_own(sync)}
    changes: list[ColumnChange] = []
    if before is not None:
        wanted = _wanted(sync, now)
        model = {name: _of_model(name, wanted, now) for name in now.model}
        table = {name: "written" if name in written else "not written" for name in now.table}
        changes += _changes("model", before.model, now.model, model)
        changes += _changes("table", before.table, now.table, table)
    return Drift(
        tuple(changes),
        unsent=tuple(sorted(now.model.keys() - sent.keys())),
        unwritten=tuple(sorted(now.table.keys() - written)),
        is_known=before is not None,
    )


def _changes(
    end: End, before: Mapping[str, str], now: Mapping[str, str], fates: Mapping[str, str]
) -> Iterator[ColumnChange]:
    for name in sorted(before.keys() | now.keys()):
        was, is_now = before.get(name), now.get(name)
        if was != is_now:
            yield ColumnChange(end, name, was, is_now, fates.get(name, GONE))


def _wanted(sync: SyncConfig, now: Sides) -> dict[str, str]:
    """Column of the model -> column of the table; a value wins over a column of its name."""
    mapped = sync.explicit_mapping or {name: name for name in now.model}
    return {name: to for name, to in mapped.items() if to not in sync.values}


def _sent(sync: SyncConfig, now: Sides) -> dict[str, str]:
    wanted = _wanted(sync, now).items()
    return {name: to for name, to in wanted if name in now.model and to in now.table}


def _of_model(name: str, wanted: Mapping[str, str], now: Sides) -> str:
    to = wanted.get(name)
    if to is None:
        return NOWHERE
    return f"sent to {to}" if to in now.table else LACKING.format(to)


def _own(sync: SyncConfig) -> Iterator[str]:
    """Columns of the table that the sync fills without the model."""
    yield from sync.values
    for name in (sync.deleted_column, sync.stamps.synced_at, sync.stamps.run_id):
        if name is not None:
            yield name
