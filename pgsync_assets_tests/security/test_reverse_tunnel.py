"""The gateway, and the OpenSSH client of a customer: its one port, and nothing else."""

from __future__ import annotations

import signal
import socket
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

from pgsync_assets.config import ReverseTunnel
from pgsync_assets.connect.retry import tried
from pgsync_assets.embedded.loopback import HOST, free_port
from pgsync_assets.errors import AuthenticationError, ConnectionLost
from pgsync_assets.outcome import Counts, Outcome

from ..fix_databases import Pair
from ..fix_gateway import Running, until
from ..fix_ssh import write_key
from ..fix_syncs import Syncs, endpoint_of
from ..fix_tls import SERVER_NAME
from .test_ssh_tunnel import listening

pytestmark = pytest.mark.needs("ssh")


def through(gateway: Running, **more: Any) -> dict[str, Any]:
    """What a connection says that comes in through the gateway."""
    tunnel = ReverseTunnel(reverse="acme", port=gateway.tunnels["acme"].port)
    return {"tunnel": tunnel, "sslmode": "disable", **more}


def test_a_sync_from_a_customer(syncs: Syncs, gateway: Running) -> None:
    syncs.table("id integer primary key, note text")
    syncs.pair.source.execute("insert into items select n, 'x' from generate_series(1, 5000) as n")
    before = listening()
    with gateway.dialled(syncs.pair.source.port):
        opened = listening() - before
        assert opened == {("0100007F", gateway.tunnels["acme"].port)}  # 127.0.0.1, and nothing else
        syncs.source = through(gateway)
        assert syncs.run().succeeded == Counts(added=5000)
    assert syncs.same()
    until(lambda: listening() == before)
    (arrived,), (opened_,) = gateway.said("arrived"), gateway.said("opened")
    assert arrived.tunnel == opened_.tunnel == "acme"
    assert "logged in with SHA256:" in arrived.message


