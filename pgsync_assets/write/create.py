"""The destination table is created, or given a column, where the sync says so; never changed else.

DDL has a transaction of its own (trap 22). A plan only tries it, and takes it back: what it shows
is what PostgreSQL said of the table as it would be.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import psycopg
from psycopg import sql

from ..config import SyncConfig, split_qualified
from ..connect import READ_ONLY, Session
from ..errors import DestinationError, PrivilegeError
from ..log import Log
from ..model import Relation, map_columns, wanted_columns
from ..sql import COMMA, column, column_list, relation, statement
from .target import Target, find_target, no_table

Making = Literal["never", "try", "keep"]


@dataclass(frozen=True)
class Change:
    """Something that has to be done to the destination first.

    Args:
        statement: that does it.
        done: what it does, for people.
        event: what it is, for the log.
        about: what of the table, for the log.
    """

    statement: sql.Composed
    done: str
    event: Literal["create_schema", "create_table", "alter_table"]
    about: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class There:
    """What is at a destination before anything is made.

    Args:
        target: the table; None where there is none.
        has_schema: its schema is there.
        missing: what to say where the table is not, and is not to be made.
    """

    target: Target | None
    has_schema: bool
    missing: DestinationError | None


def find_there(session: Session, sync: SyncConfig) -> There:
    """Reads the table of a sync from the catalog, if it is there.

    Args:
        session: on the destination.
        sync: whose table it is.
    """
    with session.transaction(f"describing table {sync.table}", READ_ONLY) as connection:
        target = find_target(session, connection, sync.table)
        missing = None if target else no_table(session, connection, sync.table)
        return There(target, _has_schema(connection, sync), missing)


def fitting_target(
    session: Session,
    sync: SyncConfig,
    model: Relation,
    making: Making,
    log: Log | None = None,
    found: There | None = None,
) -> tuple[Target, tuple[str, ...]]:
    """Reads the table, which may be made or completed first.

    Args:
        session: on the destination.
        sync: says whether it may (`create_table`, `drift`).
        model: described.
        making: whether it is done now, only tried, or left.
        log: is told of what is done, in the same transaction.
        found: what is there, where it was looked up just now.

    Returns:
        The table as it is then, and a sentence for each thing that was done, or would be.

    Raises:
        ConfigurationError: the mapping cannot be right.
        DestinationError: there is no such table; or a type of the model is not known there.
        PrivilegeError: our role may not do it; the remedy is the statement.
    """
    found = found or find_there(session, sync)
    target = found.target
    changes = () if making == "never" else tuple(_changes(sync, model, target, found.has_schema))
    if found.missing is not None and not changes:
        raise found.missing
    if target is not None and not changes:
        return target, ()
    with session.transaction(f"creating {sync.table}") as connection:
        connection.execute(statement(__package__ or "", "create_lock.sql"), {})
        for change in changes:
            _execute(connection, session, sync, change)
            if log is not None:
                log.change(connection, change.event, **change.about)
        target = find_target(session, connection, sync.table)
        if making == "try":
            raise psycopg.Rollback
    assert target is not None  # noqa: S101 - it was made
    when = "" if making == "keep" else "before the first batch: "
    return target, tuple(f"{when}{change.done}" for change in changes)


def _has_schema(connection: psycopg.Connection, sync: SyncConfig) -> bool:
    schema, _ = split_qualified(sync.table)
    query = statement(__package__ or "", "schema_exists.sql")
    row = connection.execute(query, {"schema": schema}).fetchone()
    return bool(row and row[0])


def _changes(
    sync: SyncConfig, model: Relation, target: Target | None, has_schema: bool
) -> Iterator[Change]:
    wanted = wanted_columns(sync, model)
    if target is None:
        if sync.create_table:
            map_columns(sync, model, wanted.values())  # a key that is not mapped, and the like
            if not has_schema:
                yield _create_schema(sync)
            yield _create(sync, model, wanted)
        return
    if sync.drift == "add_columns":
        types = {one.name: one.type for one in model.columns}
        for source, name in wanted.items():
            if name not in target.columns and source in types:
                _check_is_table(target)
                # Types come from format_type, never from a user.
                yield Change(
                    sql.SQL("ALTER TABLE {} ADD COLUMN IF NOT EXISTS {} {}").format(
                        target.relation, column(name), sql.SQL(types[source])
                    ),
                    f"{target.name} gets the column {name} ({types[source]})",
                    "alter_table",
                    {"column": name, "type": types[source]},
                )


def _check_is_table(target: Target) -> None:
    if target.layers[0].kind not in ("r", "p"):
        raise DestinationError(
            f"{target.name} is {target.kind.told}; drift: add_columns gives columns to tables",
            "add the column yourself, or leave it out: drift: ignore, or columns",
        )


def _create_schema(sync: SyncConfig) -> Change:
    schema, _ = split_qualified(sync.table)
    return Change(
        sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(schema)),
        f"the schema {schema} is created",
        "create_schema",
    )


def _create(sync: SyncConfig, model: Relation, wanted: dict[str, str]) -> Change:
    columns = [*_mapped(sync, model, wanted), *_own(sync)]
    match = tuple(wanted[name] for name in model.key)
    return Change(
        sql.SQL("CREATE TABLE IF NOT EXISTS {} ({}, PRIMARY KEY ({}))").format(
            relation(*split_qualified(sync.table)), COMMA.join(columns), column_list(match)
        ),
        f"{sync.table} is created with {len(columns)} columns, primary key ({', '.join(match)})",
        "create_table",
    )


def _mapped(sync: SyncConfig, model: Relation, wanted: dict[str, str]) -> Iterator[sql.Composable]:
    may_clear = sync.delete_behavior == "clear_fields"
    for one in model.columns:
        if one.name in wanted:
            is_filled = one.nullable is False and not may_clear
            yield sql.SQL("{} {}{}").format(
                column(wanted[one.name]),
                sql.SQL(one.type),
                sql.SQL(" NOT NULL" if is_filled else ""),
            )


def _own(sync: SyncConfig) -> Iterator[sql.Composable]:
    """Columns that the sync fills by itself."""
    stamps = sync.stamps
    for name, spelled in (
        (sync.deleted_column, "timestamptz"),
        (stamps.synced_at, "timestamptz"),
        (stamps.run_id, "bigint"),
    ):
        if name:
            yield sql.SQL("{} {}").format(column(name), sql.SQL(spelled))


def _execute(
    connection: psycopg.Connection, session: Session, sync: SyncConfig, change: Change
) -> None:
    try:
        connection.execute(change.statement)
    except psycopg.errors.InsufficientPrivilege as error:
        raise PrivilegeError(
            _failed(session, sync, error),
            f"as its owner or an administrator: {change.statement.as_string(None)}",
        ) from None
    except (psycopg.errors.UndefinedObject, psycopg.errors.InvalidSchemaName) as error:
        raise DestinationError(
            _failed(session, sync, error), "create the type there, or cast the column in the model"
        ) from None


def _failed(session: Session, sync: SyncConfig, error: psycopg.Error) -> str:
    # Of these errors the primary message speaks of objects, never of values.
    what = f"sync {sync.name!r}: {sync.table} cannot be created or completed at {session.name}"
    return f"{what}: {error.diag.message_primary}"


def untaken(sync: SyncConfig, model: Relation, sources: Sequence[str]) -> str | None:
    """What to say of columns of the model that are not sent, as the table does not have them.

    Args:
        sync: with `drift: ignore`, or nothing is ever left out in silence.
        model: described.
        sources: columns that are mapped.
    """
    left = [name for name in wanted_columns(sync, model) if name not in sources]
    if not left or sync.explicit_mapping is not None:
        return None
    return f"{sync.table} has no column for {', '.join(left)}, which is not sent (drift: ignore)"
