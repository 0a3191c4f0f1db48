"""Whether a PostgreSQL answers at an address: asked without logging in."""

from __future__ import annotations

import socket

from ..errors import ConnectionLost, PgsyncError, TerminalError
from .ssl_request import SSL_REQUEST

ANSWERS = {b"S": "offers TLS", b"N": "has no TLS"}


def reach(host: str, port: int, timeout_s: float, name: str | None = None) -> str:
    """Asks a server whether it speaks TLS, and hangs up.

    Args:
        host: name, address or folder of a socket file.
        port: of the server.
        timeout_s: to connect, and again to answer.
        name: of it in messages, where it is reached by another address.

    Returns:
        What it says of TLS, for people.

    Raises:
        ConnectionLost: no answer in time: a firewall, or a server that is still waking up.
        TerminalError: there is no such host, nobody listens there, or it is no PostgreSQL.
    """
    called = name or f"{host}:{port}"
    try:
        with _connected(host, port, timeout_s) as stream:
            stream.settimeout(timeout_s)
            stream.sendall(SSL_REQUEST)
            answer = stream.recv(16)  # of PostgreSQL's one: others begin with an S, too, as SSH
    except OSError as error:
        raise _unreached(error, called, host, timeout_s) from None
    if answer not in ANSWERS:
        did = "answers, but not as PostgreSQL does" if answer else "hangs up at once"
        raise TerminalError(
            f"{called} {did}",
            "check `host` and `port`; behind a tunnel or a proxy: can that one reach the server?",
        )
    return ANSWERS[answer]


def _connected(host: str, port: int, timeout_s: float) -> socket.socket:
    if not host.startswith("/"):
        return socket.create_connection((host, port), timeout_s)
    stream = socket.socket(socket.AF_UNIX)
    try:
        stream.settimeout(timeout_s)
        stream.connect(f"{host}/.s.PGSQL.{port}")
    except OSError:
        stream.close()
        raise
    return stream


def _unreached(error: OSError, called: str, host: str, timeout_s: float) -> PgsyncError:
    if isinstance(error, TimeoutError):
        return ConnectionLost(
            f"{called} does not answer within {timeout_s:g} s",
            "does a firewall, a security group or an IP allow list let this machine in? A database "
            "that sleeps may need a longer connect_timeout_s",
        )
    if isinstance(error, socket.gaierror):
        return TerminalError(
            f"there is no host named {host!r}", "check `host`; is the name known to this machine?"
        )
    if isinstance(error, ConnectionRefusedError):
        return TerminalError(
            f"nobody listens at {called}",
            "check `port`; is the server running, and is this address in its listen_addresses?",
        )
    return TerminalError(
        f"{called} cannot be reached: {error.strerror or type(error).__name__}",
        "check `host`, `port` and the network of this machine",
    )
