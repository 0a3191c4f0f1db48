"""Where a round of a sequence is: worked out anew each time from the runs that it has."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

from dagster import DagsterRunStatus, RunRecord

from .already_running import ALREADY_RUNNING_TAG
from .sequence import FAILED, OPEN, STEP_TAG, SUCCEEDED, Member, Sequence
from .translator import SYNC_TAG

Status = Literal[
    "waiting",
    "queued",
    "running",
    "succeeded",
    "no partition yet",
    "failed",
    "canceled",
    "already running",
    "lost",
]
LOST: Collection[Status] = ("failed", "canceled", "already running", "lost")
"""What counts as an error: the sync was not brought to its end by this round."""
_STATUSES: dict[DagsterRunStatus, Status] = {
    DagsterRunStatus.NOT_STARTED: "waiting",
    DagsterRunStatus.QUEUED: "queued",
    DagsterRunStatus.SUCCESS: "succeeded",
    DagsterRunStatus.FAILURE: "failed",
    DagsterRunStatus.CANCELED: "canceled",
}


@dataclass(frozen=True)
class Turn:
    """A sync in a round.

    Args:
        member: the sync.
        step: number of its step.
        status: of its latest run in this round. `lost`: its run was requested, and is not there.
        record: that run.
    """

    member: Member
    step: int
    status: Status
    record: RunRecord | None = None

    @property
    def has_ended(self) -> bool:
        """Whether nothing more is to be expected of it."""
        return self.status in ("succeeded", "no partition yet") or self.has_failed

    @property
    def has_failed(self) -> bool:
        """Whether the policy of its step applies."""
        return self.status in LOST


@dataclass(frozen=True)
class Round:
    """Where a round is.

    Args:
        sequence: as it is defined now; a change holds for what has not been requested yet.
        turns: of all syncs from the first step on.
        step: number of the step that is under way, or was the last one.
        end: `open`, `succeeded` or `failed`.
        stopped: whether steps were left out after a failure.
    """

    sequence: Sequence
    turns: tuple[Turn, ...]
    step: int
    end: str
    stopped: bool = False

    @property
    def due(self) -> list[Turn]:
        """Syncs of the step under way that have no run yet."""
        return [turn for turn in self._current if turn.status == "waiting"]

    @property
    def failed(self) -> list[Turn]:
        """Syncs that failed."""
        return [turn for turn in self.turns if turn.has_failed]

    def told(self, waits_for: Collection[str] = ()) -> str:
        """Where it is, in words.

        Args:
            waits_for: syncs that are under way in runs of others.
        """
        wrong = ", ".join(
            f"{turn.member.sync} {_WAS.get(turn.status, turn.status)}" for turn in self.failed
        )
        place = f"step {self.step} of {len(self.sequence.steps)}"
        if self.end == OPEN:
            names = ", ".join(t.member.sync for t in self._current if not t.has_ended)
            waits = f"; waits for another run of {', '.join(sorted(waits_for))}"
            return f"{place}: {names}{waits if waits_for else ''}" + (
                f" ({wrong})" if wrong else ""
            )
        if self.stopped:
            return f"stopped at {place}: {wrong}"
        return f"ended: {wrong}" if wrong else "ended: every sync succeeded"

    @property
    def _current(self) -> list[Turn]:
        return [turn for turn in self.turns if turn.step == self.step]


_WAS: dict[Status, str] = {
    "canceled": "was canceled",
    "already running": "was running already",
    "lost": "has lost its run",
}


def round_of(
    sequence: Sequence,
    runs: Mapping[str, RunRecord],
    requested: Collection[str] = (),
    first: int = 1,
) -> Round:
    """Where a round is.

    Args:
        sequence: its steps, and what their failures mean.
        runs: latest run of each sync in this round, by name of the sync.
        requested: syncs whose runs were requested, so that a missing one was deleted.
        first: number of the first step of this round.
    """
    turns = [
        _turn(member, number, runs.get(member.sync), member.sync in requested)
        for number, step in enumerate(sequence.steps, 1)
        if number >= first
        for member in step.members
    ]
    for number, step in enumerate(sequence.steps, 1):
        mine = [turn for turn in turns if turn.step == number]
        if not all(turn.has_ended for turn in mine):
            return Round(sequence, tuple(turns), number, OPEN)
        if step.on_error == "stop" and any(turn.has_failed for turn in mine):
            stopped = number < len(sequence.steps)
            return Round(sequence, tuple(turns), number, FAILED, stopped)
    end = FAILED if any(turn.has_failed for turn in turns) else SUCCEEDED
    return Round(sequence, tuple(turns), len(sequence.steps), end)


def latest(records: Collection[RunRecord]) -> dict[str, RunRecord]:
    """The latest run of each sync: one that was tried again has several.

    Args:
        records: runs of one round.
    """
    ordered = sorted(records, key=lambda record: record.storage_id)
    return {
        record.dagster_run.tags[SYNC_TAG]: record
        for record in ordered
        if STEP_TAG in record.dagster_run.tags
    }


def _turn(member: Member, step: int, record: RunRecord | None, requested: bool) -> Turn:
    if record is None:
        none_yet: Status = "no partition yet" if member.is_empty else "waiting"
        return Turn(member, step, "lost" if requested else none_yet)
    run = record.dagster_run
    if run.is_complete_and_waiting_to_retry:  # its process died, and Dagster tries it once more
        return Turn(member, step, "queued", record)
    status = _STATUSES.get(run.status, "running")
    if status == "succeeded" and ALREADY_RUNNING_TAG in run.tags:
        status = "already running"
    return Turn(member, step, status, record)
