"""Kill -9 at every failpoint of `forget`: the same command again ends it."""

from __future__ import annotations

import os
import signal

import pytest

from pgsync_assets.failpoints import VARIABLE

from ..fix_identities import wrong_sums_of
from ..fix_syncs import Syncs
from ..integration.test_forget import EVE, PLAIN, _people, forget, told

POINTS = ("rejects forgotten", "row forgotten", "forgetting committed")


def killed(syncs: Syncs, point: str) -> int:
    """Forgets in a process of its own; the signal that ended it."""
    pid = os.fork()
    if pid == 0:
        os.environ[VARIABLE] = f"{point}:kill"
        try:
            forget(syncs, EVE, also_state=True, audit=PLAIN)
        finally:
            os._exit(0)
    return -os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@pytest.mark.parametrize("point", POINTS)
def test_what_was_interrupted_is_ended_by_doing_it_again(syncs: Syncs, point: str) -> None:
    _people(syncs)
    syncs.run(audit=PLAIN)
    syncs.pair.source.execute(f"update items set name = 'evil' where mail = '{EVE}'")
    syncs.run(audit=PLAIN)
    assert killed(syncs, point) == signal.SIGKILL
    found = forget(syncs, EVE, also_state=True, audit=PLAIN)
    assert found.is_found == (point != POINTS[-1])
    books = told(syncs.keeper) + told(syncs.pair.destination)
    assert f"({EVE}" not in books and f"{EVE}," not in books and "(evil)" not in books
    assert wrong_sums_of(syncs.keeper) == []
    (kept,) = syncs.keeper.rows("select removed ? 'snapshot' from hightouch_audit.forgotten")
    assert kept == (True,)
    assert syncs.run(audit=PLAIN).rejected == 1
