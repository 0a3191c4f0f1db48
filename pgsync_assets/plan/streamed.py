"""A first sync whose rows are stored nowhere on their way: the plan has keys, digests and places.

A place is a row's ctid. Within one snapshot a stretch of places has the same rows however often it
is read, so the plan is numbered in the order of places, and a batch is a stretch of them, read from
the source while the snapshot is held. VACUUM FULL and CLUSTER are locked out by that reader.

Only the run that holds the snapshot can write such a plan. After a crash the ledger says which
batches are in; their keys and digests are in the plan, and everything else is planned anew.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, suppress
from typing import Any

import psycopg
from psycopg import sql

from ..config import split_qualified
from ..connect import READ_ONLY, Ahead, Session, pump, translated
from ..errors import PgsyncError
from ..sql import COMMA, column, column_list, relation, statement
from .digest import digest
from .keys import OPERATION, ROW
from .reading import Question
from .run import Run
from .shape import DIGEST
from .state import Planner, State

PLACE = "_pgsync_place"

_log = logging.getLogger(__name__)

Connection = psycopg.Connection[Any]


class Streamed:
    """The rows of a plan that stay at the source until they are written.

    `bytes`: of the table's file, where the plan was made this way; else None.
    `ahead`: rows that are asked for, and not read yet; nothing else may be asked meanwhile.

    Args:
        source: a session where the model is, in which nothing else happens meanwhile.
        planner: that gets the plan.
        question: about a plain table, all of it, whose key an index proves.
    """

    def __init__(
        self, source: AbstractContextManager[Session], planner: Planner, question: Question
    ) -> None:
        assert question.model.table is not None  # noqa: S101 - see `may_stream`
        self._source = source
        self._planner = planner
        self._question = question
        self._name = split_qualified(question.model.table)
        self._held = ExitStack()
        self._reader: Connection | None = None
        self.bytes: int | None = None
        self.ahead = Ahead()

    @property
    def relation(self) -> sql.Composable:
        """The table at the source."""
        return relation(*self._name)

    @property
    def table(self) -> sql.Composable:
        """The same in a FROM; its rows have the alias `model`."""
        return sql.SQL("{} AS model").format(self.relation)

    @property
    def reader(self) -> Connection:
        """The transaction that holds the snapshot."""
        assert self._reader is not None  # noqa: S101 - opened by whoever plans
        return self._reader

    def open(self, moment: str | None = None) -> Connection:
        """Begins the snapshot; it is held until `close`.

        Args:
            moment: that another transaction has exported.
        """
        session = self._held.enter_context(self._source)
        self._reader = self._held.enter_context(
            session.transaction("reading the model", READ_ONLY, moment=moment)
        )
        return self._reader

    def close(self) -> None:
        """Ends the snapshot. Nothing was written in it: how that ends does not matter any more."""
        self._reader = None
        with suppress(PgsyncError):
            self.ahead.close()
        with suppress(PgsyncError):
            self._held.close()

    def plan_across(
        self, connection: Connection, run: Run, told: Callable[[int], None]
    ) -> tuple[int, int] | None:
        """Makes the plan of a run of all rows, in the order of their places.

        Args:
            connection: the planner's transaction.
            run: whose plan it is.
            told: is told how many rows came so far.

        Returns:
            Rows of it, and bytes that were read; None where places do not tell the rows apart, or
            the server would not read them in the order of their places.
        """
        size = self._locked()
        if size is None:
            return None
        with translated("reading the model", self.reader):
            self.reader.execute(statement(__package__, "in_order_settings.sql"), {})
            if not self._is_in_order():
                return None
        plan = self._planner.plan_table(run)
        self._create(connection, plan)
        into = sql.SQL("{} ({})").format(plan, column_list((ROW, PLACE, *self._known)))
        rows, come = pump(self.reader, self._selected(), connection, into, told=told)
        # Of rows that come later nothing is known yet.
        connection.execute(
            sql.SQL("ALTER TABLE {} ALTER COLUMN {} DROP DEFAULT").format(plan, column(OPERATION))
        )
        self.bytes = size
        return rows, come

    def plan_here(self, connection: Connection, run: Run) -> int | None:
        """The same in the database of the model, by one statement, in the planner's own moment.

        Args:
            connection: the planner's transaction.
            run: whose plan it is.

        Returns:
            Bytes of the table's file; None where places do not tell the rows apart, or there is no
            second session to be had.
        """
        row = connection.execute("SELECT pg_catalog.pg_export_snapshot()").fetchone()
        assert row is not None  # noqa: S101 - a function has one row
        try:
            self.open(row[0])
        except PgsyncError as error:
            _log.info("rows are stored before they are written: %s", error.message)
            return None
        size = self._locked()
        if size is None:
            return None
        for name in ("reading_settings.sql", "memory_settings.sql"):
            connection.execute(self._planner.statement(name), {})
        connection.execute(self._created(self._planner.plan_table(run)), binary=True)
        self.bytes = size
        return size

    def _locked(self) -> int | None:
        """Bytes of the table, which from here on stays what it is found to be."""
        schema, table = self._name
        # What goes wrong here is this session's, not that of the planner around it.
        with translated("reading the model", self.reader):
            self.reader.execute(sql.SQL("SELECT FROM {} WHERE false").format(self.table))
            found = self.reader.execute(
                statement(__package__, "streamable.sql"), {"schema": schema, "table": table}
            ).fetchone()
        return found[0] if found else None

    def stretch(self, rows: tuple[int, int], places: tuple[str, str]) -> sql.Composable:
        """A relation named `model` of the rows between two places, both included.

        Args:
            rows: numbers of the plan, `first < row <= last`.
            places: of row `first + 1`, and of row `last`.
        """
        return sql.SQL(
            "(SELECT pg_catalog.row_number() OVER (ORDER BY model.ctid) + {first} AS {row},"
            " 'a'::pg_catalog.\"char\" AS {op}, {columns} FROM {table} WHERE {between}) AS model"
        ).format(
            first=sql.Literal(rows[0]),
            row=column(ROW),
            op=column(OPERATION),
            columns=column_list(self._question.shape.columns, "model"),
            table=self.table,
            between=between(places),
        )

    def _is_in_order(self) -> bool:
        """One scan, by one process, from the first page to the last: rows are numbered by place."""
        explained = sql.SQL("EXPLAIN (COSTS OFF) {}").format(self._selected())
        lines = [line for (line,) in self.reader.execute(explained).fetchall()]
        nodes = [line for line in lines if not line.startswith(" ") or "->" in line]
        return len(nodes) == 2 and nodes[0] == "WindowAgg" and "->  Seq Scan on " in nodes[1]

    @property
    def _known(self) -> tuple[str, ...]:
        return (*self._question.shape.key, DIGEST)

    def _create(self, connection: Connection, plan: sql.Composable) -> None:
        shape = self._question.shape
        # Types come from format_type, never from a user. Every row of it is new.
        keys = [
            sql.SQL("{} {}").format(column(k), sql.SQL(shape.stored_type(k))) for k in shape.key
        ]
        connection.execute(
            sql.SQL(
                # In this order a place costs nothing: it fills what alignment would leave empty.
                "CREATE TABLE {plan} ({row} bigint, {keys}, {digest} bigint, {place} tid,"
                " {op} pg_catalog.\"char\" DEFAULT 'a') WITH (fillfactor = 90)"
            ).format(
                plan=plan,
                row=column(ROW),
                op=column(OPERATION),
                keys=COMMA.join(keys),
                digest=column(DIGEST),
                place=column(PLACE),
            )
        )

    def _created(self, plan: sql.Composable) -> sql.Composed:
        """Digests are made by several processes; then the rows are brought into their order."""
        return sql.SQL(
            "CREATE TABLE {plan} WITH (fillfactor = 90) AS"
            " SELECT pg_catalog.row_number() OVER (ORDER BY found.{place}) AS {row}, {keys},"
            " found.{digest}, found.{place}, 'a'::pg_catalog.\"char\" AS {op}"
            " FROM (SELECT model.ctid AS {place}, {known}, {made} AS {digest} FROM {table})"
            " AS found"
        ).format(
            plan=plan,
            row=column(ROW),
            place=column(PLACE),
            digest=column(DIGEST),
            op=column(OPERATION),
            keys=column_list(self._question.shape.key, "found"),
            known=column_list(self._question.shape.key, "model"),
            made=self._digest,
            table=self.table,
        )

    def _selected(self) -> sql.Composable:
        return sql.SQL("SELECT pg_catalog.row_number() OVER (), model.ctid, {}, {} FROM {}").format(
            column_list(self._question.shape.key, "model"), self._digest, self.table
        )

    @property
    def _digest(self) -> sql.Composable:
        shape = self._question.shape
        columns = zip(shape.columns, shape.types, strict=True)
        return digest(columns, "model", shape.algorithm)


def unplan(planner: Planner, state: State, run: Run) -> None:
    """Takes back a plan of which nothing was written; the same run makes another one.

    Args:
        planner: that has it.
        state: as claimed.
        run: whose plan it is.
    """
    with planner.hold(state, "taking a plan back") as connection:
        connection.execute(planner.statement("unplan.sql"), {"run": run.id})
        connection.execute(sql.SQL("DROP TABLE {}").format(planner.plan_table(run)))


def between(places: tuple[str, str]) -> sql.Composable:
    """A condition on `model`: it lies between two places, both included."""
    first, last = map(sql.Literal, places)
    return sql.SQL("model.ctid >= {}::tid AND model.ctid <= {}::tid").format(first, last)
