"""The SSH server under a run dies, or freezes: the run notices, opens the tunnel again, goes on."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pgsync_assets import sync as engine
from pgsync_assets.connect.tunnel_watch import GIVE_UP_AFTER
from pgsync_assets.errors import AuthenticationError, ConnectionLost
from pgsync_assets.outcome import Counts, Listener, Outcome, Progress
from pgsync_assets.steps.progress import silent

from ..fix_databases import Pair
from ..fix_ssh import Bastion, Sshd
from ..fix_syncs import Syncs, endpoint_of
from ..invariants import log_writes, violations, writes

pytestmark = pytest.mark.needs("sshd")
ROWS = 4_000  # of 300 bytes: several buffers of a COPY
KILL, FREEZE = signal.SIGKILL, signal.SIGSTOP
TICK_S = 0.05  # a twentieth of what it is in life
AT_ONCE_S = 5.0  # of 30; a machine that is busy takes more than one to look
NOTICED_S = GIVE_UP_AFTER * TICK_S + AT_ONCE_S
MOMENTS: dict[str, Callable[[Progress], bool]] = {
    "plan": lambda at: at.step == "plan",
    "between batches": lambda at: at.step == "write" and at.rows_done == ROWS // 2,
    "advance": lambda at: at.step == "advance",
}


@pytest.fixture
def tunnel(monkeypatch: pytest.MonkeyPatch, sshd: Sshd, private_key_file: Path) -> dict[str, Any]:
    """A tunnel through the system's sshd, watched closely."""
    monkeypatch.setattr("pgsync_assets.connect.tunnel_watch.TICK_S", TICK_S)
    monkeypatch.setattr("pgsync_assets.connect.retry.PAUSES_S", (0.1, 0.1, 0.1))
    return sshd.tunnel(private_key_file)


@dataclass
class Hit:
    """Signals the sessions of an SSH server, once."""

    sshd: Sshd
    number: signal.Signals
    when: Callable[[Progress], bool] = lambda at: False
    is_done: bool = False

    def __call__(self, at: Progress) -> None:
        if self.when(at):
            self.now()

    def now(self, _: object = None) -> None:
        if not self.is_done:
            self.is_done = True
            self.sshd.signal_sessions(self.number)


@pytest.mark.parametrize("how", [KILL, FREEZE], ids=["killed", "frozen"])
@pytest.mark.parametrize("side", ["source", "destination"])
def test_in_the_middle_of_a_copy(
    monkeypatch: pytest.MonkeyPatch,
    syncs: Syncs,
    sshd: Sshd,
    tunnel: dict[str, Any],
    side: str,
    how: signal.Signals,
) -> None:
    hit = Hit(sshd, how)
    monkeypatch.setattr(sys.modules["pgsync_assets.connect.pump"], "failpoint", hit.now)
    goes_on(syncs, side, tunnel, hit)


@pytest.mark.parametrize(
    ("moment", "side", "how"),
    [
        ("plan", "source", FREEZE),
        ("between batches", "destination", FREEZE),
        ("advance", "source", KILL),
    ],
    ids=str,
)
def test_between_two_steps(
    syncs: Syncs, sshd: Sshd, tunnel: dict[str, Any], moment: str, side: str, how: signal.Signals
) -> None:
    goes_on(syncs, side, tunnel, Hit(sshd, how, MOMENTS[moment]))


def test_a_tunnel_that_cannot_be_had_again_is_for_the_next_run(
    syncs: Syncs, sshd: Sshd, tunnel: dict[str, Any]
) -> None:
    prepare(syncs, "destination", tunnel)
    lines = sshd.authorized_keys.read_text()
    hit = Hit(sshd, FREEZE, MOMENTS["between batches"])

    def hit_and_shut_out(at: Progress) -> None:
        hit(at)
        if hit.is_done:
            sshd.authorized_keys.write_text("")

    with pytest.raises(AuthenticationError, match="refused user"):
        run(syncs, hit_and_shut_out)
    sshd.authorized_keys.write_text(lines)
    sshd.signal_sessions(KILL)  # what the run left behind there
    in_step(syncs, run(syncs))


