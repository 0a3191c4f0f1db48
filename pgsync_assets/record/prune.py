"""Retention: what is older than it is kept leaves the audit, a few rows a transaction.

The oldest run goes first, and what is of a run before the run itself: a pass that is killed, or
whose time is up, leaves nothing that another one does not find. Only runs that ended long ago are
touched, so that one that settles at the same moment has no row in common with the pass.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import sql

from ..config import KeepConfig, Kept, RetentionConfig
from ..connect import READ_ONLY, migrate
from ..failpoints import failpoint
from ..plan import Planner, old_runs, prune_rejections, prune_runs
from ..sql import relation, statement
from .kept import Keeping, keeping
from .pruned import Pruned, measured

ROWS = 10_000
"""Of a transaction: 50 ms of work, and a lock on old rows for no longer."""

LOCK_WAIT = "2s"
SAID_EVERY = 100_000  # rows
SENT = ("sync_statements", "sync_statement_texts", "sync_batches")
LOG = "sync_changelog"
SHARED = "changelog_rows"  # of the tables that it is read from, the one of several runs
FIRST, LAST = -(1 << 63), (1 << 63) - 1

Say = Callable[[str], None]
Connection = psycopg.Connection[Any]


@dataclass(frozen=True)
class _Old:
    """A run of which something is older than it is kept.

    Args:
        run: its number.
        owner: name of the sync whose it is.
        rows: how many there are at the most.
        table: that has them, where that may be one of the run's own.
    """

    run: int
    owner: str
    rows: int
    table: str = ""


class _TimeIsUp(Exception):
    """The rest is left to the next pass."""


def prune(
    planner: Planner,
    audit: str,
    syncs: Mapping[str, KeepConfig],
    default: RetentionConfig,
    *,
    until: float,
    dry_run: bool,
    say: Say,
) -> Pruned:
    """Takes from the audit of one database, and from the planner beside it, what is too old.

    Args:
        planner: of this version, beside the audit.
        audit: name of the audit's schema; it is migrated first.
        syncs: of the project by name, and what each says of how long it is kept.
        default: what holds where a sync says nothing.
        until: the time of `time.monotonic()` at which it stops.
        dry_run: nothing is deleted; the counts are what would be.
        say: is told how far it is.

    Raises:
        PrivilegeError: the role may not delete there.
        Contention: somebody has locked old rows for long; the next pass goes on.
    """
    session = planner.session
    migrate(session, audit, __package__)
    with session.transaction("looking for what may go", READ_ONLY) as connection:
        kept = keeping(connection, audit, planner.schema, syncs, default)
    one = _Pass(planner, audit, kept, until, say)
    with suppress(_TimeIsUp):
        one.count() if dry_run else one.delete()
        one.is_done = True
    with session.transaction("measuring what is left", READ_ONLY) as connection:
        tables = [
            table
            for schema in (audit, planner.schema)
            for table in measured(connection, audit, schema, one.of(schema), is_dry=dry_run)
        ]
    return Pruned(tables, one.is_done)


@dataclass
class _Pass:
    """One pass over one database."""

    planner: Planner
    audit: str
    kept: Keeping
    until: float
    say: Say
    is_done: bool = False
    gone: dict[tuple[str, str], int] = field(default_factory=dict)

    def of(self, schema: str) -> dict[str, int]:
        """Rows that went from each table of a schema."""
        return {table: self.gone.get((schema, table), 0) for table in self._tables[schema]}

    @property
    def _tables(self) -> Mapping[str, Sequence[str]]:
        own = ("sync_runs", "sync_changelog", "snapshot_failures")
        return {self.audit: (*own, *SENT), self.planner.schema: ("runs", "rejections")}

    def delete(self) -> None:
        """Deletes what may go, the oldest first."""
        self._changelog(deletes=True)
        for group in _groups(self._old("statements", "old_statements.sql")):
            self._add_all(SENT, "prune_statements.sql", _whose(group))
        for sync, run in self.kept.dead:
            self._snapshot(sync, run)
        for group in _groups(self._ended()):
            self._forget(group)
        for group in _groups([one for one in self._old("runs", "old_runs.sql") if not one.rows]):
            self._add_all(("sync_runs",), "prune_runs.sql", _whose(group))

    def count(self) -> None:
        """Counts what would go."""
        logged = self._changelog(deletes=False)
        sent = self._old("statements", "old_statements.sql")
        self._add_all(SENT, "count_statements.sql", _whose(sent))
        for sync, run in self.kept.dead:
            names = {"sync": sync, "run": run}
            self._add_all(("snapshot_failures",), "count_snapshot.sql", names)
        ended, empty = self._ended(), {*logged, *(one.run for one in sent)}
        self._add(self.planner.schema, "runs", len(ended))
        self._add(self.planner.schema, "rejections", sum(one.rows for one in ended))
        old = self._old("runs", "old_runs.sql")
        self._add(self.audit, "sync_runs", sum(not one.rows or one.run in empty for one in old))

    def _old(self, kept: Kept, name: str) -> list[_Old]:
        with self._transaction() as connection:
            values = {**self.kept.of(kept), "schema": self.audit}
            rows = connection.execute(self._statement(name), values).fetchall()
        return [_Old(run, owner, int(size), *table) for run, owner, size, *table in rows]

    def _changelog(self, *, deletes: bool) -> set[int]:
        """Old runs leave the log; or it is only counted.

        Returns:
            Those of which nothing stays.
        """
        found = self._old("changelog", "old_changelog.sql")
        own = {one.run for one in found if one.table != SHARED}
        staying: set[int] = set()
        for group in _groups(found):
            table = group[0].table
            if deletes and table != SHARED and not self._stays(group):
                self._drop(group[0])
                continue
            for bounds in _bounds(group):
                deleted, stay = self._slice(group, bounds, deletes=deletes)
                self._add(self.audit, LOG, deleted)
                staying.update(stay)
            done = [one.run for one in group if table != SHARED or one.run not in own]
            if deletes:
                with self._transaction() as connection:
                    self._mark(connection, done, is_gone=False)
        return {one.run for one in found} - staying

    def _stays(self, group: Sequence[_Old]) -> bool:
        """Whether a row of a run with a table of its own has to stay."""
        slices = (self._slice(group, bounds, deletes=False) for bounds in _bounds(group))
        return any(stay for _, stay in slices)

    def _slice(
        self, group: Sequence[_Old], bounds: tuple[int, int], *, deletes: bool
    ) -> tuple[int, Sequence[int]]:
        """Rows of some runs that went, or would; and runs of which others stay."""
        values = {
            **_whose(group),
            "after": bounds[0],
            "up_to": bounds[1],
            "dead": [name for name, _ in self.kept.dead],
            "deletes": deletes,
        }
        with self._transaction() as connection:
            query = self._statement("prune_changelog.sql", group[0].table)
            row = connection.execute(query, values).fetchone()
            assert row is not None  # noqa: S101 - a SELECT without FROM has one row
            if deletes and row[0]:
                failpoint("rows pruned")
        if deletes and row[0]:
            failpoint("rows gone")
        return row[0], row[1] or ()

    def _drop(self, one: _Old) -> None:
        """The table of a run goes; who reads the log is waited for, though not for long."""
        with self._transaction() as connection:
            table = relation(self.audit, one.table)
            row = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(table)).fetchone()
            connection.execute(sql.SQL("DROP TABLE {}").format(table))
            self._mark(connection, [one.run], is_gone=True)
        self._add(self.audit, LOG, row[0] if row else 0)

    def _mark(self, connection: Connection, runs: Sequence[int], *, is_gone: bool) -> None:
        values = {"runs": list(runs), "is_gone": is_gone}
        connection.execute(self._statement("looked_at.sql"), values)

    def _ended(self) -> list[_Old]:
        """Runs that the planner need not know any more."""
        with self._transaction() as connection:
            times, needed = self.kept.ended, self.kept.needed
            found = old_runs(connection, self.planner.schema, times, needed)
        return [_Old(run, "", refused) for run, refused in found]

    def _snapshot(self, sync: str, run: int) -> None:
        """Rows of a sync that nobody has any more are refused no longer."""
        after, seen = "", ROWS
        while seen == ROWS:
            with self._transaction() as connection:
                values = {"sync": sync, "run": run, "row": after, "limit": ROWS}
                query = self._statement("prune_snapshot.sql")
                row = connection.execute(query, values).fetchone()
            assert row is not None  # noqa: S101 - a SELECT without FROM has one row
            seen, deleted, after = row
            self._add(self.audit, "snapshot_failures", deleted)

    def _forget(self, group: Sequence[_Old]) -> None:
        """The planner forgets some runs."""
        schema, runs, deleted = self.planner.schema, [one.run for one in group], ROWS
        while deleted == ROWS and any(one.rows for one in group):
            with self._transaction() as connection:
                deleted = prune_rejections(connection, schema, runs, ROWS)
            self._add(schema, "rejections", deleted)
        with self._transaction() as connection:
            deleted = prune_runs(connection, schema, runs)
        self._add(schema, "runs", deleted)

    def _add(self, schema: str, table: str, rows: int) -> None:
        before = self.gone.get((schema, table), 0)
        self.gone[schema, table] = before + rows
        if before // SAID_EVERY != (before + rows) // SAID_EVERY:
            self.say(f"{self.planner.session.name}: {before + rows:,} rows of {table} deleted")

    def _add_all(self, tables: Sequence[str], name: str, values: Mapping[str, Any]) -> None:
        """Runs a statement that answers with how many rows of each table went, or would."""
        with self._transaction() as connection:
            row = connection.execute(self._statement(name), values).fetchone()
        assert row is not None  # noqa: S101 - a SELECT without FROM has one row
        for table, rows in zip(tables, row, strict=True):
            self._add(self.audit, table, rows)

    def _statement(self, name: str, table: str = SHARED) -> sql.Composed:
        names = {"audit": self.audit, "planner": self.planner.schema, "changelog": table}
        return statement(__package__, name, **names)

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        if time.monotonic() >= self.until:
            raise _TimeIsUp
        with self.planner.session.transaction("pruning") as connection:
            connection.execute(
                statement(__package__, "prune_settings.sql"), {"lock_timeout": LOCK_WAIT}
            )
            yield connection


def _groups(old: Sequence[_Old]) -> Iterator[list[_Old]]:
    """Runs of one table that go together in one transaction; one that is larger stands alone."""
    group: list[_Old] = []
    rows = 0
    for one in old:
        is_other = bool(group) and group[0].table != one.table
        if group and (is_other or rows + max(one.rows, 1) > ROWS):
            yield group
            group, rows = [], 0
        group.append(one)
        rows += max(one.rows, 1)
    if group:
        yield group


def _bounds(group: Sequence[_Old]) -> list[tuple[int, int]]:
    """Rows of plans in slices; refused keys, which are in no plan, have negative numbers."""
    rows = sum(one.rows for one in group)
    ends = [FIRST, *range(0, rows if rows > ROWS else 0, ROWS), LAST]
    return list(zip(ends, ends[1:], strict=False))


def _whose(group: Sequence[_Old]) -> dict[str, Any]:
    return {"runs": [one.run for one in group], "owners": [one.owner for one in group]}
