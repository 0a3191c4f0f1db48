"""Whose the states are that a project's databases have: of which sync, or of none any more."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import groupby
from typing import Literal
from uuid import UUID

from ..config import PLATFORM, Place, SyncConfig
from ..plan import KnownState
from .look_around import Remembered, Seen, only_remembered, planners

Verdict = Literal[
    "in use",
    "no such sync",
    "only a held plan",
    "other engine",
    "other source",
    "other destination",
    "ledger only",
]
"""Whose a state is.

- in use: a sync of the project has this name, engine and destination;
- no such sync: none has this name: it was renamed or deleted, or is another project's;
- only a held plan: the same, and nothing was sent;
- other engine: the sync is there, and its engine has its planner elsewhere;
- other source, other destination: the sync is there, and was given others;
- ledger only: a destination remembers a sync that none of the planners has.
"""

ORPHANS: Collection[Verdict] = ("no such sync", "only a held plan", "ledger only")


@dataclass(frozen=True)
class StateLine:
    """A state, or all states of a sync in one planner.

    Args:
        sync: its name.
        partition: of one state; None for all of them.
        states: how many there are.
        planner: the connection whose database has it; None where only a ledger knows it.
        destination: the connection that leads to its destination; None where none does.
        table: the destination table.
        key: names of the key columns.
        rows: that it knows of.
        bytes: of its snapshot on disk, with the index.
        last_run: when the last run was at it last.
        held: numbers of the plans that wait for somebody.
        refused: rows that the destination refuses now.
        parked: those of them that no run tries.
        verdict: whose it is.
        likely: the sync that it may be of, under its new name.
        is_ours: whether a planner of the project wrote it, as far as they could be reached.
    """

    sync: str
    partition: str | None
    states: int
    planner: str | None
    destination: str | None
    table: str | None
    key: tuple[str, ...]
    rows: int
    bytes: int
    last_run: dt.datetime | None
    held: tuple[int, ...]
    refused: int
    parked: int
    verdict: Verdict
    likely: str | None = None
    is_ours: bool = True

    @property
    def command(self) -> str | None:
        """What to do about it; None where nothing is to be done."""
        if self.verdict == "ledger only":
            return f"pgsync-assets state drop {self.sync} --ledger-only"
        if self.likely:
            return f"pgsync-assets state move {self.sync} {self.likely}"
        return f"pgsync-assets state drop {self.sync}" if self.verdict in ORPHANS else None


def state_lines(seen: Sequence[Seen], syncs: Mapping[str, SyncConfig]) -> list[StateLine]:
    """Every state, one line for each partition.

    Args:
        seen: what the databases know.
        syncs: of the project.
    """
    asked = _Asked(seen, syncs)
    found = [
        (names, one, state, asked.verdict(names, state))
        for names, one in planners(seen)
        for state in one.states
    ]
    has_state = {state.sync for _, _, state, verdict in found if verdict not in ORPHANS}
    lines = []
    for names, one, state, verdict in found:
        line = _line(one.name, state, asked.destination(state.ledger), verdict)
        if verdict in ORPHANS:
            line = replace(line, likely=asked.likely(names, state, has_state))
        lines.append(line)
    return [*lines, *map(_remembered, only_remembered(seen))]


@dataclass(frozen=True)
class _Asked:
    """The syncs of a project, beside what its databases know."""

    seen: Sequence[Seen]
    syncs: Mapping[str, SyncConfig]

    def verdict(self, names: Collection[str], state: KnownState) -> Verdict:
        """Whose a state is, in the planner that connections of these names lead to."""
        sync = self.syncs.get(state.sync)
        if sync is None:
            return "only a held plan" if state.is_only_held else "no such sync"
        home, elsewhere = _places(sync)
        if home in names:
            return "in use" if self._is_about(state, sync) else "other destination"
        return "other engine" if elsewhere in names else "other source"

    def _is_about(self, state: KnownState, sync: SyncConfig) -> bool:
        """Whether it is about the table of a sync; a destination out of sight is believed."""
        there = self._identity(sync.destination)
        table = state.shape.table if state.shape else sync.table
        return table == sync.table and (there is None or state.ledger in (None, there))

    def _identity(self, connection: str) -> UUID | None:
        return next((one.identity for one in self.seen if one.name == connection), None)

    def destination(self, ledger: UUID | None) -> str | None:
        """The first connection that leads to a destination."""
        names = (one.name for one in self.seen if ledger is not None and one.identity == ledger)
        return next(names, None)

    def likely(
        self, names: Collection[str], state: KnownState, has_state: Collection[str]
    ) -> str | None:
        """The sync without a state that is about the same rows, and can have its state here."""
        shape = state.shape
        near = [
            sync.name
            for sync in self.syncs.values()
            if shape is not None
            and sync.name not in has_state
            and not state.is_only_held
            and shape.key == sync.model.key
            and any(place in names for place in _places(sync))
            and self._is_about(state, sync)
        ]
        return max(
            near, key=lambda name: SequenceMatcher(None, state.sync, name).ratio(), default=None
        )


def _places(sync: SyncConfig) -> tuple[str, str]:
    """Names of the connections whose database has the planner of a sync, or would have it."""
    places: dict[Place, str] = {"source": sync.source, "platform": PLATFORM}
    return places.pop(sync.traits.place), next(iter(places.values()))


def _line(planner: str, state: KnownState, destination: str | None, verdict: Verdict) -> StateLine:
    shape = state.shape
    return StateLine(
        state.sync,
        state.partition,
        1,
        planner,
        destination,
        shape.table if shape else None,
        shape.key if shape else (),
        state.rows,
        state.bytes,
        state.last_run,
        (state.held,) if state.held is not None else (),
        state.refused,
        state.parked,
        verdict,
    )


def _remembered(one: Remembered) -> StateLine:
    return StateLine(
        sync=one.entry.sync,
        partition=one.entry.partition,
        states=1,
        planner=None,
        destination=one.at.name,
        table=None,
        key=(),
        rows=0,
        bytes=0,
        last_run=one.entry.at,
        held=(),
        refused=0,
        parked=0,
        verdict="ledger only",
        is_ours=one.is_ours,
    )


def folded(lines: Sequence[StateLine]) -> list[StateLine]:
    """One line for all partitions of a sync that are in one place and of one kind."""

    def place(line: StateLine) -> tuple[str, ...]:
        return line.planner or "", line.destination or "", line.sync, line.verdict

    return [_together(list(group)) for _, group in groupby(sorted(lines, key=place), place)]


def _together(lines: Sequence[StateLine]) -> StateLine:
    first = lines[0]
    if len(lines) == 1 and not first.partition:
        return replace(first, partition=None)
    return replace(
        first,
        partition=None,
        states=len(lines),
        rows=sum(line.rows for line in lines),
        bytes=sum(line.bytes for line in lines),
        last_run=max(filter(None, (line.last_run for line in lines)), default=None),
        held=tuple(number for line in lines for number in line.held),
        refused=sum(line.refused for line in lines),
        parked=sum(line.parked for line in lines),
        is_ours=all(line.is_ours for line in lines),
    )
