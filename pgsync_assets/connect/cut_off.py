"""Sessions whose client lost them: the server may wait for us for hours, and hold our locks.

A dead link, or an SSH server that is frozen, does not show at the server. There the session goes
on, with its transaction and its advisory lock, and the same run would find a run under way: its
own. So the next session of ours ends those that were lost, as any role may end its own.
"""

from __future__ import annotations

import time

from ..sql import statement
from .session import Session

PATIENCE_S = 5.0
BETWEEN_LOOKS_S = 0.02


class CutOff:
    """Sessions of one endpoint that ended in ConnectionLost."""

    def __init__(self) -> None:
        self._lost: set[tuple[int, str]] = set()

    def add(self, pid: int, application_name: str) -> None:
        """Remembers a session that may go on at the server.

        Args:
            pid: of its process there.
            application_name: what it is called there: a new process may have this number by now.
        """
        self._lost.add((pid, application_name))

    def end(self, session: Session) -> None:
        """Ends those that are still there, and waits until they are gone.

        Args:
            session: a new one on the same server.
        """
        deadline = time.monotonic() + PATIENCE_S
        for pid, name in tuple(self._lost):  # several sessions may open at once
            while _ended(session, pid, name) and time.monotonic() < deadline:
                time.sleep(BETWEEN_LOOKS_S)
        self._lost.clear()


def _ended(session: Session, pid: int, name: str) -> bool:
    query = statement(__package__, "cut_off.sql")
    with session.transaction("ending a session that was cut off") as connection:
        found = connection.execute(query, {"pid": pid, "application_name": name})
        return found.rowcount > 0
