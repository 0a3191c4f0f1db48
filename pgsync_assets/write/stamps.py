"""Columns that say of each row when and by which run it was written last."""

from __future__ import annotations

from collections.abc import Iterator

from ..config import SyncConfig
from ..errors import ConfigurationError, DestinationError
from ..model import ColumnMapping
from .target import Target

TIMES = ("timestamptz", "timestamp")
NUMBERS = ("int8", "numeric", "text", "varchar")


def stamped(sync: SyncConfig) -> tuple[str, ...]:
    """The columns, in the order of `values`.

    Args:
        sync: with its `stamps`.
    """
    return tuple(filter(None, (sync.stamps.synced_at, sync.stamps.run_id)))


def values(sync: SyncConfig, now: str, run: int) -> tuple[str, ...]:
    """What they get, as text.

    Args:
        sync: with its `stamps`.
        now: the time, as the destination writes it.
        run: number of the run.
    """
    wanted = ((sync.stamps.synced_at, now), (sync.stamps.run_id, str(run)))
    return tuple(value for name, value in wanted if name)


def check_stamps(sync: SyncConfig, mapping: ColumnMapping, target: Target) -> None:
    """Checks that the table has the columns, in a type that takes what they get.

    Args:
        sync: the sync.
        mapping: which column goes where.
        target: the destination table.

    Raises:
        ConfigurationError: a column is not there, or gets something else already.
        DestinationError: it has the wrong type.
    """
    for key, name, types in _wanted(sync):
        column = target.columns.get(name)
        taken = {*mapping.targets, sync.deleted_column}
        if column is None or name in taken:
            told = "has no such column" if column is None else "gets something else there"
            raise ConfigurationError(
                f"sync {sync.name!r}: stamps.{key} is {name!r}, and {target.name} {told}",
                target.alter("ADD", name, types[0])
                if column is None
                else "leave it out of columns, or name another one",
            )
        if column.base.removeprefix("pg_catalog.") not in types or column.is_generated:
            raise DestinationError(
                f"{target.name}, column {name!r} is {column.column.type}; stamps.{key} is "
                f"{' or '.join(types)}",
                "name another column",
            )


def _wanted(sync: SyncConfig) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    if sync.stamps.synced_at:
        yield "synced_at", sync.stamps.synced_at, TIMES
    if sync.stamps.run_id:
        yield "run_id", sync.stamps.run_id, NUMBERS