FORWARD = "-R 127.0.0.1:{port}"  # in what the customer was told; behind it stands another
REFUSED = {
    "another port": (FORWARD, "-R 127.0.0.1:{free}", "only 127.0.0.1:{port}"),
    "any port": (FORWARD, "-R 127.0.0.1:0", "port '127.0.0.1':0"),
    "every address": (FORWARD, "-R 0.0.0.0:{port}", "port '0.0.0.0'"),
    "every address by a star": (FORWARD, "-R *:{port}", "port '*'"),
    "IPv6": (FORWARD, "-R [::1]:{port}", "port '::1'"),
    "the port of another customer": (FORWARD, "-R {other}", "port 'localhost'"),
    "a Unix socket": (FORWARD, "-R {tmp}/socket", "listen on a Unix socket"),
    "the port twice": (
        FORWARD,
        "-R {port}:localhost:1 -R 127.0.0.1:{port}",
        "the same port twice",
    ),
    "a shell": ("-N -T", "-tt", "a shell or command"),
    "a command": ("-N -T", "-o RemoteCommand=id", "a shell or command"),
    "sftp": ("-N -T", "-s", "a shell or command"),
    "agent and X11": ("-N -T", "-A -X", "a shell or command"),
    "a connection from here": ("-N -T", "-W 127.0.0.1:22", "a connection to '127.0.0.1':22"),
    "an unknown name": ("acme@", "root@", "user 'root' with SHA256:"),
    "another customer's name": ("acme@", "other@", "user 'other' with SHA256:"),
    "another key": ("pgsync_acme", "stranger", "user 'acme' with SHA256:"),
    "a password": (
        "-N",
        "-N -o PubkeyAuthentication=no -o PreferredAuthentications=password,keyboard-interactive",
        "user 'acme'",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_everything_else_is_refused(gateway: Running, tmp_path: Path, case: str) -> None:
    write_key(tmp_path / "stranger")
    names = {
        "port": gateway.tunnels["acme"].port,
        "other": gateway.tunnels["other"].port,
        "free": free_port(),
        "tmp": tmp_path,
    }
    old, new, told = (text.format(**names) for text in REFUSED[case])
    command = gateway.command(gateway.invitation(5432), (old, new))
    command += ["sftp"] if case == "sftp" else []
    before = listening()
    ended = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=20)
    assert ended.returncode in (1, 255), ended.stderr
    assert b"uid=" not in ended.stdout
    until(lambda: bool(gateway.said("refused", told)))
    until(lambda: listening() == before)


@pytest.mark.parametrize("asked", ["localhost:{port}", "{port}"])
def test_the_port_may_be_asked_for_by_other_names(
    database_pair: Pair, gateway: Running, asked: str
) -> None:
    port = gateway.tunnels["acme"].port
    before = listening()
    change = (f"-R 127.0.0.1:{port}", f"-R {asked.format(port=port)}")
    with gateway.dialled(database_pair.source.port, change):
        assert listening() - before == {("0100007F", port)}
        with endpoint_of("crm", database_pair.source, **through(gateway)).session("one"):
            pass


def test_nobody_has_dialled_in(database_pair: Pair, gateway: Running) -> None:
    end = endpoint_of("crm", database_pair.source, **through(gateway))
    with pytest.raises(ConnectionLost, match="'acme': nobody has dialled in") as caught:
        end.session("one").__enter__()
    port, side = gateway.tunnels["acme"].port, database_pair.source
    assert f"ssh -N -R {HOST}:{port}:{side.host}:{side.port} acme@GATEWAY" in str(caught.value)
    assert "tunnel invite acme" in str(caught.value)
    # Nor does another try: the database could be reached past the tunnel here.
    with pytest.raises(ConnectionLost, match="nobody has dialled in"), end.session("two"):
        pass
    with pytest.raises(ConnectionLost, match="its tunnel is not open"):
        _ = end.servers


def test_a_customer_whose_database_is_away(database_pair: Pair, gateway: Running) -> None:
    with (
        gateway.dialled(free_port()),
        pytest.raises(ConnectionLost, match="dialled in, but no PostgreSQL answers"),
    ):
        endpoint_of("crm", database_pair.source, **through(gateway)).session("one").__enter__()
    assert gateway.said("unreachable")


def test_the_customer_pins_the_gateway(gateway: Running) -> None:
    other = (gateway.host_key, gateway.tunnels["acme"].public_keys[0])
    command = gateway.command(gateway.invitation(5432))
    hosts = gateway.folder / "pgsync_known_hosts"
    hosts.write_text(hosts.read_text().replace(*other))
    ended = subprocess.run(command, capture_output=True, timeout=20)
    assert ended.returncode == 255
    assert b"Host key verification failed" in ended.stderr
    assert not gateway.said("arrived")


@pytest.mark.needs("tls-server")
def test_the_real_name_is_verified(tls_pair: Pair, authority_file: Path, gateway: Running) -> None:
    more = {"sslmode": "verify-full", "sslrootcert": str(authority_file)}
    with gateway.dialled(tls_pair.source.port):
        right = through(gateway, host=SERVER_NAME, **more)
        with (
            endpoint_of("crm", tls_pair.source, **right).session("tls") as session,
            session.transaction("looking") as connection,
        ):
            query = "select ssl from pg_stat_ssl where pid = pg_backend_pid()"
            assert connection.execute(query).fetchone() == (True,)
        wrong = through(gateway, host="db.example.com", **more)
        with pytest.raises(AuthenticationError, match="does not match host name"):
            endpoint_of("crm", tls_pair.source, **wrong).session("tls").__enter__()


def test_a_run_goes_on_while_the_customer_comes_and_goes(
    monkeypatch: pytest.MonkeyPatch, syncs: Syncs, gateway: Running
) -> None:
    """The customer's ssh is killed again and again, and started again, as autossh does."""
    monkeypatch.setattr("pgsync_assets.connect.retry.PAUSES_S", (0.1,) * 100)
    syncs.table("id integer primary key, note text")
    syncs.pair.destination.execute(
        "create function slow() returns trigger language plpgsql as "
        "$$ begin perform pg_sleep(0.05); return null; end $$",
        "create trigger slow after insert on items for each statement execute function slow()",
    )
    syncs.pair.source.execute("insert into items select n, 'x' from generate_series(1, 300) as n")
    syncs.destination = through(gateway)
    outcomes: list[Outcome] = []
    run = threading.Thread(target=lambda: outcomes.append(tried(lambda: syncs.run(batch_size=10))))
    run.start()
    calls = 0
    while run.is_alive():
        calls += 1
        with gateway.dialled(syncs.pair.destination.port):
            run.join(0.4 if calls < 4 else 30)
    assert calls > 3
    assert len(gateway.said("left")) >= 3
    assert syncs.same()
    assert outcomes[0].rejected == 0
    with gateway.dialled(syncs.pair.destination.port):
        assert syncs.run().planned == Counts()


def test_a_frozen_customer_loses_the_port_to_the_next_one(
    monkeypatch: pytest.MonkeyPatch, database_pair: Pair, gateway: Running
) -> None:
    """Within 4.5 s by default, where somebody asks for the port."""
    monkeypatch.setattr("pgsync_assets.connect.gateway.CHALLENGE_S", 0.2)
    port = database_pair.source.port
    with gateway.dialled(port) as first:
        first.send_signal(signal.SIGSTOP)
        with gateway.dialled(port):
            assert gateway.said("left", "no answer any more")
            with endpoint_of("crm", database_pair.source, **through(gateway)).session("one"):
                pass


@pytest.fixture
def patched(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Starts a gateway with other limits."""

    def start(**limits: float) -> Running:
        for name, value in limits.items():
            monkeypatch.setattr(f"pgsync_assets.connect.gateway.{name}", value)
        gateway: Running = request.getfixturevalue("gateway")
        return gateway

    return start


def test_a_frozen_customer_is_dropped_and_their_connections_end(
    database_pair: Pair, patched: Any
) -> None:
    """Within 12 s by default, so that a run notices it and tries again."""
    gateway = patched(KEEPALIVE_S=0.3)
    before = listening()
    with gateway.dialled(database_pair.source.port) as client:
        end = endpoint_of("crm", database_pair.source, **through(gateway))
        with end.session("one") as session:
            client.send_signal(signal.SIGSTOP)
            with pytest.raises(ConnectionLost), session.transaction("looking") as connection:
                connection.execute("select 1")
        assert listening() == before
        assert gateway.said("left", "no answer any more")


def test_a_customer_who_answers_keeps_the_port(patched: Any) -> None:
    gateway = patched(CHALLENGE_S=0.1)
    with gateway.dialled(5432) as first:
        command = gateway.command(gateway.invitation(5432))
        ended = subprocess.run(command, capture_output=True, timeout=20)
        assert ended.returncode == 255
        assert gateway.said("refused", "has it, and answers")
        assert first.poll() is None


def test_who_does_not_log_in_is_dropped(patched: Any) -> None:
    gateway = patched(LOGIN_S=0.3)
    with socket.create_connection((HOST, gateway.port)) as silent:
        silent.settimeout(10)
        while silent.recv(1000):
            pass
    until(lambda: bool(gateway.said("refused", "without a user (took too long)")))


def test_the_silent_keep_nobody_out(patched: Any) -> None:
    gateway = patched(MAX_LOGGING_IN=3)
    silent = [socket.create_connection((HOST, gateway.port)) for _ in range(4)]
    until(lambda: bool(gateway.said("refused", "more than 3 are logging in")))
    with gateway.dialled(5432):
        assert len(gateway.said("refused", "more than 3 are logging in")) == 2
    for one in silent:
        one.close()


def test_who_has_no_port_is_dropped_so_that_they_try_again(patched: Any) -> None:
    gateway = patched(WITHOUT_PORT_S=0.3)
    forward = f"-R {HOST}:{gateway.tunnels['acme'].port}:{HOST}:5432"
    command = gateway.command(gateway.invitation(5432), (forward, ""))
    assert subprocess.run(command, capture_output=True, timeout=20).returncode == 255
    assert gateway.said("left", "no port open for 0 s")


def test_one_customer_has_few_connections(patched: Any) -> None:
    gateway = patched(MAX_LOGGED_IN=1)
    with gateway.dialled(5432):
        command = gateway.command(gateway.invitation(5432))
        assert subprocess.run(command, capture_output=True, timeout=20).returncode == 255
        assert gateway.said("left", "more than 1 connections at once")


def test_a_port_that_another_program_has_is_told(gateway: Running) -> None:
    port = gateway.tunnels["acme"].port
    with socket.create_server((HOST, port)):
        command = gateway.command(gateway.invitation(5432))
        assert subprocess.run(command, capture_output=True, timeout=20).returncode == 255
    assert gateway.said("refused", "who has it on this machine?")
