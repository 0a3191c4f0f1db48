"""One run in the log, while it writes."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import psycopg

from .log import Log


class Refused(NamedTuple):
    """Why a row was refused: never which, and no value of it."""

    sqlstate: str | None
    constraint_name: str | None
    column_name: str | None


@dataclass(frozen=True)
class Done:
    """What a batch did.

    Args:
        batch: its number.
        written: rows that the table took, but removals.
        removed: rows that left the model.
        refused: why, for each row that the table did not take.
        bytes: sent for it.
    """

    batch: int
    written: int
    removed: int
    refused: Sequence[Refused]
    bytes: int


class RunLog:
    """Tells the log of one run while it writes.

    Args:
        log: of its sync.
        run: its number.
    """

    def __init__(self, log: Log, run: int) -> None:
        self._log = log
        self._run = run

    def begin(self, partition: str, batches: int, planned: int) -> None:
        """It begins to write, or goes on.

        Args:
            partition: the slice that it is about; empty for all.
            batches: of its plan.
            planned: rows of its plan.
        """
        event = self._log.event(
            "INFO", "sync_start", partition=partition or None, batches=batches, rows=planned
        )
        values = {
            "run": self._run,
            "partition": partition,
            "batches": batches,
            "planned": planned,
            "events": json.dumps([event]),
        }
        self._log.at_once("writing the log", values, "sync.sql", "begin.sql", "events.sql")

    def batch(self, connection: psycopg.Connection[Any], done: Done) -> None:
        """Tells of a batch, inside its transaction.

        Args:
            connection: that transaction.
            done: what it did.
        """
        values = {
            "run": self._run,
            "batch": done.batch,
            "written": done.written,
            "removed": done.removed,
            "rejected": len(done.refused),
            "bytes": done.bytes,
            "events": json.dumps(self._events(done)),
        }
        self._log.write(connection, values, "batch.sql", "events.sql")

    def _events(self, done: Done) -> list[dict[str, object]]:
        about = self._log.about
        changes = [(about.written, done.written), (about.removed, done.removed)]
        events = [
            self._log.event(
                "INFO", "records_modified", operationType=name, count=count, batch=done.batch
            )
            for name, count in changes
            if name and count
        ]
        if done.refused:
            reasons = [why._asdict() | {"rows": rows} for why, rows in _counted(done.refused)]
            count = len(done.refused)
            events.append(
                self._log.event(
                    "WARNING", "rows_rejected", count=count, batch=done.batch, reasons=reasons
                )
            )
        return events


def _counted(refused: Sequence[Refused]) -> list[tuple[Refused, int]]:
    return Counter(refused).most_common()
