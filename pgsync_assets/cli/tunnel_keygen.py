"""`pgsync-assets tunnel keygen`: our key pair, and the line that lets it do one thing."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import click

from ..config import ConnectionConfig, ReverseTunnelRef, SshServer, TunnelConfig
from ..connect.parameters import Values
from ..connect.secrets import resolve
from ..errors import ConfigurationError
from ..project import read_project
from .app import common_options
from .terminal import Terminal, short_path
from .tunnel import tunnel

DEFAULT_FILE = Path(".pgsync/ssh/id_ed25519")
NOTHING_ELSE = 'permitlisten="none:1",command="/bin/false"'  # no -R, no shell, no command
Address = tuple[str, int]
Route = tuple[str, tuple[Address, ...]]
"""An SSH server, and what our key has to reach from there."""


@tunnel.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), default=DEFAULT_FILE)
@click.option("--connection", "name", metavar="NAME", help="What it is for, as the project says.")
@click.option(
    "--permit", multiple=True, metavar="HOST:PORT", help="A PostgreSQL that it may reach."
)
@click.option("--passphrase", metavar="NAME", help="Variable that holds a passphrase for it.")
@click.option("--comment", default="pgsync-assets", show_default=True, help="Ends the public key.")
@common_options
def keygen(
    file: Path,
    name: str | None,
    permit: Sequence[str],
    passphrase: str | None,
    comment: str,
    defs: Path,
    as_json: bool,
) -> None:
    """Make the service's SSH key: FILE (default: .pgsync/ssh/id_ed25519) and FILE.pub.

    Prints the line for authorized_keys of the SSH server, which allows the key to reach the named
    PostgreSQL and nothing else. A file that is there already is never overwritten.
    """
    from ..connect.ssh_keys import make_key_pair  # here: other commands need no SSH

    if not (name or permit):
        raise click.UsageError("say what the key is for: --connection NAME, or --permit HOST:PORT")
    routes = _routes(name, defs) if name else []
    if permit:
        routes.append(("the SSH server", tuple(map(_address, permit))))
    public_key = make_key_pair(file, _passphrase(passphrase), comment)
    lines = {server: authorized_line(public_key, targets) for server, targets in routes}
    _tell(Terminal(as_json), file, public_key, lines)


def authorized_line(public_key: str, targets: Sequence[Address]) -> str:
    """A line of authorized_keys (sshd(8)) that lets a key open connections, and nothing else.

    Args:
        public_key: one line.
        targets: host and port of each server that it may reach.
    """
    hosts = ((f"[{host}]" if ":" in host else host, port) for host, port in targets)
    permits = "".join(f'permitopen="{host}:{port}",' for host, port in hosts)
    # `restrict` alone still runs commands, and `port-forwarding` brings -R back as well.
    return f"restrict,port-forwarding,{permits}{NOTHING_ELSE} {public_key}"


def _routes(name: str, defs: Path) -> list[Route]:
    """Each SSH server on the way to a connection, and what comes behind it."""
    project = read_project(defs)
    if name not in project.connections:
        raise ConfigurationError(
            f"{project.folder} has no connection named {name!r}",
            f"there are: {', '.join(sorted(project.connections))}",
        )
    config = project.connections[name]
    if config.tunnel is None or isinstance(config.tunnel, ReverseTunnelRef):
        raise ConfigurationError(
            f"connection {name!r} goes through no SSH server", "give it a `tunnel`, or use --permit"
        )
    return _hops(name, config, config.tunnel)


def _hops(name: str, config: ConnectionConfig, way: TunnelConfig) -> list[Route]:
    def address(server: SshServer) -> Address:
        return resolve(server.host, os.environ, f"connection {name!r}, host"), server.port

    values = Values(name, config, os.environ)
    targets = tuple(zip(values.hosts(), values.ports(), strict=True))
    servers = [address(server) for server in (*way.jump, way)]
    behind = [*((server,) for server in servers[1:]), targets]
    return [
        (f"{host}:{port}", reached) for (host, port), reached in zip(servers, behind, strict=True)
    ]


def _address(text: str) -> Address:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536 or not _is_plain(host):
        raise click.UsageError(f"--permit {text}: write it as HOST:PORT, as in db.internal:5432")
    return host.removeprefix("[").removesuffix("]"), int(port)


def _is_plain(host: str) -> bool:
    """No character that would end the option of authorized_keys, or begin another one."""
    return not any(char in '"\\,*?' or char.isspace() for char in host)


def _passphrase(variable: str | None) -> str | None:
    if variable is None:
        return None
    found = resolve(f"${variable.removeprefix('$')}", os.environ, "--passphrase")
    if not found:
        raise ConfigurationError(f"--passphrase: the environment variable {variable} is empty")
    return found


def _tell(terminal: Terminal, file: Path, public_key: str, lines: dict[str, str]) -> None:
    terminal.say(
        f"wrote {short_path(file)} (only you can read it) and {short_path(file)}.pub",
        "",
        "public key:",
        public_key,
    )
    for server, line in lines.items():
        terminal.say("", f"for ~/.ssh/authorized_keys on {server} (OpenSSH 7.8 or newer):", line)
    terminal.document(
        {"private_key_file": str(file), "public_key": public_key, "authorized_keys": lines}
    )
