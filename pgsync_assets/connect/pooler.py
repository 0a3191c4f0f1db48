"""Whether a pooler stands between us and the server, and after what it gives a server away.

A server gives each client its process id, for requests to cancel; a pooler, which has no process
for each of them, invents one. So the two ids agree exactly where nobody pools, whatever tunnels,
proxies and address translations there are on the way.

The mode is found with two clients. As long as the first one idles, a pooler in session mode keeps
its server for it: the second one never sees that server, and the first one never sees another. One
sight of the opposite proves transaction mode.
"""

from __future__ import annotations

import select
from typing import Any, Literal

import psycopg
from psycopg import pq, sql

from ..errors import TransientError
from ..sql import statement
from .endpoint import Endpoint
from .failures import translated
from .session import Session

PoolMode = Literal["none", "transaction", "session", "statement", "unknown"]
ROUNDS = 10
"""Each may show that servers are shared. In a pool that idles the first one does, for certain."""
PATIENCE_S = 5.0
"""A client of a pool that has no server left waits, by default for two minutes."""
BEGIN, ROLLBACK = sql.SQL("BEGIN"), sql.SQL("ROLLBACK")


def pool_mode(endpoint: Endpoint, session: Session) -> PoolMode:
    """How clients share servers on the way to a database.

    Args:
        endpoint: the way; another session is opened where there is a pooler.
        session: one that is open already, outside of a transaction.

    Returns:
        `unknown`: there is a pooler, but it had no server for a second session.

    Raises:
        PgsyncError: the connection was lost.
    """
    if not is_pooled(session):
        return "none"
    try:
        with endpoint.client("pgsync/test") as other:
            return _shared(session, other)
    except (TransientError, TimeoutError):
        return "unknown"


def is_pooled(session: Session) -> bool:
    """Whether another process answers than the one that let us in.

    Args:
        session: outside of a transaction.

    Raises:
        PgsyncError: the connection was lost.
    """
    return _server(session) != session.connection.pgconn.backend_pid


def _shared(idle: Session, busy: psycopg.Connection[Any]) -> PoolMode:
    first = _server(idle)
    for _ in range(ROUNDS):
        if _server(idle) != first:  # a pooler that deals its servers in turn
            return "transaction"
        if _answer(busy, BEGIN).status != pq.ExecStatus.COMMAND_OK:
            return "statement"
        seen = _answer(busy, _question()).get_value(0, 0)
        if seen is not None and int(seen) == first:
            return "transaction"
        _answer(busy, ROLLBACK)
    return "session"


def _server(session: Session) -> int:
    """The process that answers."""
    with translated(f"{session.name}: looking for a pooler", session.connection):
        row = session.connection.execute(_question()).fetchone()
    return int(row[0]) if row else 0


def _answer(connection: psycopg.Connection[Any], query: sql.Composable) -> pq.abc.PGresult:
    """What the server says, if it says it in time. No setting of a server limits this wait."""
    libpq = connection.pgconn
    libpq.send_query(query.as_bytes(connection))
    if not select.select([libpq.socket], [], [], PATIENCE_S)[0]:
        raise TimeoutError
    found = libpq.get_result()
    while (more := libpq.get_result()) is not None:
        found = more
    if found is None:
        raise TimeoutError
    return found


def _question() -> sql.Composed:
    return statement(__package__ or "", "backend.sql")
