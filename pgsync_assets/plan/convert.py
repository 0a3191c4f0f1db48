"""A snapshot from one form into another: rows or digests, with or without the partition of each.

Nothing is sent again because of it. Each conversion happens in the transaction that plans, so that
a plan and the snapshot that it was compared with always go together.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import psycopg
from psycopg import sql

from ..sql import COMMA, column, column_list
from .compare import Comparison
from .digest import digest
from .keys import OPERATION, ROW, SEND_AGAIN, same_key
from .scope import Scope
from .shape import DIGEST, LABEL, Shape
from .state import Planner, State

Connection = psycopg.Connection[Any]


def align(
    connection: Connection, planner: Planner, state: State, old: Shape, shape: Shape
) -> Shape:
    """Brings a snapshot into a form that rows of a shape can be compared with and merged into.

    Args:
        connection: the planner's transaction.
        planner: where the snapshot is.
        state: as claimed.
        old: shape of the snapshot.
        shape: of the plan.

    Returns:
        The shape of the snapshot now.
    """
    snapshot = planner.snapshot_table(state)
    if old.is_labelled != shape.is_labelled:
        verb = sql.SQL("ADD COLUMN {} text" if shape.is_labelled else "DROP COLUMN {}")
        connection.execute(
            sql.SQL("ALTER TABLE {} {}").format(snapshot, verb.format(column(LABEL)))
        )
        old = replace(old, is_labelled=shape.is_labelled)
    if not old.compares_with(shape):
        # Only where partitions share the snapshot: each sends its rows when it runs next.
        values = COMMA.join(
            column(name, "snapshot") if old.keeps(name, shape) else _nothing(shape, name)
            for name in shape.kept
        )
        rebuild(connection, planner, state, shape, _operation_of(SEND_AGAIN), values)
        return shape
    if old.holds == "rows" and shape.holds == "digest":
        rebuild(connection, planner, state, shape, column(OPERATION), digest_form(old))
        return shape
    return old


def digest_form(shape: Shape) -> sql.Composable:
    """Key and digest of the rows of a snapshot, from whichever form it has.

    Args:
        shape: of the snapshot, which is named `snapshot` in the statement.
    """
    key = column_list(shape.key, "snapshot")
    if shape.holds == "digest":
        return sql.SQL("{}, {}").format(key, column(DIGEST, "snapshot"))
    typed = zip(shape.columns, shape.types, strict=True)
    return sql.SQL("{}, {} AS {}").format(
        key, digest(typed, "snapshot", shape.algorithm), column(DIGEST)
    )


def needs_images(old: Shape, shape: Shape, scope: Scope) -> bool:
    """Whether the snapshot has digests where rows are wanted."""
    return old.holds == "digest" and shape.holds == "rows" and not scope.is_full


def fill(
    connection: Connection, comparison: Comparison, planner: Planner, state: State, old: Shape
) -> None:
    """Fills in the images of rows that did not change; the others are known by their key alone.

    Those are sent by the plan that was just made; should one be refused, it is sent again.

    Args:
        connection: the planner's transaction, behind the plan.
        comparison: that it was made by.
        planner: where the snapshot is.
        state: as claimed.
        old: shape that the snapshot will have.
    """
    keys = old.key
    values = [column(name, "snapshot" if name in keys else "sound") for name in old.columns]
    operation = sql.SQL(
        'CASE WHEN sound.{digest} IS NULL THEN {again} ELSE snapshot.{op} END::pg_catalog."char"'
    ).format(digest=column(DIGEST), again=sql.Literal(SEND_AGAIN), op=column(OPERATION))
    join = sql.SQL("LEFT JOIN sound ON {} AND sound.{digest} = snapshot.{digest}").format(
        same_key(old, "snapshot", "sound"), digest=column(DIGEST)
    )
    rebuild(
        connection,
        planner,
        state,
        old,
        operation,
        COMMA.join(values),
        ctes=comparison.ctes(),
        join=join,
    )
    planner.store(connection, replace(state, shape=old))


def rebuild(
    connection: Connection,
    planner: Planner,
    state: State,
    shape: Shape,
    operation: sql.Composable,
    values: sql.Composable,
    ctes: sql.Composable = sql.SQL(""),  # noqa: B008 - immutable
    join: sql.Composable = sql.SQL(""),  # noqa: B008 - immutable
) -> None:
    """Replaces a snapshot by one that is made of it.

    Args:
        connection: the planner's transaction.
        planner: where the snapshot is.
        state: as claimed.
        shape: of the new snapshot.
        operation: expression for the mark of a row.
        values: expressions for the columns that it keeps; the old one is named `snapshot`.
        ctes: what stands before the SELECT.
        join: what the old snapshot is joined with.
    """
    old, fresh = planner.snapshot_table(state), sql.Identifier(planner.schema, f"new_{state.id}")
    label = sql.SQL(", snapshot.{}").format(column(LABEL)) if shape.is_labelled else sql.SQL("")
    connection.execute(
        sql.SQL(
            "CREATE TABLE {fresh} ({row}, {op}, {kept}{labelled}) WITH (fillfactor = 90) AS {ctes}"
            " SELECT 0::bigint, {operation}, {values}{label} FROM {old} AS snapshot {join}"
        ).format(
            fresh=fresh,
            row=column(ROW),
            op=column(OPERATION),
            kept=column_list(shape.kept),
            labelled=sql.SQL(", {}").format(column(LABEL)) if shape.is_labelled else sql.SQL(""),
            ctes=ctes,
            operation=operation,
            values=values,
            label=label,
            old=old,
            join=join,
        ),
        binary=True,
    )
    connection.execute(sql.SQL("DROP TABLE {}").format(old))
    rename(connection, planner, state, fresh)
    index(connection, planner, state, shape)


def rename(connection: Connection, planner: Planner, state: State, table: sql.Composable) -> None:
    """Makes a table the snapshot; there must be none."""
    connection.execute(
        sql.SQL("ALTER TABLE {} RENAME TO {}").format(table, sql.Identifier(f"snapshot_{state.id}"))
    )


def index(connection: Connection, planner: Planner, state: State, shape: Shape) -> None:
    """Gives a snapshot its unique index on the key."""
    connection.execute(
        sql.SQL("CREATE UNIQUE INDEX {} ON {} ({})").format(
            sql.Identifier(f"snapshot_{state.id}_key"),
            planner.snapshot_table(state),
            column_list(shape.key),
        )
    )


def _operation_of(mark: str) -> sql.Composable:
    return sql.SQL('{}::pg_catalog."char"').format(sql.Literal(mark))


def _nothing(shape: Shape, name: str) -> sql.Composable:
    spelled = "bigint" if name == DIGEST else shape.stored_type(name)
    return sql.SQL("NULL::{}").format(sql.SQL(spelled))
