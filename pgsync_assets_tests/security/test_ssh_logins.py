"""Who we are to an SSH server: keys of every kind, passwords, and nothing that was not named."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncssh
import paramiko
import pytest

from pgsync_assets.config import SshServer, TunnelConfig
from pgsync_assets.connect.ssh_hop import connected, hop_of
from pgsync_assets.connect.tunnel import Tunnel
from pgsync_assets.errors import AuthenticationError, ConfigurationError, ConnectionLost

from ..fix_needs import program
from ..fix_ssh import USER, Bastion, Sshd, write_key

SECRETS = {"PASSPHRASE": "p@ss phrase", "PASSWORD": "pass'word ü"}


def log_in(server: dict[str, Any], **more: Any) -> None:
    """Logs in and out."""
    config = SshServer.model_validate(server | more)
    connected(hop_of(config, "connection 'crm', tunnel", SECRETS), None).close()


@pytest.fixture
def server(bastion: Bastion, private_key_file: Path) -> dict[str, Any]:
    """An SSH server and who we are there."""
    return bastion.tunnel(private_key_file)


KEYS = [
    (kind, form)
    for kind in ("ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp521")
    for form in ("openssh", "pkcs8-pem", "pkcs1-pem")
    if (kind, form) != ("ssh-ed25519", "pkcs1-pem")  # there is no such form
]


@pytest.mark.parametrize(("kind", "form"), KEYS)
def test_a_key_of_every_kind_and_form(
    bastion: Bastion, server: dict[str, Any], tmp_path: Path, kind: str, form: str
) -> None:
    key = write_key(tmp_path / "key", kind, form)
    bastion.let_in(key)
    log_in(server, private_key_file=str(key))


def test_a_password(bastion: Bastion, server: dict[str, Any]) -> None:
    bastion.password = SECRETS["PASSWORD"]
    del server["private_key_file"]
    log_in(server, password="$PASSWORD")
    with pytest.raises(AuthenticationError, match="refused user 'tunnel'") as caught:
        log_in(server, password="$PASSPHRASE")
    assert SECRETS["PASSPHRASE"] not in str(caught.value)


def test_a_password_where_the_key_is_refused(private_key_file: Path) -> None:
    with wanting(paramiko.common.AUTH_FAILED, "publickey,password") as server:
        key = {"private_key_file": str(private_key_file)}
        log_in(server, **key, password="$PASSWORD")
        with pytest.raises(AuthenticationError, match="refused user 'tunnel'"):
            log_in(server, **key, password="$PASSPHRASE")


def test_a_server_that_wants_both(private_key_file: Path) -> None:
    with wanting(paramiko.common.AUTH_PARTIALLY_SUCCESSFUL, "password") as server:
        log_in(server, private_key_file=str(private_key_file), password="$PASSWORD")
        with pytest.raises(AuthenticationError, match="asks for password"):
            log_in(server, private_key_file=str(private_key_file))


@contextmanager
def wanting(answer_to_keys: int, asked_for: str) -> Iterator[dict[str, Any]]:
    """A server that gives every key the same answer, and lets in who knows the password."""

    class Rules(paramiko.ServerInterface):
        def get_allowed_auths(self, username: str) -> str:
            return asked_for

        def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
            return answer_to_keys

        def check_auth_password(self, username: str, password: str) -> int:
            is_right = password == SECRETS["PASSWORD"]
            return paramiko.common.AUTH_SUCCESSFUL if is_right else paramiko.common.AUTH_FAILED

    host_key = paramiko.ECDSAKey.generate()
    transports: list[paramiko.Transport] = []

    def serve() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            transport = paramiko.Transport(client)
            transport.set_log_channel("pgsync_assets.connect.ssh")
            transport.add_server_key(host_key)
            transport.start_server(threading.Event(), Rules())
            transports.append(transport)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield {
            "host": "127.0.0.1",
            "port": listener.getsockname()[1],
            "user": USER,
            "host_key": f"{host_key.get_name()} {host_key.get_base64()}",
        }
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
        for transport in transports:
            transport.close()


def test_names_of_variables_in_every_field(
    bastion: Bastion, server: dict[str, Any], tmp_path: Path
) -> None:
    known = tmp_path / "known"
    known.write_text(f"[127.0.0.1]:{bastion.port} {bastion.host_key_line}\n")
    del server["host_key"]
    values = {
        "HOST": server["host"], "USER_NAME": server["user"],
        "FILE": server["private_key_file"], "KNOWN": str(known),
    }  # fmt: skip
    named = {
        "host": "$HOST", "user": "$USER_NAME", "private_key_file": "$FILE",
        "known_hosts_file": "$KNOWN",
    }  # fmt: skip
    config = SshServer.model_validate(server | named)
    connected(hop_of(config, "tunnel", values), None).close()
    for name in values:
        without = {key: value for key, value in values.items() if key != name}
        with pytest.raises(ConfigurationError, match=f"{name} is not set"):
            hop_of(config, "tunnel", without)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_that_others_can_read_is_refused(server: dict[str, Any], mode: int) -> None:
    key = Path(server["private_key_file"])
    key.chmod(mode)
    with pytest.raises(ConfigurationError, match=f"read by others .mode {mode:04o}") as caught:
        log_in(server)
    assert caught.value.remedy == f"chmod 600 {key}"


def test_what_is_wrong_with_a_key_is_said(server: dict[str, Any], tmp_path: Path) -> None:
    key = Path(server["private_key_file"])
    with pytest.raises(ConfigurationError, match="has no passphrase, and one is given"):
        log_in(server, private_key_passphrase="$PASSPHRASE")
    asyncssh.read_private_key(key).write_private_key(
        key, passphrase=SECRETS["PASSPHRASE"], rounds=50
    )
    with pytest.raises(ConfigurationError, match="it has a passphrase"):
        log_in(server)
    with pytest.raises(ConfigurationError, match="the passphrase is wrong") as caught:
        log_in(server, private_key_passphrase="$PASSWORD")
    assert SECRETS["PASSWORD"] not in str(caught.value)
    key.write_text("not a key")
    with pytest.raises(ConfigurationError, match="no private key"):
        log_in(server)


def test_a_server_that_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pgsync_assets.connect.ssh_hop.TIMEOUT_S", 0.2)
    line = f"{(key := paramiko.ECDSAKey.generate()).get_name()} {key.get_base64()}"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = {
            "host": "127.0.0.1", "port": listener.getsockname()[1], "user": "me",
            "host_key": line, "password": "$PASSWORD",
        }  # fmt: skip
        with pytest.raises(ConnectionLost, match="did not shake hands .no answer"):
            log_in(server)


@pytest.mark.needs("ssh", "sshd")
def test_no_agent_and_nothing_from_home(
    monkeypatch: pytest.MonkeyPatch, sshd: Sshd, private_key_file: Path, tmp_path: Path
) -> None:
    """The right key is in the agent and in ~/.ssh, whose config sends all elsewhere."""
    home = tmp_path / "home"
    (home / ".ssh").mkdir(parents=True, mode=0o700)
    (home / ".ssh" / "id_ed25519").write_bytes(private_key_file.read_bytes())
    (home / ".ssh" / "id_ed25519").chmod(0o600)
    (home / ".ssh" / "config").write_text(
        "Host *\n  Hostname 192.0.2.1\n  User nobody\n  ProxyCommand false\n"
    )
    sshd.tunnel(private_key_file)  # lets that key in
    stranger = write_key(tmp_path / "stranger")
    with agent(tmp_path / "agent", private_key_file) as address:
        monkeypatch.setenv("SSH_AUTH_SOCK", str(address))
        monkeypatch.setenv("HOME", str(home))
        refused = Tunnel(
            "crm", TunnelConfig.model_validate(sshd.tunnel_with(stranger)), [("x", 1)], {}
        )
        with pytest.raises(AuthenticationError, match="refused"):
            refused.open()
        named = TunnelConfig.model_validate(sshd.tunnel_with(private_key_file))
        tunnel = Tunnel("crm", named, [("x", 1)], {})
        assert len(tunnel.open()) == 1
        tunnel.close()


@contextmanager
def agent(address: Path, key: Path) -> Iterator[Path]:
    """A real ssh-agent that holds a key."""
    folder = program("ssh").parent
    process = subprocess.Popen(
        [folder / "ssh-agent", "-D", "-a", address], stdout=subprocess.DEVNULL
    )
    try:
        add: list[str | Path] = [folder / "ssh-add", "-q", key]
        environment = os.environ | {"SSH_AUTH_SOCK": str(address)}
        for _ in range(100):
            if address.exists():
                break
            threading.Event().wait(0.02)
        subprocess.run(add, env=environment, check=True, capture_output=True)
        yield address
    finally:
        process.terminate()
        process.wait()
