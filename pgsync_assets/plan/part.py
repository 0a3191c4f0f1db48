"""A run may send a part of what changed: so many rows, or those alone that are refused now.

What is left over stays a change: it gets into no plan, nothing is noted of it, and the next run
finds it again. The part is taken before the plan is numbered, by one statement for both engines.

Rows that were refused come last, those that were tried most often at the very end: however small
the part, a row that the destination never takes does not keep the others waiting.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from ..errors import ConfigurationError
from ..outcome import Counts
from ..sql import column, column_list
from .keys import OPERATION, ROW, same_key
from .shape import Shape

ATTEMPTS = "_pgsync_attempts"

Connection = psycopg.Connection[Any]


@dataclass(frozen=True)
class Part:
    """Which changes a run plans.

    Args:
        rows: at most so many; None: no limit.
        only_rejected: only rows that are refused now, parked ones among them.
    """

    rows: int | None = None
    only_rejected: bool = False

    @property
    def is_all(self) -> bool:
        """Every change is planned."""
        return self.rows is None and not self.only_rejected

    def check(self, *, full_resync: bool) -> None:
        """Makes sure that it can be asked for.

        Args:
            full_resync: every row is to be sent again.

        Raises:
            ConfigurationError: it cannot.
        """
        if self.rows is not None and self.rows < 1:
            raise ConfigurationError(
                f"a row limit of {self.rows} sends nothing", "choose 1 or more; or plan only"
            )
        if self.only_rejected and full_resync:
            raise ConfigurationError(
                "a full resync sends every row again, not only rejected ones", "choose one of them"
            )


def take(
    connection: Connection,
    part: Part,
    shape: Shape,
    changes: sql.Composable,
    columns: tuple[str, ...],
    refused: sql.Composable | None,
    into: sql.Composable,
) -> Counts:
    """Makes a table of the changes that a part has, numbered from 1.

    Args:
        connection: the planner's transaction.
        part: which ones.
        shape: of the changes.
        changes: the table of all of them.
        columns: of it, that are kept beside the operation.
        refused: relation with the key and the attempts of rows that are refused now; None: no row
            is.
        into: the table to be made.

    Returns:
        The changes that are left over.
    """
    join: sql.Composable = sql.SQL("")
    order: sql.Composable = sql.SQL("")
    if refused is not None:
        join = sql.SQL("{kind} JOIN {refused} AS refused ON {same}").format(
            kind=sql.SQL("" if part.only_rejected else "LEFT"),
            refused=refused,
            same=same_key(shape, "refused", "change"),
        )
        order = sql.SQL("refused.{} NULLS FIRST, ").format(column(ATTEMPTS))
    elif part.only_rejected:
        join = sql.SQL("WHERE false")
    connection.execute(
        sql.SQL(
            "CREATE UNLOGGED TABLE {into} AS SELECT row_number() OVER () AS {row}, chosen.* FROM ("
            " SELECT {columns}, change.{op} FROM {changes} AS change {join}"
            " ORDER BY {order}change.{op} DESC, change.{row} LIMIT {limit}) AS chosen"
        ).format(
            into=into,
            row=column(ROW),
            op=column(OPERATION),
            columns=column_list(columns, "change"),
            changes=changes,
            join=join,
            order=order,
            limit=sql.Literal(part.rows),
        )
    )
    return _counted(connection, changes) - _counted(connection, into)


def _counted(connection: Connection, changes: sql.Composable) -> Counts:
    row = connection.execute(
        sql.SQL(
            "SELECT count(*) FILTER (WHERE {op} = 'a'), count(*) FILTER (WHERE {op} = 'c'),"
            " count(*) FILTER (WHERE {op} = 'r') FROM {changes}"
        ).format(op=column(OPERATION), changes=changes)
    ).fetchone()
    assert row is not None  # noqa: S101 - an aggregate has one row
    return Counts(*row)
