"""What a planner need not remember of runs that have ended. Nothing here decides how long."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import psycopg

from ..sql import statement

Old = tuple[int, int]
"""A run, and how many rows were refused in it."""


def needed_runs(connection: psycopg.Connection[Any], planner: str) -> dict[int, bool]:
    """Runs that somebody still needs, and whether their log is needed, too.

    Args:
        connection: in a transaction on the planner's database.
        planner: name of its schema, of this version.
    """
    query = statement(__package__, "needed_runs.sql", planner=planner)
    found: dict[int, bool] = {}
    for run, with_log in connection.execute(query, {}):
        found[run] = with_log or found.get(run, False)
    return found


def old_runs(
    connection: psycopg.Connection[Any],
    planner: str,
    times: Mapping[str, dt.timedelta],
    needed: Collection[int],
) -> list[Old]:
    """Runs that ended long ago and that nobody needs, the oldest first.

    Args:
        connection: in a transaction on the planner's database.
        planner: name of its schema.
        times: how long runs are kept, by sync; those of others stay.
        needed: runs that stay whatever their age.
    """
    values = {"owners": list(times), "keeps": list(times.values()), "needed": list(needed)}
    query = statement(__package__, "old_runs.sql", planner=planner)
    return [(run, refused) for run, refused in connection.execute(query, values)]


def prune_rejections(
    connection: psycopg.Connection[Any], planner: str, runs: Sequence[int], limit: int
) -> int:
    """Forgets rows that were refused in runs that nobody needs.

    Args:
        connection: in a transaction of its own.
        planner: name of its schema.
        runs: numbers of those runs.
        limit: rows at the most.

    Returns:
        How many; less than the limit where none is left.
    """
    query = statement(__package__, "prune_rejections.sql", planner=planner)
    return connection.execute(query, {"runs": list(runs), "limit": limit}).rowcount


def prune_runs(connection: psycopg.Connection[Any], planner: str, runs: Sequence[int]) -> int:
    """Forgets runs that nobody needs, of which no refused row is left.

    Args:
        connection: in a transaction of its own.
        planner: name of its schema.
        runs: their numbers.

    Returns:
        How many there were.
    """
    query = statement(__package__, "prune_runs.sql", planner=planner)
    return connection.execute(query, {"runs": list(runs)}).rowcount
