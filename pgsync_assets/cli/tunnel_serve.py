"""`pgsync-assets tunnel serve`: the gateway that customers dial in to."""

from __future__ import annotations

import asyncio
import ipaddress
import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import ConfigurationError
from ..printable import printable
from ..project import Project, read_project
from .app import debug_option, defs_option, directory_option, json_option
from .gateway_key import (
    fingerprint,
    gateway_key,
    known_hosts_line,
    public_line,
)
from .terminal import Terminal, counted, plain
from .tunnel import tunnel

if TYPE_CHECKING:
    from ..connect.gateway import Happened


@tunnel.command()
@click.option(
    "--listen",
    "address",
    metavar="ADDRESS",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen on. Customers outside need one that they reach, as 0.0.0.0: then let "
    "your firewall admit their addresses only.",
)
@click.option(
    "--port", type=click.IntRange(1, 65535), default=2222, show_default=True, help="Port of it."
)
@directory_option
@defs_option
@json_option
@debug_option
def serve(address: str, port: int, directory: Path, defs: Path, as_json: bool) -> None:
    """Let the customers of `reverse_tunnels` dial in with their own ssh, until Ctrl-C.

    Each may open its own port on 127.0.0.1 of this machine with `ssh -N -R`, and nothing else.
    Syncs through them have to run on this machine. Restart it when `reverse_tunnels` change: the
    customers' ssh comes back by itself. The log is on stderr, with --json one object a line.
    """
    from ..connect.gateway import Gateway, Happened  # here: it loads an SSH library

    terminal = Terminal(as_json)
    project = read_project(defs)
    _check(project, port)
    key = gateway_key(directory)
    line = public_line(key)

    def log(happened: Happened) -> None:
        _show(terminal, happened)

    def ready(opened: int) -> None:
        shown = f"{address}:{opened}, {counted(len(project.reverse_tunnels), 'reverse tunnel')}"
        log(Happened("listening", f"listening on {shown}"))
        known = known_hosts_line(address, opened, line)
        terminal.say(f"host key {fingerprint(line)}", f"known_hosts: {known}")
        terminal.say("`pgsync-assets tunnel invite NAME` prints what a customer needs.")
        terminal.document(
            {
                "address": address,
                "port": opened,
                "fingerprint": fingerprint(line),
                "known_hosts": known,
            }
        )

    if not _is_loopback(address):
        told = "whoever reaches this address may knock; let your firewall admit your customers only"
        log(Happened("warning", f"{address} is not loopback: {told}"))
    gateway = Gateway(project.reverse_tunnels, key, log)
    asyncio.run(gateway.serve(address, port, ready))
    log(Happened("stopped", "stopped"))


def _check(project: Project, port: int) -> None:
    if not project.reverse_tunnels:
        raise ConfigurationError(
            f"{project.folder} has no reverse tunnels",
            "write `reverse_tunnels: {NAME: {port: .., public_keys: [..]}}` beside `connections:`",
        )
    for name, config in project.reverse_tunnels.items():
        if config.port == port:
            raise ConfigurationError(
                f"the gateway would listen on port {port}, which belongs to {name!r}",
                "give --port another one",
            )


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"


def _show(terminal: Terminal, happened: Happened) -> None:
    if terminal.as_json:
        text = json.dumps(plain(happened))
    else:
        who = " ".join(word for word in (happened.tunnel, happened.peer) if word)
        text = f"{happened.at.astimezone():%Y-%m-%d %H:%M:%S} {who + ': ' if who else ''}"
        text = printable(text + happened.message)
    terminal.progress_console.print(text, soft_wrap=True)
