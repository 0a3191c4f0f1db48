"""Whether a kind of destination takes what a sync does, and what is behind a view takes it too."""

from __future__ import annotations

from psycopg import sql

from ..config import SyncConfig
from ..errors import DestinationError, PrivilegeError
from ..model import ColumnMapping
from ..sql import relation
from .kind import may_hide
from .layers import EVENTS, Layer
from .modes import mode_of
from .rights import rights_of, written
from .target import Target


def check_kind(sync: SyncConfig, target: Target) -> None:
    """Checks what can be done to rows of such a destination at all.

    Args:
        sync: the sync.
        target: its destination.

    Raises:
        DestinationError: not what the sync does, or not so that it can be counted.
    """
    events = rights_of(sync, target.kind) & EVENTS.keys()
    for layer in target.layers:
        _check_rules(layer, events)
        _check_children(layer)
    _check_events(target, events)
    _check_insert(sync, target)
    for layer in target.layers:
        _check_row_security(layer)


def _check_rules(layer: Layer, events: set[str]) -> None:
    if found := layer.replaced & events:
        raise DestinationError(
            f"{layer.name} has a rule that always does something else instead of "
            f"{' and '.join(sorted(found))}; what becomes of a row there cannot be counted",
            "use a trigger instead of the rule, or name another table",
        )


def _check_children(layer: Layer) -> None:
    if layer.child is not None:
        raise DestinationError(
            f"{layer.name} has a child by INHERITS ({layer.child}): its unique index does not see "
            "the rows of that one, so that a key could be there twice",
            "name a table without children; a partitioned table (PARTITION BY) has indexes over "
            "all of its rows",
        )


def _check_events(target: Target, events: set[str]) -> None:
    first = target.layers[0]
    lacking = " and ".join(sorted(events - first.takes))
    if not lacking:
        return
    if first.kind == "v":
        raise DestinationError(
            f"{target.name} is a view that does not take {lacking}",
            "PostgreSQL passes rows on through a view of one table that neither groups nor combines"
            " rows; for others write INSTEAD OF triggers, or name the table behind it",
        )
    if first.kind == "m":
        raise DestinationError(
            f"{target.name} is a materialized view; rows are written to tables",
            "name the table behind it",
        )
    raise DestinationError(
        f"{target.name} is a foreign table that does not take {lacking}",
        "its foreign-data wrapper cannot do that, or an option (updatable) of the table or its "
        "server forbids it",
    )


def _check_insert(sync: SyncConfig, target: Target) -> None:
    mode = mode_of(sync.mode, target.kind)
    if mode.finds_rows:
        return
    if not target.kind.is_exact:
        raise DestinationError(
            f"{target.name} is {target.kind.told}, or has partitions that are; mode {sync.mode} "
            "cannot send each row once there: the other server commits by itself",
            "use mode upsert, or name the table on its own server as the destination",
        )
    if may_hide(target.layers):
        raise DestinationError(
            f"{target.name} is {target.kind.told} and no CHECK OPTION: rows could be written that "
            "it does not show",
            f"as its owner: {_alter_view(target)}",
        )


def _alter_view(target: Target) -> str:
    template = sql.SQL("ALTER VIEW {} SET (check_option = cascaded);")
    return template.format(target.relation).as_string(None)


def _check_row_security(layer: Layer) -> None:
    if layer.has_row_security:
        raise DestinationError(
            f"{layer.name} has row-level security for {layer.role}: "
            "rows could vanish without an error",
            f"as its owner: ALTER ROLE {layer.role} BYPASSRLS, or name another table",
        )


def check_layers(sync: SyncConfig, mapping: ColumnMapping, target: Target) -> None:
    """Checks what is behind a view: the rights of its owner, and columns that it does not show.

    Args:
        sync: the sync.
        mapping: which column goes where.
        target: its destination.

    Raises:
        DestinationError: a column that the view does not show has to be filled.
        PrivilegeError: the role that reaches a table through the view lacks a right there.
    """
    for layer in target.layers[1:]:
        _check_rights(layer, rights_of(sync, target.kind), written(sync, mapping.targets))
    last = target.layers[-1]
    if mode_of(sync.mode, target.kind).inserts and last is not target.layers[0]:
        _check_hidden(target, last)


def _check_rights(layer: Layer, wanted: set[str], names: list[str]) -> None:
    lacking = {right for name in names for right in layer.missing(name)}
    if not layer.may_delete:
        lacking.add("DELETE")
    if missing := wanted & lacking:
        rights = ", ".join(sorted(missing))
        grant = sql.SQL("GRANT {} ON {} TO {};").format(
            sql.SQL(rights), relation(layer.schema, layer.table), sql.Identifier(layer.role)
        )
        raise PrivilegeError(
            f"{layer.role}, as whom {layer.name} is reached through the view, lacks {rights} there",
            grant.as_string(None),
        )


def _check_hidden(target: Target, last: Layer) -> None:
    shown = set(last.shown.values())
    fixed = [name for name in last.required if name not in shown]
    if fixed:
        raise DestinationError(
            f"{last.name}: {', '.join(fixed)} is NOT NULL without a default, and {target.name} "
            "does not show it",
            "give it a default, let the view show it, or use mode update",
        )
