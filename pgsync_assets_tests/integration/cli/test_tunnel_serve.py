"""`tunnel serve` and `tunnel invite`: what is printed is pasted, and works."""

from __future__ import annotations

import json
import shlex
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from pgsync_assets.cli.exit_code import ExitCode
from pgsync_assets.embedded.loopback import HOST, free_port
from pgsync_assets_tests.fix_gateway import until

from .conftest import CliProject, Ended
from .customers import Customers, customers_of


@pytest.fixture
def customers(project: CliProject, tmp_path: Path) -> Customers:
    """A right project, with the customer's key in `tmp_path`."""
    return customers_of(project, tmp_path)


def document(process: subprocess.Popen[str]) -> Any:
    """The JSON document that a command prints while it runs on."""
    assert process.stdout is not None
    text = ""
    while not text.endswith("}\n"):
        line = process.stdout.readline()
        assert line, process.communicate()
        text += line
    return json.loads(text)


@pytest.mark.needs("ssh")
def test_what_is_printed_is_pasted_and_a_sync_runs(
    monkeypatch: pytest.MonkeyPatch, customers: Customers, tmp_path: Path
) -> None:
    monkeypatch.setattr("pgsync_assets.connect.retry.PAUSES_S", ())
    port = str(free_port())
    state = ("--dir", str(tmp_path / "state"))
    with customers.serving("--port", port, "--json", *state) as gateway:
        served = document(gateway)
        assert served["port"] == int(port)
        assert customers.run("run", "orders").exit_code == ExitCode.TRY_AGAIN
        told = customers.run("tunnel", "invite", "acme", "--gateway", HOST, "--port", port, *state)
        lines = told.stdout.replace("~/.ssh", str(tmp_path)).splitlines()
        pin = next(line for line in lines if line.startswith("echo "))
        dial = next(line for line in lines if line.startswith("ssh -N"))
        assert f"ExecStart=/usr/bin/{dial}" in lines
        subprocess.run(pin, shell=True, check=True)  # noqa: S602 - as the customer does
        assert served["known_hosts"] in (tmp_path / "pgsync_known_hosts").read_text()
        client = subprocess.Popen(shlex.split(dial.replace("ssh ", "ssh -F none ", 1)))
        try:
            until(lambda: customers.run("run", "orders").exit_code == ExitCode.OK)
            assert customers.pair.destination.rows("select count(*) from orders") == [(3,)]
            gateway.send_signal(signal.SIGTERM)
            assert client.wait(timeout=20) == 255
        finally:
            client.kill()
            client.wait()
        _, log = gateway.communicate(timeout=20)
    assert gateway.returncode == ExitCode.OK
    happened = [json.loads(line) for line in log.splitlines()]
    events = [one["event"] for one in happened]
    assert events == ["listening", "arrived", "opened", "left", "stopped"]
    assert {one["tunnel"] for one in happened[1:4]} == {"acme"}


def test_the_key_is_made_once_and_for_its_owner_only(customers: Customers, tmp_path: Path) -> None:
    state = tmp_path / "state"
    options = ("tunnel", "invite", "acme", "--gateway", "gw.example.com", "--dir", str(state))
    first, second = customers.run(*options), customers.run(*options)
    assert first.stdout == second.stdout
    assert "[gw.example.com]:2222 ssh-ed25519 AAAA" in first.stdout
    key = state / "gateway_host_key"
    assert key.stat().st_mode & 0o777 == 0o600
    assert key.read_text().splitlines()[1] not in first.stdout
    key.chmod(0o644)
    ended = customers.run(*options)
    assert ended.exit_code == ExitCode.USAGE
    assert "other users can read" in ended.message


def test_ctrl_c_is_the_way_to_end_it(customers: Customers, tmp_path: Path) -> None:
    with customers.serving("--port", str(free_port()), "--dir", str(tmp_path / "s")) as gateway:
        assert gateway.stdout is not None
        assert gateway.stdout.readline().startswith("host key SHA256:")
        gateway.send_signal(signal.SIGINT)
        _, log = gateway.communicate(timeout=20)
    assert gateway.returncode == ExitCode.OK
    assert log.rstrip().endswith("stopped")


def serve(customers: Customers, *options: str) -> Ended:
    return customers.run("tunnel", "serve", "--dir", str(customers.folder.parent), *options)


def test_what_cannot_be_served_is_told(customers: Customers) -> None:
    ended = serve(customers, "--port", str(customers.port))
    assert ended.exit_code == ExitCode.USAGE
    assert "belongs to 'acme'" in ended.message
    ended = serve(customers, "--listen", "192.0.2.1")  # nobody's address
    assert ended.exit_code == ExitCode.USAGE
    assert "cannot listen on 192.0.2.1:2222" in ended.message
    assert "192.0.2.1 is not loopback: whoever reaches this address may knock" in ended.stderr
    customers.connections()
    ended = serve(customers)
    assert ended.exit_code == ExitCode.USAGE
    assert "has no reverse tunnels" in ended.message


INVITES = {
    "unknown name": (("acne",), "did you mean 'acme'?"),
    "no host": (("acme", "--gateway", "-oProxyCommand=x"), "is not a host"),
    "no database": (("acme", "--database", "db"), "is not HOST:PORT"),
    "a database with a blank": (("acme", "--database", "a b:1"), "is not HOST:PORT"),
}


@pytest.mark.parametrize(("options", "words"), INVITES.values(), ids=INVITES.keys())
def test_what_cannot_be_printed_is_told(
    customers: Customers, options: tuple[str, ...], words: str
) -> None:
    ended = customers.run("tunnel", "invite", "--gateway", "gw.example.com", *options)
    assert ended.exit_code == ExitCode.USAGE
    assert words in ended.message


def test_an_invitation_for_programs(customers: Customers, tmp_path: Path) -> None:
    state = ("--dir", str(tmp_path / "state"), "--database", "[fd00::1]:5433")
    ended = customers.run("tunnel", "invite", "acme", "--gateway", "gw", "--json", *state)
    assert f"-R {HOST}:{customers.port}:[fd00::1]:5433 acme@gw" in ended.document["ssh"]
    assert ended.document["authorized_keys"]
