"""Whether a destination table can take what a sync sends: settled before a row travels."""

from __future__ import annotations

from psycopg import sql

from ..config import SyncConfig
from ..errors import ConfigurationError, DestinationError
from ..model import ColumnMapping, Relation, computed_by, map_columns
from .arbiter import find_arbiter
from .key_fit import check_key
from .kind_fit import check_kind, check_layers
from .modes import mode_of
from .publications import check_published
from .removal_fit import check_removal
from .rights import check_rights, rights_of
from .stamps import check_stamps, stamped
from .target import Target, TargetColumn
from .types import flows, longest, matches
from .user_types import check_user_types


def fit(sync: SyncConfig, relation: Relation, target: Target) -> ColumnMapping:
    """Checks everything about the destination that can be known without writing.

    Args:
        sync: the sync.
        relation: its model, described.
        target: its destination table, read from the catalog.

    Returns:
        The resolved mapping.

    Raises:
        ConfigurationError: a column is missing on either side, or `batch_size` and the like.
        DestinationError: the table cannot take the rows: its kind, its types, no unique index.
        PrivilegeError: a right is missing; the remedy is the GRANT.
    """
    mapping = map_columns(sync, relation, target.columns)
    mode = mode_of(sync.mode, target.kind)
    check_kind(sync, target)
    if mode.finds_rows:
        check_key(sync, relation, mapping, target)
    _check_columns(sync, relation, mapping, target)
    check_user_types(relation, mapping, target)
    if mode.finds_rows:
        _check_match(sync, relation, mapping, target)
    arbiter = find_arbiter(sync, mapping, target)
    if mode.inserts:
        _check_required(sync, mapping, target)
    check_removal(sync, mapping, target, arbiter)
    check_stamps(sync, mapping, target)
    check_rights(sync, mapping, target, arbiter)
    check_layers(sync, mapping, target)
    check_published(target.published, rights_of(sync, target.kind))
    return mapping


def _check_columns(
    sync: SyncConfig, relation: Relation, mapping: ColumnMapping, target: Target
) -> None:
    types = {column.name: column.type for column in relation.columns}
    for source, name in zip(mapping.sources, mapping.targets, strict=True):
        into = target.columns[name]
        if into.is_generated:
            raise DestinationError(
                f"{target.name}, column {name!r} is generated and cannot be written",
                "leave it out of columns",
            )
        if not flows(types[source], into):
            raise _misfit(sync, target, source, types[source], into)


def longest_texts(relation: Relation, mapping: ColumnMapping, target: Target) -> dict[str, int]:
    """Columns of the model whose texts may be too long there, and how many characters are not."""
    types = {column.name: column.type for column in relation.columns}
    pairs = zip(mapping.sources, mapping.targets, strict=True)
    found = {source: longest(types[source], target.columns[name]) for source, name in pairs}
    return {source: limit for source, limit in found.items() if limit is not None}


def _check_match(
    sync: SyncConfig, relation: Relation, mapping: ColumnMapping, target: Target
) -> None:
    types = {column.name: column.type for column in relation.columns}
    for name in mapping.targets:
        if target.columns[name].is_identity_always and name not in mapping.match:
            raise DestinationError(
                f"{target.name}, column {name!r} is GENERATED ALWAYS AS IDENTITY and cannot be "
                "updated",
                "leave it out of columns, or match rows by it",
            )
    for source, name in zip(mapping.key, mapping.match, strict=True):
        if not matches(types[source], target.columns[name]):
            raise _misfit(sync, target, source, types[source], target.columns[name])


def _misfit(
    sync: SyncConfig, target: Target, source: str, spelled: str, into: TargetColumn
) -> DestinationError:
    """Names both ways out: a cast that its owner sees, or a conversion that is declared."""
    name = sql.Identifier(source).as_string(None)
    what = f"the model's {source!r}"
    remedy = f"cast it in the model: {name}::{into.plain} AS {name}"
    given = {one.name: one.place for one in computed_by(sync.model)}
    if source in given:
        what, remedy = given[source], f"let its cast be {into.plain}"
    elif source not in sync.model.key:
        remedy = f"let it be rounded or cut, in the sync: lossy: [{name}]; or {remedy}"
    return DestinationError(
        f"{target.name}, column {into.column.name!r} is {into.column.type}; {what} is {spelled}, "
        "which might not arrive exactly",
        remedy,
    )


def _check_required(sync: SyncConfig, mapping: ColumnMapping, target: Target) -> None:
    filled = {*mapping.targets, *stamped(sync), sync.deleted_column}
    for name, column in target.columns.items():
        required = not column.column.nullable and not column.has_default
        if required and not column.is_generated and name not in filled:
            raise ConfigurationError(
                f"sync {sync.name!r}: {target.name}, column {name!r} is NOT NULL without a default "
                "and nothing is mapped to it",
                "map a column of the model to it, or give it a default",
            )
