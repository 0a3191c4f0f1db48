"""What changed: the model compared with the snapshot, as the numbered rows of a plan table.

One REPEATABLE READ transaction compares, stores the changed rows with their images and counts
them. Later edits at the source cannot change this run; where a table is replaced meanwhile, it
begins again (Contention). A full plan holds every row of the model
(a first sync, a resync, a changed mapping) and *becomes* the snapshot: one copy.

Tables are filled by CREATE TABLE AS: it writes in bulk, 0.6 times the cost of INSERT .. SELECT.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import psycopg
from psycopg import sql

from ..config import DuplicateKeys, Limit, exceeds
from ..errors import TooManyRejectedRows
from ..failpoints import failpoint
from ..outcome import Counts
from ..sql import column, column_list
from . import convert
from .batches import Cut
from .compare import Comparison
from .invalid_keys import invalid_keys, refuse_invalid
from .keys import OPERATION, ROW
from .parked import Parked
from .reading import Reading
from .refuse import Refusals
from .run import Plan, Run
from .scope import Scope
from .shape import DIGEST, Shape
from .state import Planner, State


class Diff:
    """The comparison of one model with one snapshot.

    Args:
        planner: where the snapshot is.
        state: as claimed.
        shape: of the plan.
        old: of the snapshot, where its rows can be compared by key; else None.
        reading: the model.
        proven: an index guarantees that its key is unique and never NULL.
        scope: which rows are compared.
    """

    def __init__(
        self,
        planner: Planner,
        state: State,
        shape: Shape,
        old: Shape | None,
        reading: Reading,
        *,
        proven: bool,
        scope: Scope,
    ) -> None:
        self._planner = planner
        self._state = state
        self._shape = shape
        self._old = old
        self._reading = reading
        self._proven = proven
        self._scope = scope

    def store(
        self,
        run: Run,
        fingerprint: str,
        cut: Cut,
        max_invalid: Limit,
        on_duplicate_key: DuplicateKeys = "reject",
        named: Callable[[str], str] = str,
    ) -> Plan:
        """Compares, and stores the plan; commits.

        Args:
            run: the run that the plan belongs to.
            fingerprint: of configuration and destination.
            cut: what a destination transaction may hold.
            max_invalid: more rows that cannot be planned than this stop the run.
            on_duplicate_key: `fail` if a single row with an invalid key stops it.
            named: the public name of a row, of its plain one.

        Raises:
            InvalidKeysError: there is one; nothing was stored.
            TooManyRejectedRows: there are too many; nothing was stored.
            FencedOff: a newer run took over.
        """
        with (
            self._reading.snapshot(),
            self._planner.hold(self._state, "planning", "plan_settings.sql") as connection,
        ):
            stored = self._reading.stream(connection, run)
            if stored is None:
                judged = partial(self._judge, connection, run, on_duplicate_key, max_invalid, named)
                invalid, left_out, left = self._compare(connection, run, judged)
            else:
                invalid, left_out, left = 0, 0, Counts()
                self._create_indexes(connection, run, is_snapshot=True)
            counts = self._planner.planned(connection, run)
            self._stop_at(invalid, (counts + left).total, max_invalid)
            plan = Plan(
                run=run,
                is_full=self._scope.is_full,
                fingerprint=fingerprint,
                shape=self._shape,
                batch_size=cut.rows,
                counts=counts,
                invalid=invalid,
                base_run=self._state.ledger_run,
                cursor=self._cursor(connection),
                is_whole=self._scope.is_whole,
                batch_ends=self._batch_ends(connection, run, cut, counts, stored),
                left_out=left_out,
                left=left,
                is_streamed=stored is not None,
            )
            self._planner.save(connection, plan)
            failpoint("plan made")
        return plan

    def _compare(
        self, connection: psycopg.Connection[Any], run: Run, judge: Callable[[], None]
    ) -> tuple[int, int, Counts]:
        """Compares model and snapshot, and stores what changed.

        Returns:
            Rows that cannot be planned, and see `_make`.
        """
        old = self._aligned(connection)
        if old is not None and not self._scope.sends_all:
            self._prepare_comparison(connection)
        model = self._reading.model(connection, images=self._scope.sends_all, old=old)
        among = self._reading.among("old")
        comparison = Comparison(
            self._planner, self._state, self._shape, old, model, self._proven, self._scope, among
        )
        refusals = Refusals(comparison, run)
        if refusals.of_keys(connection):
            judge()
        left_out, left = self._make(connection, run, comparison, refusals)
        return refusals.count, left_out, left

    def _judge(
        self,
        connection: psycopg.Connection[Any],
        run: Run,
        on_duplicate_key: DuplicateKeys,
        max_invalid: Limit,
        named: Callable[[str], str],
    ) -> None:
        key = self._shape.key
        found = invalid_keys(self._planner, connection, run, key, named)
        refuse_invalid(self._state.sync, key, found, on_duplicate_key, max_invalid)

    def _batch_ends(
        self,
        connection: psycopg.Connection[Any],
        run: Run,
        cut: Cut,
        counts: Counts,
        stored: int | None,
    ) -> tuple[int, ...] | None:
        if stored is not None:
            return cut.ends_of_places(connection, self._planner, run, counts.total, stored)
        return cut.ends(connection, self._planner, run, self._shape.columns, counts.total)

    def _make(
        self,
        connection: psycopg.Connection[Any],
        run: Run,
        comparison: Comparison,
        refusals: Refusals,
    ) -> tuple[int, Counts]:
        """The plan's table, and images for a snapshot that has none but should.

        Returns:
            Parked rows that are not in it, and changes that are left to the next run.
        """
        parked = None
        if comparison.old is not None and self._scope.has_refused:
            parked = Parked(self._planner, connection, self._state, self._shape, run)
        comparison.prepare(connection, self._reading, parked)
        left = self._create_plan(connection, run, comparison, refusals, parked)
        if comparison.old is not None and convert.needs_images(
            comparison.old, self._shape, self._scope
        ):
            convert.fill(connection, comparison, self._planner, self._state, self._shape)
        self._reading.check(connection)
        comparison.forget(connection)
        self._reading.forget(connection)
        if parked is not None:
            parked.forget()
        is_snapshot = self._scope.is_full and self._shape.holds == "rows"
        self._create_indexes(connection, run, is_snapshot=is_snapshot)
        return parked.left_out if parked else 0, left

    def _prepare_comparison(self, connection: psycopg.Connection[Any]) -> None:
        values = {"schema": self._planner.schema, "state": self._state.id}
        connection.execute(self._planner.statement("comparison_settings.sql"), values)

    def _aligned(self, connection: psycopg.Connection[Any]) -> Shape | None:
        """The snapshot in a form that this comparison can use; kept so in the same transaction."""
        old = self._old
        if old is None or self._scope.is_full:
            return old
        aligned = convert.align(connection, self._planner, self._state, old, self._shape)
        if aligned != old:
            self._planner.store(connection, replace(self._state, shape=aligned))
        return aligned

    def _create_plan(
        self,
        connection: psycopg.Connection[Any],
        run: Run,
        comparison: Comparison,
        refusals: Refusals,
        parked: Parked | None,
    ) -> Counts:
        parts = {
            "plan": self._planner.plan_table(run),
            "row": column(ROW),
            "op": column(OPERATION),
            "columns": column_list(self._plan_columns, "change"),
        }
        fetch = self._reading.fetch(images=self._scope.sends_all)
        is_stored = fetch is not None or not self._scope.part.is_all
        ctes: sql.Composable = sql.SQL("")
        changes: sql.Composable
        left = Counts()
        if not is_stored:
            ctes, changes = comparison.ctes(), comparison.changes(self._plan_columns)
        else:
            columns = self._plan_columns if fetch is None else comparison.known
            changed, left = self._stored_changes(connection, comparison, columns, parked)
            changes = sql.SQL("TABLE {}").format(changed)
            if fetch is not None:
                images = fetch(connection, changed)
                refusals.of_unstable(connection, changed, images)
                changes = comparison.with_images(changed, images, self._plan_columns)
        # Removals first: another row may take over a unique value of a removed one (trap 9).
        connection.execute(
            sql.SQL(
                "CREATE TABLE {plan} WITH (fillfactor = 90) AS {ctes}"
                " SELECT row_number() OVER ({order}) AS {row},"
                ' change.{op}::pg_catalog."char" AS {op}, {columns} FROM ({changes}) AS change'
            ).format(**parts, ctes=ctes, changes=changes, order=self._order(parked)),
            binary=True,
        )
        if parked is not None and not is_stored:
            parked.take_out(parts["plan"])
        return left

    def _stored_changes(
        self,
        connection: psycopg.Connection[Any],
        comparison: Comparison,
        columns: tuple[str, ...],
        parked: Parked | None,
    ) -> tuple[sql.Composable, Counts]:
        """A table of the changes to be planned, and those that are left to the next run."""
        changed = comparison.store_changes(connection, columns)
        if parked is not None:
            parked.take_out(changed)
        part = self._scope.part
        if part.is_all:
            return changed, Counts()
        refused = parked.attempts if parked else None
        return comparison.take(connection, part, changed, columns, refused)

    def _order(self, parked: Parked | None) -> sql.Composable:
        if self._old is None:
            return sql.SQL("")
        # Those that are taken out again come last: the numbers of the others have no gap.
        last = sql.SQL("{}, ").format(parked.is_left_out("change")) if parked else sql.SQL("")
        return sql.SQL("ORDER BY {}change.{} DESC").format(last, column(OPERATION))

    @property
    def _plan_columns(self) -> tuple[str, ...]:
        return self._shape.columns + ((DIGEST,) if self._shape.holds == "digest" else ())

    def _cursor(self, connection: psycopg.Connection[Any]) -> str | None:
        if self._scope.cursor is None:
            return None
        return self._reading.highest(connection, self._scope.cursor) or self._state.cursor

    def _create_indexes(
        self, connection: psycopg.Connection[Any], run: Run, *, is_snapshot: bool
    ) -> None:
        plan = self._planner.plan_table(run)
        # Batches are read by row number; rows lie in that order, so a block range index finds them.
        connection.execute(
            sql.SQL("CREATE INDEX {} ON {} USING brin ({}) WITH (pages_per_range = 16)").format(
                sql.Identifier(f"rows_{run.id}"), plan, column(ROW)
            )
        )
        if is_snapshot:
            connection.execute(
                sql.SQL("CREATE UNIQUE INDEX {} ON {} ({})").format(
                    sql.Identifier(f"key_{run.id}"), plan, column_list(self._shape.key)
                )
            )

    def _stop_at(self, invalid: int, planned: int, at_most: Limit) -> None:
        if exceeds(invalid, at_most, planned + invalid):
            raise TooManyRejectedRows(
                f"{self._state.sync}: {invalid} rows of the model have a NULL or repeated key "
                f"({', '.join(self._shape.key)}), or are others when they are read again; "
                f"max_rejected_rows is {at_most}",
                "choose a key that identifies a row, or filter such rows in the model",
            )
