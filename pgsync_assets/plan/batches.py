"""Where the batches of a plan end: after so many rows, or so many bytes, whatever comes first.

The bytes are those that the planner stores, compressed where PostgreSQL compressed them: they can
be told without reading a single value. A plan is only looked at row by row where its batches may
differ much: where it has values that PostgreSQL stores apart (TOAST), or rows so wide that
`batch_size` of them come near the limit. Every other plan is cut by arithmetic.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from ..sql import column
from .keys import ROW
from .run import Run
from .state import Planner
from .streamed import PLACE

PAGE = 8192  # bytes of a table's file, unless its server was built otherwise
NEAR = 4  # a batch of rows that are stored in one piece is rarely four times the average


@dataclass(frozen=True)
class Cut:
    """What a destination transaction may hold.

    Args:
        rows: at most.
        bytes: after this many, no further row. A single row may be larger.
    """

    rows: int
    bytes: int

    def ends(
        self,
        connection: psycopg.Connection[Any],
        planner: Planner,
        run: Run,
        columns: tuple[str, ...],
        total: int,
    ) -> tuple[int, ...] | None:
        """The last row of each batch; None where every batch but the last one has `rows` rows.

        Args:
            connection: the planner's transaction, behind the plan.
            planner: where the plan is.
            run: whose plan it is.
            columns: of the plan that are counted.
            total: rows of the plan.
        """
        if not self._may_be_exceeded(connection, planner, run, total):
            return None
        ends = _ends(connection, planner, run, columns, self)
        return ends if len(ends) > -(-total // self.rows) else None

    def ends_of_places(
        self,
        connection: psycopg.Connection[Any],
        planner: Planner,
        run: Run,
        total: int,
        stored: int,
    ) -> tuple[int, ...] | None:
        """The last row of each batch of a plan whose rows lie at the source; see `ends`.

        Args:
            connection: the planner's transaction, behind the plan.
            planner: where the plan is.
            run: whose plan it is; numbered in the order of its places.
            total: rows of the plan.
            stored: bytes of the file in which they lie, page after page.
        """
        if stored <= self.bytes or NEAR * stored * min(self.rows, total) <= self.bytes * total:
            return None
        ends = _ends_of_places(connection, planner, run, self)
        return ends if len(ends) > -(-total // self.rows) else None

    def _may_be_exceeded(
        self, connection: psycopg.Connection[Any], planner: Planner, run: Run, total: int
    ) -> bool:
        values = {"schema": planner.schema, "run": run.id}
        found = connection.execute(planner.statement("plan_bytes.sql"), values).fetchone()
        assert found is not None  # noqa: S101 - the plan's table is there
        stored, apart = found
        if stored <= self.bytes:
            return False
        return bool(apart) or NEAR * stored * min(self.rows, total) > self.bytes * total


def _ends_of_places(
    connection: psycopg.Connection[Any], planner: Planner, run: Run, cut: Cut
) -> tuple[int, ...]:
    """A batch has no more rows than lie in one stretch of so many bytes."""
    row = connection.execute(
        sql.SQL(
            "SELECT array_agg(last ORDER BY last) FROM (SELECT max({row}) AS last FROM {plan}"
            " GROUP BY ({row} - 1) / {rows},"
            " ({place}::text::point)[0]::bigint / {pages}) AS batch"
        ).format(
            row=column(ROW),
            plan=planner.plan_table(run),
            rows=sql.Literal(cut.rows),
            place=column(PLACE),
            pages=sql.Literal(max(1, cut.bytes // PAGE)),
        )
    ).fetchone()
    return tuple(row[0] or ()) if row else ()


def _ends(
    connection: psycopg.Connection[Any],
    planner: Planner,
    run: Run,
    columns: tuple[str, ...],
    cut: Cut,
) -> tuple[int, ...]:
    sizes = sql.SQL(" + ").join(
        sql.SQL("coalesce(pg_column_size({}), 0)").format(column(name)) for name in columns
    )
    row = connection.execute(
        sql.SQL(
            "SELECT array_agg(last ORDER BY last) FROM (SELECT max({row}) AS last FROM ("
            " SELECT {row}, ({row} - 1) / {rows} AS by_rows,"
            " div(sum({sizes}) OVER (ORDER BY {row} ROWS UNBOUNDED PRECEDING) - ({sizes}), {bytes})"
            " AS by_bytes FROM {plan}) AS measured GROUP BY by_rows, by_bytes) AS batch"
        ).format(
            row=column(ROW),
            rows=sql.Literal(cut.rows),
            bytes=sql.Literal(cut.bytes),
            sizes=sizes,
            plan=planner.plan_table(run),
        )
    ).fetchone()
    return tuple(row[0] or ()) if row else ()
