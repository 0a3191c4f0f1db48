"""Which unique index finds the row of a key: the arbiter of `ON CONFLICT`.

PostgreSQL infers it from columns and a predicate, and takes every index that fits: one that cannot
be used, beside one that can, is in the way. A full index comes before a partial one.
"""

from __future__ import annotations

from collections.abc import Sequence

from psycopg import sql

from ..config import SyncConfig
from ..errors import DestinationError
from ..model import ColumnMapping
from ..sql import column_list
from .modes import mode_of
from .target import Target, UniqueIndex


def find_arbiter(sync: SyncConfig, mapping: ColumnMapping, target: Target) -> UniqueIndex | None:
    """The unique index that rows are matched by.

    None where the mode does not look them up, or where no index can be seen.

    Args:
        sync: the sync.
        mapping: which columns have to identify a row.
        target: the destination table.

    Raises:
        DestinationError: no index can be used; it says why, and which ones could.
    """
    if not (mode_of(sync.mode, target.kind).finds_rows and target.kind.has_indexes):
        return None
    wanted = set(mapping.match)
    found = [index for index in target.indexes if set(index.columns) == wanted]
    inferred = [index for index in found if index.is_inferred]
    for fitting in (
        [index for index in inferred if index.predicate is None],
        [index for index in inferred if index.predicate is not None],
    ):
        if fitting:
            return _only(fitting, mapping, target)
    why = f": {found[0].name} cannot be used, {found[0].obstacle}" if found else ""
    raise DestinationError(
        f"{target.name} has no unique index on ({_match(mapping)}) that rows can be matched by"
        f"{why}",
        f"{_others(mapping, target)}choose model.key for one of them, or: "
        f"{_create(mapping, target)}",
    )


def nullable(arbiter: UniqueIndex | None, target: Target) -> tuple[str, ...]:
    """The columns of an arbiter in which NULL finds a row.

    Args:
        arbiter: of the sync, where it has one.
        target: the destination table.
    """
    if arbiter is None or not arbiter.nulls_not_distinct:
        return ()
    return tuple(name for name in arbiter.columns if target.columns[name].column.nullable)


def _only(fitting: Sequence[UniqueIndex], mapping: ColumnMapping, target: Target) -> UniqueIndex:
    """One of several that say the same."""
    what = f"{target.name}: rows cannot be matched by ({_match(mapping)})"
    others = _others(mapping, target)
    for index in fitting:
        if index.obstacle is not None:
            raise DestinationError(
                f"{what}: {index.name} cannot be used, {index.obstacle}",
                f"{others}ON CONFLICT takes every unique index on these columns: drop {index.name},"
                " or choose model.key for another one",
            )
    if len({index.predicate for index in fitting}) > 1:
        which = "; ".join(f"{index.name} {index}" for index in fitting)
        raise DestinationError(
            f"{what}: several partial unique indexes have these columns, and none says which rows "
            f"are meant: {which}",
            f"{others}drop all but one of them, choose model.key for another index, or: "
            f"{_create(mapping, target)}",
        )
    # In each of them a row is in conflict with itself.
    return max(fitting, key=lambda index: index.nulls_not_distinct)


def _match(mapping: ColumnMapping) -> str:
    return ", ".join(mapping.match)


def _others(mapping: ColumnMapping, target: Target) -> str:
    """Indexes on other columns, which another key could be matched by."""
    others = (index for index in target.indexes if set(index.columns) != set(mapping.match))
    candidates = [str(index) for index in others if index.obstacle is None]
    return f"usable: {'; '.join(candidates)}. " if candidates else ""


def _create(mapping: ColumnMapping, target: Target) -> str:
    template = sql.SQL("CREATE UNIQUE INDEX ON {} ({});")
    return template.format(target.relation, column_list(mapping.match)).as_string(None)
