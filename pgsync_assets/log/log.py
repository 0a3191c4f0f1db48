"""The log of one sync in its destination.

What a batch did is written in the batch's own transaction (`run_log.py`), so that log and rows
agree whatever crashes. How a run ended is told afterwards, from the audit, which is settled by
then: a run that died in between is told by the next one, which asks what the log knows.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal
from uuid import UUID

import psycopg
from psycopg import sql

from ..connect import Session, at_once, migrate
from ..sql import statement
from .about import About
from .ended import Ended

Level = Literal["INFO", "WARNING", "SEVERE"]


@dataclass(frozen=True)
class Known:
    """Which runs of a state the log has.

    Args:
        newest: number of the last one that ended; None where there is none.
        open: those whose end was never told.
    """

    newest: int | None
    open: tuple[int, ...]


def prepare_log(session: Session, schema: str) -> None:
    """Makes the tables of the log, or brings them to the newest version.

    Args:
        session: on the destination.
        schema: in which they are.

    Raises:
        PrivilegeError: the schema does not exist and may not be created.
        SchemaVersionError: it was written by a newer version.
    """
    migrate(session, schema, __package__ or "")


class Log:
    """Tells the log of one sync, or of one partition that has a state of its own.

    Args:
        session: on the destination.
        schema: of the log; its tables are there.
        about: the sync.
        installation: which planner (or ledger, for a writer) numbers its runs.
        row_count_of: the partition; empty where the whole sync has one state.
    """

    def __init__(
        self, session: Session, schema: str, about: About, installation: UUID, row_count_of: str
    ) -> None:
        self.about = about
        self._session = session
        self._schema = schema
        self._key = {
            "installation": installation,
            "sync": about.sync,
            "row_count_of": row_count_of,
        }

    def known(self) -> Known:
        """What it knows of this state's runs."""
        rows = self.at_once("reading the log", {}, "known.sql")
        newest, unfinished = rows[0] if rows else (None, [])
        return Known(newest, tuple(unfinished))

    def end(self, runs: Sequence[Ended]) -> None:
        """Tells how runs have ended.

        Args:
            runs: which, oldest first; those that ended the same way before are told again.
        """
        table = {f"table_{name}": value for name, value in self._names.items()}
        values = {"runs": json.dumps([asdict(run) for run in runs])} | table
        self.at_once("writing the log", values, "sync.sql", "end.sql")

    def interrupt(self, error: str, sqlstate: str | None) -> None:
        """What is open stopped where it may go on.

        Args:
            error: why, without secrets or values of rows.
            sqlstate: what PostgreSQL answered, where that is why.
        """
        data = self.about.place | {"error": error} | ({"sqlstate": sqlstate} if sqlstate else {})
        values = {"error": error, "sqlstate": sqlstate, "data": json.dumps(data)}
        self.at_once("writing the log", values, "interrupted.sql")

    def forget(self, told: str) -> None:
        """Nobody knows any more which rows of the table are of this sync.

        Args:
            told: why.
        """
        event = self.event("WARNING", "sync_forgotten", reason=told)
        values = {"run": None, "events": json.dumps([event])}
        self.at_once("writing the log", values, "forgotten.sql", "events.sql")

    def rename(self, name: str) -> None:
        """The sync has another name from here on."""
        self.at_once("renaming the sync in the log", {"name": name}, "rename.sql")

    def change(self, connection: psycopg.Connection[Any], what: str, **data: str) -> None:
        """Tells that the table was made or changed, in the transaction that does it.

        Args:
            connection: that transaction.
            what: `create_schema`, `create_table` or `alter_table`.
            data: what else to say: names and types.
        """
        values = {"run": None, "events": json.dumps([self.event("INFO", what, **data)])}
        self.write(connection, values, "sync.sql", "events.sql")

    def event(self, level: Level, what: str, **data: object) -> dict[str, object]:
        """One event, as `events.sql` takes it; what is None is left out.

        Args:
            level: how bad it is.
            what: happened.
            data: more of it.
        """
        told = {name: value for name, value in data.items() if value is not None}
        return {"event": level, "message_event": what, "message_data": self.about.place | told}

    def at_once(self, doing: str, values: Mapping[str, object], *files: str) -> list[Any]:
        """Statements in a transaction of their own, and in one round trip; rows of the last one."""
        return self._session.at_once(doing, self._statements(files), self._values(values))

    def write(
        self, connection: psycopg.Connection[Any], values: Mapping[str, object], *files: str
    ) -> None:
        """Statements in somebody's transaction, in one round trip."""
        at_once(connection, self._statements(files), self._values(values))

    @property
    def _names(self) -> dict[str, str]:
        place = self.about.place
        return {"schema": place["schema"], "name": place["table"]}

    def _statements(self, files: Sequence[str]) -> list[sql.Composed]:
        return [statement(__package__ or "", file, log=self._schema) for file in files]

    def _values(self, values: Mapping[str, object]) -> dict[str, object]:
        about = asdict(self.about)
        about["columns"] = None if self.about.columns is None else list(self.about.columns)
        return {**about, **self._key, **values}
