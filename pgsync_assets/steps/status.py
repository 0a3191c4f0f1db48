"""How syncs stand: what their planners and audits know of them. Nothing is written.

The destinations are not asked: what is there is `verify`'s to say, and whether they can be reached
`check`'s.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Literal

from ..config import SyncConfig
from ..connect import Endpoint, is_migrated
from ..errors import PgsyncError
from ..plan import KnownState, held_locks, lock_key, survey
from ..record import LastRun, last_runs

Ended = Literal["never", "ok", "failed", "held", "running", "unfinished"]
"""How the last run ended.

- held: a guard stopped it;
- unfinished: it was cut off; the next run goes on with its plan.
"""


_ENDED: Mapping[str, Ended] = {"succeeded": "ok", "failed": "failed", "held": "held"}
_WORST_FIRST: Sequence[Ended] = ("running", "failed", "unfinished", "held", "ok", "never")


@dataclass(frozen=True)
class Last:
    """The last run.

    Args:
        ended: how.
        at: when it ended; when it began, or planned, where it has not.
        seconds: how long it took; None where that is not known.
        error: why it failed, or is held.
        success_at: when the last one that succeeded ended.
    """

    ended: Ended
    at: dt.datetime | None = None
    seconds: float | None = None
    error: str | None = None
    success_at: dt.datetime | None = None


@dataclass(frozen=True)
class SyncStatus:
    """How a sync stands, or one of its partitions.

    Args:
        sync: its name.
        partition: None for the whole sync.
        last: its last run; of several partitions the one that needs somebody most.
        held: numbers of the plans that wait for somebody.
        reason: why a guard holds one; None where they were made by hand.
        waiting: changes that are known and not at the destination: planned, or parked.
        rejected: rows that the destination refuses, and that the next run tries again.
        parked: rows that it refused, and that no run tries.
        rows: of the state.
        bytes: of snapshots and plans on disk, with indexes.
    """

    sync: str
    partition: str | None
    last: Last
    held: tuple[int, ...] = ()
    reason: str | None = None
    waiting: int = 0
    rejected: int = 0
    parked: int = 0
    rows: int = 0
    bytes: int = 0


@dataclass(frozen=True)
class Standing:
    """What is known of a sync: the whole of it, and its partitions; or why nothing is."""

    whole: SyncStatus | None
    partitions: Sequence[SyncStatus] = ()
    unseen: PgsyncError | None = None


@dataclass(frozen=True)
class _Found:
    """What lies in one database."""

    states: Sequence[KnownState]
    runs: Sequence[LastRun]
    locks: frozenset[int]
    planner: str


def standings(homes: Mapping[str, tuple[SyncConfig, Endpoint]]) -> dict[str, Standing]:
    """How each sync stands. Databases are asked side by side, each once.

    Args:
        homes: each sync, and the database that has its planner and its audit.
    """
    by_home: dict[str, tuple[Endpoint, list[SyncConfig]]] = {}
    for sync, endpoint in homes.values():
        by_home.setdefault(endpoint.name, (endpoint, []))[1].append(sync)
    with ThreadPoolExecutor(max_workers=8, thread_name_prefix="pgsync-status") as pool:
        asked = pool.map(lambda home: _standings(*home), by_home.values())
    return {name: standing for part in asked for name, standing in part.items()}


def _standings(endpoint: Endpoint, syncs: Sequence[SyncConfig]) -> dict[str, Standing]:
    try:
        found = _found(endpoint, syncs)
    except PgsyncError as error:
        return {sync.name: Standing(None, unseen=error) for sync in syncs}
    return {sync.name: _standing(sync, found) for sync in syncs}


def _found(endpoint: Endpoint, syncs: Sequence[SyncConfig]) -> _Found:
    schemas = endpoint.config.schemas
    asked = {sync.name: sync.partitions is not None for sync in syncs}
    with endpoint.session("pgsync/status") as session:
        known = survey(session, schemas.planner)
        states = [state for state in (known[1] if known else []) if state.sync in asked]
        has_audit = is_migrated(session, schemas.audit)
        runs = last_runs(session, schemas.audit, asked) if has_audit else []
        return _Found(states, runs, held_locks(session), schemas.planner)


def _standing(sync: SyncConfig, found: _Found) -> Standing:
    states = {state.partition: state for state in found.states if state.sync == sync.name}
    runs = {run.partition: run for run in found.runs if run.sync == sync.name}

    def line(partition: str) -> SyncStatus:
        is_running = lock_key(found.planner, sync.name, partition) in found.locks
        last = _last(states.get(partition), runs.get(partition), is_running)
        begun = SyncStatus(sync.name, partition or None, last)
        state = states.get(partition)
        return begun if state is None else _with_state(begun, state)

    lines = [line(name) for name in sorted({"", *states, *runs})]
    return Standing(_together(lines), [one for one in lines if one.partition])


def _last(state: KnownState | None, run: LastRun | None, is_running: bool) -> Last:
    success_at = run.success_at if run else None
    at = state.last_run if state else None
    if is_running:
        return Last("running", at, success_at=success_at)
    is_open = state is not None and state.last_status in ("started", "planned")
    if is_open and at and (run is None or run.finished_at < at):  # nobody lived to record it
        return Last("unfinished", at, success_at=success_at)
    if run is None:
        return Last("never")
    return Last(_ENDED[run.status], run.finished_at, run.seconds, run.error, success_at)


def _with_state(status: SyncStatus, state: KnownState) -> SyncStatus:
    return replace(
        status,
        held=() if state.held is None else (state.held,),
        reason=state.reason,
        waiting=state.waiting + state.parked,
        rejected=state.refused - state.parked,
        parked=state.parked,
        rows=state.rows,
        bytes=state.bytes,
    )


def _together(lines: Sequence[SyncStatus]) -> SyncStatus:
    """The whole sync: its sums, and the last run that needs somebody, or the last of all."""
    return SyncStatus(
        lines[0].sync,
        None,
        _worst([line.last for line in lines]),
        held=tuple(number for line in lines for number in line.held),
        reason=next((line.reason for line in lines if line.reason), None),
        waiting=sum(line.waiting for line in lines),
        rejected=sum(line.rejected for line in lines),
        parked=sum(line.parked for line in lines),
        rows=sum(line.rows for line in lines),
        bytes=sum(line.bytes for line in lines),
    )


def _worst(runs: Sequence[Last]) -> Last:
    def rank(last: Last) -> tuple[int, float]:
        return _WORST_FIRST.index(last.ended), -(last.at.timestamp() if last.at else 0.0)

    success_at = max(filter(None, (last.success_at for last in runs)), default=None)
    return replace(min(runs, key=rank), success_at=success_at)