def goes_on(syncs: Syncs, side: str, tunnel: dict[str, Any], hit: Hit) -> None:
    """One run, in which the tunnel of one side is hit, brings each row over, once."""
    prepare(syncs, side, tunnel)
    outcome = run(syncs, hit)
    assert hit.is_done
    in_step(syncs, outcome)


def prepare(syncs: Syncs, side: str, tunnel: dict[str, Any]) -> None:
    """Rows to send, through a tunnel on one side."""
    syncs.table("id int primary key, name text")
    log_writes(syncs)
    syncs.pair.source.execute(
        f"insert into items select n, repeat('x', 300) from generate_series(1, {ROWS}) as n"
    )
    setattr(syncs, side, {"tunnel": tunnel, "sslmode": "disable"})


def run(syncs: Syncs, listener: Listener = silent) -> Outcome:
    """One run of two batches."""
    config = syncs.config(batch_size=ROWS // 2)
    return engine.run(config, *syncs.endpoints, on_progress=listener)


def in_step(syncs: Syncs, outcome: Outcome) -> None:
    """Each row is there, was written once, and there is nothing left to do."""
    finished = outcome.recovered or outcome
    assert finished.succeeded == Counts(added=ROWS)
    assert violations(syncs) == []
    assert syncs.same()
    assert max(writes(syncs).values()) == 1
    assert syncs.run().planned == Counts()


@pytest.mark.parametrize(
    ("how", "within_s"), [(KILL, AT_ONCE_S), (FREEZE, NOTICED_S)], ids=["killed", "frozen"]
)
def test_who_waits_is_told_and_the_next_session_opens_the_tunnel_again(
    database_pair: Pair, sshd: Sshd, tunnel: dict[str, Any], how: signal.Signals, within_s: float
) -> None:
    locked, name = (
        "select pg_try_advisory_lock(42)",
        "pgsync/ä/" + "x" * 70,
    )  # of no use to a server
    with endpoint_of("crm", database_pair.source, tunnel=tunnel, sslmode="disable") as end:
        with pytest.raises(ConnectionLost) as caught, end.session(name) as session:
            assert session.connection.execute(locked).fetchone() == (True,)
            hit = threading.Timer(0.3, sshd.signal_sessions, [how])
            hit.start()
            began = time.monotonic()
            with session.transaction("waiting") as connection:
                connection.execute("select pg_sleep(30)")
        assert time.monotonic() - began - 0.3 < within_s
        hit.join()
        words = {KILL: "closed the connection", FREEZE: "fell silent"}
        assert words[how] in caught.value.message
        with end.session(name) as session:  # the one that was cut off holds nothing
            assert session.connection.execute(locked).fetchone() == (True,)


def test_a_jump_host_that_freezes_is_named(
    database_pair: Pair,
    sshd: Sshd,
    bastion: Bastion,
    tunnel: dict[str, Any],
    private_key_file: Path,
) -> None:
    way = bastion.tunnel(private_key_file) | {"jump": [tunnel]}
    end = endpoint_of("crm", database_pair.source, tunnel=way, sslmode="disable")
    with (
        pytest.raises(ConnectionLost, match=f"jump to .*:{sshd.port}: the SSH server fell silent"),
        end.session("pgsync/one") as session,
        session.transaction("waiting") as connection,
    ):
        sshd.signal_sessions(FREEZE)
        connection.execute("select pg_sleep(30)")


def test_a_server_that_is_silent_because_nothing_happens_is_left_alone(
    database_pair: Pair, tunnel: dict[str, Any]
) -> None:
    end = endpoint_of("crm", database_pair.source, tunnel=tunnel, sslmode="disable")
    with end.session("pgsync/one") as session:
        session.connection.execute("select pg_sleep(%s)", [GIVE_UP_AFTER * TICK_S * 1.5])
