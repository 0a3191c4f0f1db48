"""A function that a model calls may change settings of the transaction that reads it."""

from __future__ import annotations

from ..connect import Session
from ..errors import ModelError

OURS = ("role", "row_security", "search_path", "session_replication_role", "synchronous_commit")
"""What a transaction of the planner relies on, whatever values look like as text."""


class Settings:
    """The settings of a transaction, as they were before a model was read in it.

    Args:
        session: whose transaction is under way.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._before = session.settings()

    def check_ours(self) -> None:
        """Looks behind a model that was read by the planner's own transaction.

        Raises:
            ModelError: it would go on under another role, or COMMIT before the disk has it.
        """
        self._check(OURS, "by which the planner's transaction works, too")

    def check_all(self) -> None:
        """Looks behind values that travel as text.

        Raises:
            ModelError: values of the model would arrive as others.
        """
        told = "by which values are written: they would arrive as others"
        self._check(tuple(self._before), told)

    def _check(self, names: tuple[str, ...], why: str) -> None:
        now = self._session.settings()
        changed = [name for name in names if now[name] != self._before[name]]
        if changed:
            raise ModelError(
                f"a function that the model calls changes {', '.join(changed)}, {why}",
                "let it set nothing in its body: CREATE FUNCTION .. SET name TO value ends with it",
            )
