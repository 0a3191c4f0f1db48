"""`tunnel invite --openssh`: a gateway of OpenSSH's own lets a customer do no more than ours."""

from __future__ import annotations

import os
import pwd
import shlex
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from pgsync_assets.cli.exit_code import ExitCode
from pgsync_assets.embedded.loopback import HOST, free_port
from pgsync_assets_tests.fix_gateway import until
from pgsync_assets_tests.fix_needs import program

from .conftest import CliProject
from .customers import Customers, customers_of

pytestmark = pytest.mark.needs("ssh", "sshd")

USER = pwd.getpwuid(os.geteuid()).pw_name  # an sshd of ours lets in nobody else
STOP_S = 20
SSHD_CONFIG = """
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host
PidFile none
UsePAM no
StrictModes no
PermitRootLogin yes
PasswordAuthentication no
AuthorizedKeysFile {folder}/authorized_keys
Subsystem sftp internal-sftp
"""
ASKS = {
    "a command": ("-N -T", "-o RemoteCommand=id"),
    "sftp": ("-N -T", "-s"),
    "a connection from there": ("-N -T", "-W 127.0.0.1:{port}"),
    "another port": ("-R 127.0.0.1:{opens}", "-R 127.0.0.1:{free}"),
    "every address": ("-R 127.0.0.1:{opens}", "-R 0.0.0.0:{opens}"),
    "every address by a star": ("-R 127.0.0.1:{opens}", "-R *:{opens}"),
}
SOCKET = {"a Unix socket": ("-R 127.0.0.1:{opens}", "-R {tmp}/socket")}


@pytest.fixture
def customers(project: CliProject, tmp_path: Path) -> Customers:
    """A right project, with the customer's key in `tmp_path`."""
    return customers_of(project, tmp_path)


def invited(customers: Customers, folder: Path) -> Any:
    """What is printed for a gateway with OpenSSH."""
    key = asyncssh.generate_private_key("ssh-ed25519")
    key.write_private_key(folder / "host")
    key.write_public_key(folder / "host.pub")
    (folder / "host").chmod(0o600)
    ended = customers.run(
        "tunnel", "invite", "acme", "--gateway", HOST, "--port", str(free_port()),
        "--host-key", str(folder / "host.pub"), "--openssh", "--json",
    )  # fmt: skip
    return ended.document


@contextmanager
def sshd(told: Mapping[str, Any], folder: Path, part: str) -> Iterator[str]:
    """Runs one with the printed block, or the printed line; yields the customer's command."""
    block = told["sshd_config"].replace(told["keys_file"], str(folder / "authorized_keys"))
    block = block.replace("User acme", f"User {USER}") if part == "block" else ""
    config = SSHD_CONFIG.format(port=told["port"], folder=folder) + block
    (folder / "sshd_config").write_text(config)
    keys = told["authorized_keys"] if part == "line" else told["public_keys"]
    (folder / "authorized_keys").write_text("".join(f"{key}\n" for key in keys))
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    pin = told["known_hosts_command"].replace("~/.ssh", str(folder))
    subprocess.run(pin, shell=True, check=True)  # noqa: S602 - as the customer does
    server = subprocess.Popen([program("sshd"), "-D", "-f", folder / "sshd_config", "-e"])
    dial = told["ssh"].replace("~/.ssh", str(folder)).replace("ssh ", "ssh -F none ", 1)
    try:
        yield dial.replace("acme@", f"{USER}@")
    finally:
        server.terminate()
        server.wait(STOP_S)


@pytest.mark.parametrize("part", ["block", "line"])
def test_each_part_alone_lets_in_no_more(
    monkeypatch: pytest.MonkeyPatch, customers: Customers, tmp_path: Path, part: str
) -> None:
    monkeypatch.setattr("pgsync_assets.connect.retry.PAUSES_S", ())
    told = invited(customers, tmp_path)
    with sshd(told, tmp_path, part) as dial:
        until(lambda: b"SSH-2.0" in banner(told["port"]))
        client = subprocess.Popen(shlex.split(dial))
        try:
            until(lambda: customers.run("run", "orders").exit_code == ExitCode.OK)
            assert customers.pair.destination.rows("select count(*) from orders") == [(3,)]
        finally:
            client.terminate()
            client.wait(STOP_S)
        names = {**told, "free": free_port(), "tmp": tmp_path}
        asks = ASKS | (SOCKET if part == "block" else {})
        ended = {case: asked(dial, case, change, names) for case, change in asks.items()}
        assert set(ended.values()) <= {1, 255}, ended


def asked(dial: str, case: str, change: tuple[str, str], names: Mapping[str, Any]) -> int:
    """How a customer's ssh ends that asks for something else."""
    old, new = (text.format(**names) for text in change)
    assert old in dial
    command = shlex.split(dial.replace(old, new)) + ["sftp"] * (case == "sftp")
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=20)
    assert b"uid=" not in done.stdout
    assert b"SSH-2.0" not in done.stdout
    return done.returncode


def banner(port: int) -> bytes:
    """What a server says first; nothing where none listens."""
    try:
        with socket.create_connection((HOST, port), 5) as probe:
            return probe.recv(100)
    except OSError:
        return b""
