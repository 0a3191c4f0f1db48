"""`pgsync-assets tunnel invite NAME`: what a customer types to dial in."""

from __future__ import annotations

import os
import re
from pathlib import Path

import click

from ..config import ReverseTunnelRef
from ..config.public_key import check_public_key
from ..connect.parameters import Values
from ..errors import ConfigurationError
from ..project import Project, read_project
from .app import common_options, directory_option
from .gateway_key import gateway_key, public_line
from .invitation import Invitation
from .terminal import Terminal
from .tunnel import tunnel

HOST = re.compile(r"[A-Za-z0-9_.:][A-Za-z0-9_.:-]*")


def _host(context: click.Context, parameter: click.Parameter, text: str) -> str:
    if not HOST.fullmatch(text):  # it becomes a word of a command
        raise click.BadParameter(f"{text!r} is not a host")
    return text


def _address(
    context: click.Context, parameter: click.Parameter, text: str | None
) -> tuple[str, int] | None:
    if text is None:
        return None
    host, _, port = text.rpartition(":")
    if not HOST.fullmatch(host.strip("[]")) or not port.isdecimal():
        raise click.BadParameter(f"{text!r} is not HOST:PORT")
    return host.strip("[]"), int(port)


@tunnel.command()
@click.argument("name")
@click.option(
    "--gateway",
    metavar="HOST",
    required=True,
    callback=_host,
    help="The gateway's host, as customers reach it.",
)
@click.option(
    "--port", type=click.IntRange(1, 65535), default=2222, show_default=True, help="Port of it."
)
@click.option(
    "--database",
    metavar="HOST:PORT",
    callback=_address,
    help="PostgreSQL, as the customer sees it. Default: that of the connection with this tunnel.",
)
@click.option(
    "--host-key",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="The gateway's public key, where another program serves. Default: that of `serve`.",
)
@click.option("--openssh", is_flag=True, help="Print what an OpenSSH gateway of yours needs.")
@directory_option
@common_options
def invite(
    name: str,
    gateway: str,
    port: int,
    database: tuple[str, int] | None,
    host_key: Path | None,
    openssh: bool,
    directory: Path,
    defs: Path,
    as_json: bool,
) -> None:
    """Print what a customer types to dial in to the reverse tunnel NAME."""
    terminal = Terminal(as_json)
    project = read_project(defs)
    config = project.reverse_tunnel(name)
    invitation = Invitation(
        name,
        config.port,
        config.public_keys,
        gateway,
        port,
        _read_key(host_key) if host_key else public_line(gateway_key(directory)),
        database or _database(project, name),
    )
    if openssh:
        _say_gateway(terminal, invitation)
    else:
        _say_customer(terminal, invitation)
    terminal.document(invitation)


def _say_customer(terminal: Terminal, invitation: Invitation) -> None:
    terminal.say(
        "# Once: a key of your own. Its .pub line goes to whoever runs the gateway.",
        invitation.keygen,
        "",
        "# Once: the gateway's key, so that nobody else can pose as it.",
        invitation.known_hosts_command,
        "",
        "# Dial in, to try it:",
        invitation.ssh,
        "",
        "# For good, with autossh:",
        invitation.autossh,
        "",
        f"# Or with systemd, in /etc/systemd/system/pgsync-{invitation.name}.service; User= has "
        "the key:",
        *invitation.systemd_unit.splitlines(),
    )


def _say_gateway(terminal: Terminal, invitation: Invitation) -> None:
    name, file = invitation.name, invitation.keys_file
    terminal.say(
        "# A user without a shell, on the machine that runs the syncs:",
        f"useradd --create-home --shell /usr/sbin/nologin {name}",
        "",
        f"# Into {file} (owned by root, mode 0644):",
        *invitation.authorized_keys,
        "",
        f"# Into /etc/ssh/sshd_config.d/pgsync_{name}.conf, then reload sshd:",
        *invitation.sshd_config.splitlines(),
    )


def _read_key(file: Path) -> str:
    try:
        return " ".join(check_public_key(file.read_text(encoding="utf-8")).split()[:2])
    except (OSError, ValueError) as error:
        told = error if isinstance(error, ValueError) else type(error).__name__
        raise ConfigurationError(f"{file}: {told}") from None


def _database(project: Project, name: str) -> tuple[str, int]:
    for connection, config in project.connections.items():
        if isinstance(config.tunnel, ReverseTunnelRef) and config.tunnel.reverse == name:
            values = Values(connection, config, os.environ)
            return values.hosts()[0], values.ports()[0]
    raise ConfigurationError(
        f"no connection has `tunnel: {{reverse: {name}}}`",
        "say with --database HOST:PORT where PostgreSQL is, as the customer sees it",
    )
