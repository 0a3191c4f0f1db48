"""What a run sends, written down while it writes: the debugger's record.

It is telemetry. Which rows are in is known by the ledger, so the lines are written in small
transactions that nobody waits for, and a record that cannot be written costs the run a note.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import blake2b
from typing import Any

from ..config import SyncConfig
from ..connect import Session
from ..errors import ConnectionLost, PgsyncError
from ..plan import Run
from ..sent import Sent, SentBatches
from ..sql import statement
from ..write import Step, Trace, TracedBatch
from .batches import shown_batches

PAUSE_S = 1.0
"""A run that is killed loses the lines of its last second."""
SHOWN = 50
"""Batches that the outcome of a run has."""
LONGEST_TEXT = 100_000  # characters; a hook is as long as its owner wants


class SentRecord:
    """The lines of one run in sync_batches, sync_statements and sync_statement_texts.

    Audit level `off` has none. `trace` is to be told what is sent.

    Args:
        session: on the planner's database.
        schema: name of the audit's schema.
        sync: that runs.
        run: the run.
    """

    def __init__(self, session: Session, schema: str, sync: SyncConfig, run: Run) -> None:
        self._session = session
        self._schema = schema
        self._run: dict[str, Any] = {"sync": sync.name, "run": run.id, "partition": run.partition}
        self._batches: list[TracedBatch] = []
        self._texts: dict[bytes, int] = {}
        self._new: list[bytes] = []
        self._written_at = time.monotonic()
        self._failed: int | None = None
        self._is_on = sync.audit.level != "off"
        self._notes: tuple[str, ...] = ()
        self.trace = Trace(self._add if self._is_on else None)

    @contextmanager
    def open(self) -> Iterator[None]:
        """Whatever ends the block, what is left is written then.

        Raises:
            PgsyncError: of the block; where it ended a batch, it says how to look at that.
            ConnectionLost: the planner's session is gone.
        """
        try:
            yield
        except BaseException as error:
            with suppress(ConnectionLost):  # the first error is the one to be told
                self._write()
            if isinstance(error, PgsyncError) and self._failed is not None:
                run, batch = self._run["run"], self._failed
                look = f"what was sent: pgsync-assets show {run} --batch {batch}"
                error.remedy = f"{error.remedy}; {look}" if error.remedy else look
            raise
        self._write()

    def write_if_due(self) -> None:
        """Writes what there is, where it was some time ago that it did.

        Raises:
            ConnectionLost: the planner's session is gone.
        """
        if time.monotonic() - self._written_at > PAUSE_S:
            self._write()

    def came_to(self, size: int) -> Sent:
        """What is told of it when it has ended.

        Args:
            size: bytes of rows.
        """
        shown = SentBatches()
        if self._is_on and not self._notes:
            with self._optional():
                shown = shown_batches(self._session, self._schema, self._run["run"], SHOWN)
        return Sent(size, shown, self._notes)

    def decide(self, batch: int, *, is_exact: bool) -> None:
        """What an earlier try did not know of its last batch is known now.

        Args:
            batch: the last one that is in.
            is_exact: the ledger is at the destination: what it does not know is not in.
        """
        self._execute({"batch": batch, "is_exact": is_exact}, "batches_decided.sql")

    def _add(self, batch: TracedBatch) -> None:
        if not self._notes:
            self._batches.append(batch)

    def _write(self) -> None:
        if not self._batches:
            return
        now = time.monotonic()
        steps = [
            self._step_line(batch.number, number, step, now)
            for batch in self._batches
            for number, step in enumerate(batch.steps, start=1)
        ]
        lines = {
            "ended": json.dumps([_batch_line(batch, now) for batch in self._batches]),
            "steps": json.dumps(steps),
        }
        texts = [{"statement": self._texts[text], "text": _told(text)} for text in self._new]
        lines["texts"] = json.dumps(texts)
        self._execute(lines, "batches_add.sql", "batches_texts.sql")
        self._written_at = time.monotonic()
        if not self._notes:
            failed = [one.number for one in self._batches if one.status != "committed"]
            self._failed = failed[-1] if failed else None
        self._batches, self._new = [], []

    def _step_line(self, batch: int, number: int, step: Step, now: float) -> dict[str, Any]:
        return {
            "batch": batch,
            "step": number,
            "action": step.action,
            "first_row": step.first,
            "last_row": step.last,
            "rows": step.rows,
            "bytes": step.bytes,
            "age": now - step.began,
            "seconds": step.seconds,
            "sqlstate": step.sqlstate,
            "error": step.error,
            "statement": self._number(step.text),
        }

    def _number(self, text: bytes) -> int:
        """Of a statement: the same in every process that sends it for this run."""
        number = self._texts.get(text)
        if number is None:
            digest = blake2b(text, digest_size=8).digest()
            number = self._texts[text] = int.from_bytes(digest, "big", signed=True)
            self._new.append(text)
        return number

    def _execute(self, values: dict[str, Any], *files: str) -> None:
        if self._notes or not self._is_on:
            return
        with self._optional():
            queries = [
                statement(__package__ or "", name, audit=self._schema)
                for name in ("batches_settings.sql", *files)
            ]
            self._session.at_once("recording what was sent", queries, self._run | values)

    @contextmanager
    def _optional(self) -> Iterator[None]:
        """No row depends on the block: what goes wrong is a note, unless the session is gone."""
        try:
            yield
        except ConnectionLost:
            raise
        except PgsyncError as error:
            self._notes = (f"what was sent is not recorded any further: {error.message}",)


def _batch_line(batch: TracedBatch, now: float) -> dict[str, Any]:
    return {
        "batch": batch.number,
        "age": now - batch.began,
        "seconds": batch.seconds,
        "first_row": batch.first,
        "last_row": batch.last,
        "rows": batch.rows,
        "removals": batch.removals,
        "rejected": batch.rejected,
        "bytes": batch.bytes,
        "status": batch.status,
        "sqlstate": batch.sqlstate,
        "error": batch.error,
        "statements": batch.statements,
    }


def _told(text: bytes) -> str:
    told = text.decode("utf-8", "replace")
    return told if len(told) <= LONGEST_TEXT else f"{told[:LONGEST_TEXT]} ..."
