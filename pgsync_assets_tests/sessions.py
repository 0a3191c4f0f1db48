"""Sessions of the superuser that are kept for the next question to the same database.

A new one costs its server some milliseconds, most of them to learn the catalogue again, and a crash
loop asks hundreds of times. Kept are those to `postgres`, where databases are made and dropped, and
to databases of which `stay` says so, as those of tests: a session that is idle is in the way of who
counts sessions, or copies, renames or drops the database, so that `leave` ends them. One that is
taken again has forgotten what was set in it.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from psycopg import Connection, Error

from pgsync_assets.embedded import Cluster

AnyConnection = Connection[tuple[Any, ...]]
Place = tuple[int, str, int, str]

POSTGRES = "postgres"
_staying = {POSTGRES}
_idle: defaultdict[Place, list[AnyConnection]] = defaultdict(list)


@contextmanager
def session(cluster: Cluster, database: str) -> Iterator[AnyConnection]:
    """A superuser's session in autocommit, of nobody else for the length of the block.

    Args:
        cluster: a running server.
        database: on it.
    """
    # A fork has none of its parent's sessions, and a server that came back has another port.
    place = (os.getpid(), str(cluster.directory), cluster.port, database)
    connection = _taken(place) or cluster.connect(database)
    connection.prepare_threshold = None  # what is prepared would be forgotten, too
    is_well = False
    try:
        yield connection
        is_well = True
    finally:
        if is_well and database in _staying:
            _idle[place].append(connection)
        else:
            connection.close()


def stay(database: str) -> None:
    """From now on sessions to a database are kept, until `leave` ends them.

    Args:
        database: of a name that nobody else has.
    """
    _staying.add(database)


def leave(cluster: Cluster, database: str | None = None) -> None:
    """Ends what is idle, and keeps no more.

    Args:
        cluster: the server, which may be gone.
        database: on it; all of them where none is named.
    """
    for place in [one for one in _idle if one[1] == str(cluster.directory)]:
        if database in (None, place[-1]):
            for connection in _idle.pop(place):
                connection.close()
    if database is not None:
        _staying.discard(database)


def _taken(place: Place) -> AnyConnection | None:
    """One that still lives."""
    while _idle[place]:
        connection = _idle[place].pop()
        try:
            connection.execute("discard all")
        except Error:  # ended by a test, or with its server
            connection.close()
        else:
            return connection
    return None
