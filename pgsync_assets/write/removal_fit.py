"""Whether a destination table can take what happens to rows that left the model."""

from __future__ import annotations

from ..config import SyncConfig
from ..errors import ConfigurationError, DestinationError
from ..model import ColumnMapping
from .soft_delete import MARKS, mark_of
from .target import Target, UniqueIndex


def check_removal(
    sync: SyncConfig, mapping: ColumnMapping, target: Target, arbiter: UniqueIndex | None
) -> None:
    """Checks the columns that removals write.

    Args:
        sync: the sync.
        mapping: which column goes where.
        target: the destination table.
        arbiter: the index that finds the rows.

    Raises:
        ConfigurationError: `deleted_column` is not there, or mapped; or nothing can be cleared.
        DestinationError: a column has the wrong type, or is NOT NULL.
    """
    if sync.deleted_column is not None:
        _check_mark(sync, sync.deleted_column, mapping, target)
    if sync.delete_behavior == "clear_fields":
        _check_cleared(sync, mapping, target, arbiter)


def _check_mark(sync: SyncConfig, name: str, mapping: ColumnMapping, target: Target) -> None:
    column = target.columns.get(name)
    if column is None or name in mapping.targets:
        told = "has no such column" if column is None else "gets it from the model"
        raise ConfigurationError(
            f"sync {sync.name!r}: deleted_column is {name!r}, and {target.name} {told}",
            target.alter("ADD", name, "timestamptz")
            if column is None
            else "leave it out of columns, or name another one",
        )
    if column.base.removeprefix("pg_catalog.") not in MARKS or column.is_generated:
        raise DestinationError(
            f"{target.name}, column {name!r} is {column.column.type}; rows that left the model are "
            "marked by a time or a boolean",
            "name a column of type timestamptz, timestamp, date or boolean",
        )
    mark = mark_of(sync, target)
    if mark is not None and mark.is_null_when_present and not column.column.nullable:
        raise DestinationError(
            f"{target.name}, column {name!r} is NOT NULL; it has to be NULL in a row that is in "
            "the model",
            f"{target.alter('ALTER', name, 'DROP NOT NULL')}, or name a boolean",
        )


def _check_cleared(
    sync: SyncConfig, mapping: ColumnMapping, target: Target, arbiter: UniqueIndex | None
) -> None:
    cleared = [name for name in mapping.targets if name not in mapping.match]
    if not cleared:
        raise ConfigurationError(
            f"sync {sync.name!r}: delete is clear_fields, and no column but the key is mapped",
            "choose another delete behaviour",
        )
    fixed = [name for name in cleared if not target.columns[name].column.nullable]
    if fixed:
        raise DestinationError(
            f"{target.name}: {', '.join(fixed)} cannot be cleared: NOT NULL",
            "leave them out of columns, drop the constraint, or choose another delete behaviour",
        )
    read = [name for name in cleared if arbiter and name in arbiter.predicate_columns]
    if arbiter and read:
        raise DestinationError(
            f"{target.name}: {', '.join(read)} cannot be cleared: rows are matched by {arbiter}, "
            "and would not be found again",
            "leave them out of columns, or choose another delete behaviour",
        )
