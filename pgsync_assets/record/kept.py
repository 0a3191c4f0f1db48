"""Which runs of an audit belong to which sync, and how long each is kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from ..config import KeepConfig, Kept, RetentionConfig, Times
from ..plan import needed_runs
from ..sql import statement

LAST_OF_ALL = (1 << 63) - 1


@dataclass(frozen=True)
class Name:
    """A name in `sync_runs`.

    Args:
        sync: the name.
        last_run: number of its last run.
        idle: time since then, by the clock of the database.
        keep: what that run asked to keep; empty for nothing.
        has_state: the planner has a state of this name.
    """

    sync: str
    last_run: int
    idle: dt.timedelta
    keep: Mapping[str, Any]
    has_state: bool


@dataclass(frozen=True)
class Stretch:
    """Runs of one name that are of one sync: it may have had another name then.

    Args:
        name: as it stands with the runs.
        after: number of a run; those behind it are meant,
        until: up to this one.
        owner: name of the sync now.
        times: how long what is of them is kept.
    """

    name: str
    after: int
    until: int
    owner: str
    times: Times


@dataclass(frozen=True)
class Keeping:
    """What is kept of an audit.

    Args:
        stretches: all runs, by whose they are.
        dead: names that neither project nor planner knows, and whose last run is older than the
            log is kept; with the number of that run.
        needed: runs that are kept whatever their age, and whether their log is, too.
    """

    stretches: Sequence[Stretch]
    dead: Sequence[tuple[str, int]]
    needed: Mapping[int, bool]

    @property
    def ended(self) -> dict[str, dt.timedelta]:
        """How long the planner remembers runs that have ended, by sync; as long as the log does."""
        times = {one.owner: one.times["changelog"] for one in self.stretches}
        return {owner: time for owner, time in times.items() if time is not None}

    def of(self, kept: Kept) -> dict[str, Any]:
        """The stretches as parameters of a statement, but for those that are kept for ever.

        Args:
            kept: of what.
        """
        meant = [one for one in self.stretches if one.times[kept] is not None]
        needed = [run for run, with_log in self.needed.items() if with_log or kept == "runs"]
        return {
            "names": [one.name for one in meant],
            "afters": [one.after for one in meant],
            "untils": [one.until for one in meant],
            "owners": [one.owner for one in meant],
            "keeps": [one.times[kept] for one in meant],
            "needed": needed,
        }


def keeping(
    connection: psycopg.Connection[Any],
    audit: str,
    planner: str,
    syncs: Mapping[str, KeepConfig],
    default: RetentionConfig,
) -> Keeping:
    """What is kept of an audit.

    A run that becomes needed later is newer than all that were old now: the answer stays right for
    as long as a pass takes.

    Args:
        connection: in a transaction on the database that holds it.
        audit: name of its schema.
        planner: name of the schema of the planner beside it.
        syncs: of the project by name, and what each says of it.
        default: what holds where a sync says nothing.
    """

    def rows(name: str, **values: Any) -> list[tuple[Any, ...]]:
        query = statement(__package__, name, audit=audit, planner=planner)
        return connection.execute(query, values).fetchall()

    known = [
        Name(sync, last, idle, keep or {}, has_state)
        for sync, last, idle, keep, has_state in rows("kept_names.sql")
    ]
    former: dict[str, list[tuple[int, str]]] = {}
    for name, until, owner in rows("kept_former.sql"):
        former.setdefault(name, []).append((until, owner))
    by_name = {one.sync: one for one in known}

    def times(owner: str, name: Name) -> Times:
        if owner in syncs:
            return default.times(syncs[owner])
        last = by_name.get(owner, name)
        return default.times(last.keep, last.idle)

    alive = {*syncs, *(one.sync for one in known if one.has_state)}
    living = [one.sync for one in known if alive.intersection(_owners(one, former))]
    last = {run: False for pair in rows("kept_last.sql", names=living) for run in pair if run}
    return Keeping(
        [
            Stretch(one.sync, after, until, owner, times(owner, one))
            for one in known
            for after, until, owner in _owned(one, former.get(one.sync, []))
        ],
        [
            (one.sync, one.last_run)
            for one in known
            if one.sync not in living
            and (time := times(one.sync, one)["changelog"]) is not None
            and time < one.idle
        ],
        last | needed_runs(connection, planner),
    )


def _owned(name: Name, former: Sequence[tuple[int, str]]) -> Iterator[tuple[int, int, str]]:
    """Whose the runs of a name are: of syncs that had it, one after another, then its own."""
    after = 0
    for until, owner in former:
        yield after, until, owner
        after = until
    yield after, LAST_OF_ALL, name.sync


def _owners(name: Name, former: Mapping[str, Sequence[tuple[int, str]]]) -> list[str]:
    return [name.sync, *(owner for _, owner in former.get(name.sync, []))]
