"""Named points where a test can kill the process; inert in production.

`PGSYNC_FAILPOINT=7:kill` kills the process (SIGKILL, as the kernel would) at the 7th point that
it reaches; `7:stop` stops it there (SIGSTOP, as a laptop that is closed), `7:raise` raises;
`PGSYNC_FAILPOINT=name:kill` does so at every point of that name. The crash loop of the test suite
counts N = 1, 2, 3 .. until a run passes, so that every point around every state change is crashed
at once.
"""

from __future__ import annotations

import os
import signal

VARIABLE = "PGSYNC_FAILPOINT"
SIGNALS = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}
_reached = 0


class FailpointReached(BaseException):
    """Raised by the action `raise`; a BaseException, as a cancel by Dagster is."""


def failpoint(name: str) -> None:
    """Marks a step that a crash test may interrupt. Does nothing unless the variable is set.

    Args:
        name: what has just happened, as in `plan committed`.

    Raises:
        FailpointReached: where the variable asks for `raise` at this point.
    """
    wanted = os.environ.get(VARIABLE)
    if wanted is None:
        return
    global _reached
    _reached += 1
    where, _, action = wanted.rpartition(":")
    if where not in (name, str(_reached)):
        return
    if action == "raise":
        raise FailpointReached(name)
    os.kill(os.getpid(), SIGNALS[action])
