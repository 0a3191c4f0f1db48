"""The ledger in the destination: how far a run has come, in the transaction of the data.

A COMMIT whose reply was lost is decided by reading it, never by guessing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql

from ..connect import Rows, Session, migrate, translated
from ..errors import FencedOff, HistoryError
from ..plan import State
from ..sql import statement

MIGRATIONS = "pgsync_migrations"
UNWRITTEN = 0
"""Run of a sync that has not written here: such an entry keeps older processes out for a while."""


@dataclass(frozen=True)
class Entry:
    """One row of the ledger.

    Args:
        fence: epoch of the run that may write.
        run: the run that wrote last.
        batch: its last committed batch; 0 for none.
        applied: rows of it that the destination took.
        rejected: rows of it that the destination refused.
    """

    fence: int
    run: int
    batch: int
    applied: int
    rejected: int


@dataclass(frozen=True)
class Reject:
    """A refused row: its number in the plan and why, never its values."""

    plan_row: int
    sqlstate: str | None
    constraint: str | None
    column: str | None
    reason: str


def other_history(state: State, entry: Entry | None) -> tuple[str, str] | None:
    """Which last run planner and ledger each know, where they do not know the same.

    A ledger may know the run and not all of its batches: of a standby that took over.

    Args:
        state: as claimed.
        entry: of its ledger.
    """
    known = (entry.run, entry.batch) if entry else (None, None)
    wanted = (state.ledger_run, state.ledger_batch)
    if known[0] != wanted[0]:
        return f"run {wanted[0] or 'none'}", f"run {known[0] or 'none'}"
    if None not in wanted and known != wanted:
        return f"run {wanted[0]} up to batch {wanted[1]}", f"it up to batch {known[1]}"
    return None


def prepare_tables(session: Session, schema: str) -> None:
    """Makes the tables of a ledger, or brings them to the newest version.

    Args:
        session: on the database that holds them.
        schema: in which they are; it may be somebody else's.

    Raises:
        PrivilegeError: the schema does not exist and may not be created.
        SchemaVersionError: it was written by a newer version.
    """
    migrate(session, schema, __package__ or "", MIGRATIONS, "ledger_unrecorded.sql")


class Ledger:
    """The ledger schema of one destination, through one session.

    Args:
        session: on the destination.
        schema: name of the ledger's schema.
    """

    is_exact = True
    """A batch is in exactly when it says so; else it may be in, and is written again."""

    def __init__(self, session: Session, schema: str) -> None:
        self.session = session
        self.keeper = session
        self.schema = schema

    @classmethod
    def prepare(cls, session: Session, schema: str) -> Ledger:
        """Opens the ledger, creating or migrating its schema first.

        Raises:
            PrivilegeError: the schema does not exist and may not be created.
            SchemaVersionError: it was written by a newer version.
        """
        prepare_tables(session, schema)
        return cls(session, schema)

    @property
    def claim(self) -> sql.Composed:
        """The statement that claims a batch."""
        return statement(__package__, "ledger_advance.sql", ledger=self.schema)

    @contextmanager
    def batch(
        self, doing: str, state: State
    ) -> Iterator[tuple[psycopg.Connection[Any], psycopg.Connection[Any]]]:
        """The transaction of a batch, and the one that its line in the ledger is written in.

        Args:
            doing: see `Session.transaction`.
            state: whose batch it is.
        """
        with self.session.transaction(doing) as connection:
            yield connection, connection

    def identity(self) -> UUID:
        """Which destination this is; a restored copy keeps the name."""
        return self.whereabouts()[0]

    def whereabouts(self) -> tuple[UUID, int]:
        """Which destination this is, and the OID of a table of the ledger there; 0 for none."""
        rows = self._read("ledger_identity.sql", {})
        if not rows:
            raise HistoryError(
                f"{self.session.name}: schema {self.schema} has lost its identity row",
                "it was edited by hand; restore it from a backup",
            )
        return UUID(str(rows[0][0])), int(rows[0][1])

    def read(self, state: State) -> Entry | None:
        """The entry of a sync; None where it never wrote here."""
        rows = self._read("ledger_read.sql", self._key(state))
        return Entry(*rows[0]) if rows else None

    def knows(self, state: State) -> bool:
        """Whether the sync has written here, under whichever planner's name."""
        ((is_known,),) = self._read("ledger_knows.sql", self._key(state))
        return bool(is_known)

    def rejects(self, state: State, run: int) -> list[Reject]:
        """The refused rows of a run, in the order of the plan."""
        rows = self._read("ledger_rejects.sql", self._key(state) | {"run": run})
        return [Reject(*row) for row in rows]

    def _read(self, name: str, values: Mapping[str, object]) -> Rows:
        return self.keeper.read("reading the ledger", self._statement(name), values)

    def open(self, state: State, run: int) -> None:
        """Begins a run: from here on only this epoch may write.

        Raises:
            FencedOff: a newer run has been here.
        """
        self._fence(state, run, "ledger_open.sql")

    def take_over(self, state: State, run: int) -> None:
        """Continues a run that another process began.

        Raises:
            FencedOff: a newer run has been here.
        """
        self._fence(state, run, "ledger_take_over.sql")

    def drop(self, state: State) -> None:
        """Forgets a sync; whatever it wrote stays in its table."""
        with self.keeper.transaction("forgetting the sync") as connection:
            self._execute(connection, "ledger_drop.sql", self._key(state))

    def forget_rejects(self, state: State, rows: Sequence[tuple[int, int]]) -> int:
        """Forgets why rows of settled runs were refused; how many there were.

        Args:
            state: of the sync.
            rows: number of the run, and of the row in its plan.
        """
        runs, numbers = [run for run, _ in rows], [row for _, row in rows]
        values = self._key(state) | {"runs": runs, "numbers": numbers}
        with self.keeper.transaction("forgetting refused rows") as connection:
            return self._execute(connection, "ledger_forget_rows.sql", values).rowcount

    def rename(self, states: Sequence[State], name: str) -> None:
        """What a sync wrote is known under another name from here on; all of it, or nothing.

        Args:
            states: of the sync; the ledger is fenced for each. What is `UNWRITTEN` is forgotten.
            name: the new one.
        """
        with self.keeper.transaction("moving the sync") as connection:
            for state in states:
                values = self._key(state) | {"fence": state.epoch, "name": name}
                values["run"] = UNWRITTEN
                self._execute(connection, "ledger_forget_unwritten.sql", values)
                self._execute(connection, "ledger_rename.sql", values)

    def advance(
        self, connection: psycopg.Connection[Any], state: State, run: int, batch: int
    ) -> None:
        """Claims a batch, as the first statement of its transaction.

        Raises:
            FencedOff: another run may write now.
        """
        values = self._key(state) | {"fence": state.epoch, "run": run, "batch": batch}
        if self._execute(connection, "ledger_advance.sql", values).rowcount != 1:
            raise FencedOff(f"{state.sync}: a newer run took over before batch {batch}")

    def count(
        self, connection: psycopg.Connection[Any], state: State, applied: int, rejected: int
    ) -> int:
        """Adds what a batch did, inside its transaction.

        Returns:
            Rows refused by this run so far.
        """
        values = self._key(state) | {
            "fence": state.epoch,
            "applied": applied,
            "rejected": rejected,
        }
        row = self._execute(connection, "ledger_count.sql", values).fetchone()
        if row is None:
            raise FencedOff(f"{state.sync}: a newer run took over")
        return int(row[0])

    def reject(
        self, connection: psycopg.Connection[Any], state: State, run: int, rejects: list[Reject]
    ) -> None:
        """Records refused rows, inside the transaction of their batch."""
        key = self._key(state) | {"run": run}
        with self._speaking(connection), connection.cursor() as cursor:
            cursor.executemany(
                statement(__package__, "ledger_reject.sql", ledger=self.schema),
                [key | vars(reject) for reject in rejects],
            )

    def _fence(self, state: State, run: int, name: str) -> None:
        values = self._key(state) | {"fence": state.epoch, "run": run}
        first = [self._statement(file) for file in (name, "ledger_forget.sql")]
        with self.keeper.begun("fencing the ledger", first=first, values=values) as (_, answers):
            if len(answers[0]) != 1:  # and nothing is forgotten
                raise FencedOff(f"{state.sync}: a newer run has been at {self.session.name}")

    def _key(self, state: State) -> dict[str, Any]:
        return {
            "installation": state.installation,
            "sync": state.sync,
            "partition": state.partition,
        }

    def _execute(
        self, connection: psycopg.Connection[Any], name: str, values: dict[str, Any]
    ) -> psycopg.Cursor[Any]:
        with self._speaking(connection):
            return connection.execute(self._statement(name), values)

    def _statement(self, name: str) -> sql.Composed:
        return statement(__package__, name, ledger=self.schema)

    def _speaking(self, connection: psycopg.Connection[Any]) -> AbstractContextManager[None]:
        # It may be another connection than the one that the batch is written through.
        return translated(f"{self.keeper.name}: the ledger", connection)
