"""Whether our role may do at the destination what a sync does there: the GRANT where it may not."""

from __future__ import annotations

from collections.abc import Iterable

from psycopg import sql

from ..config import SyncConfig
from ..errors import PrivilegeError
from ..model import ColumnMapping
from ..sql import column_list, relation
from .kind import Kind
from .modes import mode_of
from .remove import REMOVALS
from .stamps import stamped
from .target import Target, UniqueIndex


def check_rights(
    sync: SyncConfig, mapping: ColumnMapping, target: Target, arbiter: UniqueIndex | None
) -> None:
    """Checks the rights on the table, its schema and the place where a batch lands first.

    Args:
        sync: the sync.
        mapping: which column goes where.
        target: the destination table.
        arbiter: the index that finds the rows; the columns of its predicate are read.

    Raises:
        PrivilegeError: one is missing; the remedy is the GRANT.
    """
    lacking = _lacking(sync, mapping, target, arbiter.predicate_columns if arbiter else ())
    if lacking:
        rights = ", ".join(lacking)
        raise PrivilegeError(f"{target.user} lacks {rights} on {target.name}", target.grant(rights))
    if not target.may_use_schema:
        raise PrivilegeError(
            f"{target.user} lacks USAGE on schema {target.schema}",
            target.grant("USAGE", _schema(target.schema)),
        )
    mode = mode_of(sync.mode, target.kind)
    if mode.inserts:
        _check_defaults(sync, mapping, target)
    may_stage = target.may_use_temporary or target.may_use_staging
    if mode.is_staged and not may_stage:
        raise _no_stage(target)


def _check_defaults(sync: SyncConfig, mapping: ColumnMapping, target: Target) -> None:
    """Defaults of a new row are computed as our role."""
    for name, column in target.columns.items():
        if column.closed_sequence is not None and name not in written(sync, mapping.targets):
            sequence = relation(*column.closed_sequence)
            raise PrivilegeError(
                f"{target.user} lacks USAGE on sequence {'.'.join(column.closed_sequence)}, which "
                f"the default of {target.name}, column {name!r} draws from",
                target.grant("USAGE", sql.SQL("SEQUENCE {}").format(sequence)),
            )


def rights_of(sync: SyncConfig, kind: Kind) -> set[str]:
    """What a sync does to rows, and so needs to be allowed: SELECT, INSERT, UPDATE, DELETE.

    Args:
        sync: the sync.
        kind: of its destination.
    """
    removal = REMOVALS[sync.delete_behavior]
    return {*mode_of(sync.mode, kind).rights, *([removal.right] if removal else ())}


def written(sync: SyncConfig, mapped: Iterable[str]) -> list[str]:
    """Columns that a new row gets from us.

    Args:
        sync: the sync.
        mapped: columns of the destination that a column of the model goes to.
    """
    return [*mapped, *stamped(sync), *filter(None, [sync.deleted_column])]


def _lacking(
    sync: SyncConfig, mapping: ColumnMapping, target: Target, read: tuple[str, ...]
) -> list[str]:
    """Rights that are missing, as a GRANT names them: with columns where others have them."""
    names = written(sync, mapping.targets)
    found = []
    for right in sorted(rights_of(sync, target.kind)):
        if right == "DELETE":  # of rows, never of columns
            found += [] if target.may_delete else [right]
            continue
        needed = dict.fromkeys((*names, *(read if right == "SELECT" else ())))
        without = [name for name in needed if right in target.columns[name].missing]
        if len(without) == len(needed):
            found.append(right)
        elif without:
            columns = column_list(without)
            found.append(sql.SQL("{} ({})").format(sql.SQL(right), columns).as_string(None))
    return found


def _no_stage(target: Target) -> PrivilegeError:
    temporary = target.grant(
        "TEMPORARY", sql.SQL("DATABASE {}").format(sql.Identifier(target.database))
    )
    if target.staging is None:
        return PrivilegeError(
            f"{target.user} may not create temporary tables in {target.database}",
            f"{temporary} Or let batches land in a schema instead (schemas: staging: "
            f"pgsync_staging, of the connection): {_make('pgsync_staging', target)}",
        )
    return PrivilegeError(
        f"{target.user} may neither create tables in schema {target.staging} nor temporary ones in "
        f"{target.database}",
        f"{target.grant('USAGE, CREATE', _schema(target.staging))} (where it is missing: "
        f"{_make(target.staging, target)}) Or: {temporary}",
    )


def _schema(name: str) -> sql.Composable:
    return sql.SQL("SCHEMA {}").format(sql.Identifier(name))


def _make(schema: str, target: Target) -> str:
    names = sql.Identifier(schema), sql.Identifier(target.user)
    return sql.SQL("CREATE SCHEMA {} AUTHORIZATION {};").format(*names).as_string(None)
