"""An SSH server on the way: proved to be the pinned one, then logged in to.

Hermetic: no agent, no configuration of the user, no key that was not named.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import paramiko

from ..config import SshServer
from ..errors import AuthenticationError, ConfigurationError, ConnectionLost, PgsyncError
from .host_keys import HostKeys, pinned_keys
from .secrets import resolve
from .ssh_keys import private_key
from .ssh_transport import LOST, TIMEOUT_S, Address, Transport


@dataclass(frozen=True, repr=False)
class Hop:
    """An SSH server on the way, and who we are there: all `$NAME` values are in.

    Args:
        where: what it is, for messages.
        address: its host and port.
        user: our name there.
        host_keys: what it may show.
        key: our private key, or None.
        password: our password, or None.
    """

    where: str
    address: Address
    user: str
    host_keys: HostKeys
    key: paramiko.PKey | None
    password: str | None


def hop_of(server: SshServer, what: str, environment: Mapping[str, str]) -> Hop:
    """An SSH server as configured, with its values looked up and its keys read.

    Args:
        server: as written.
        what: what it is for, as in `connection 'crm', tunnel`.
        environment: where `$NAME` values come from.

    Raises:
        ConfigurationError: a variable or a file is missing or is not what it should be.
    """

    def value(field: str) -> str | None:
        written = getattr(server, field)
        return resolve(written, environment, f"{what}, {field}") if written is not None else None

    host, path, password = value("host") or "", value("private_key_file"), value("password")
    where = f"{what} to {host}:{server.port}"
    if path is None and password is None:
        raise ConfigurationError(
            f"{where}: there is neither private_key_file nor password",
            "give the one that the SSH server expects",
        )
    key = private_key(path, value("private_key_passphrase"), where) if path is not None else None
    pinned = pinned_keys(server, host, where, environment)
    return Hop(where, (host, server.port), value("user") or "", pinned, key, password)


def connected(hop: Hop, through: Transport | None) -> Transport:
    """A connection to an SSH server that is the pinned one and has let us in.

    Args:
        hop: the server.
        through: the server before it on the way; None: it is dialled from here.

    Raises:
        AuthenticationError: it showed another host key, or refused us.
        PrivilegeError: the server before it may not connect there.
        ConnectionLost: it cannot be reached, or fell silent.
    """
    with _opened(hop, through, hop.host_keys.algorithms) as transport:
        try:
            transport.start_client(timeout=TIMEOUT_S)
            offered = transport.get_remote_server_key()
        except paramiko.ssh_exception.IncompatiblePeer as error:
            raise _incompatible(hop, through, error) from None
        except LOST as error:
            raise _silent(hop, "did not shake hands", error) from None
        hop.host_keys.check(offered)
        _log_in(transport, hop)
        return transport


@contextmanager
def _opened(
    hop: Hop, through: Transport | None, algorithms: tuple[str, ...]
) -> Iterator[Transport]:
    """A connection on which nothing was said yet; closed when the block raises."""
    transport = Transport(hop.where, _dialled(hop, through))
    options = transport.get_security_options()
    options.key_types = algorithms or options.key_types
    try:
        yield transport
    except BaseException:
        transport.packetizer.complete_handshake()  # else its timer keeps this process alive
        transport.close()
        transport.sock.close()
        raise


def _dialled(hop: Hop, through: Transport | None) -> socket.socket | paramiko.Channel:
    if through is not None:
        return through.open_to(hop.address)
    try:
        found = socket.create_connection(hop.address, TIMEOUT_S)
    except OSError as error:
        raise ConnectionLost(
            f"{hop.where}: cannot be reached ({error.strerror or 'no answer'})",
            "check host, port and firewall of the SSH server",
        ) from None
    found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return found


def _incompatible(hop: Hop, through: Transport | None, error: Exception) -> PgsyncError:
    """Which host key the server has, where it has none of the kinds that are pinned."""
    if "host key" not in str(error) or not hop.host_keys.accepted:
        return ConfigurationError(
            f"{hop.where}: the SSH server and we know no common algorithm ({error})",
            "it offers old ones only: update it",
        )
    with _opened(hop, through, ()) as transport:
        try:
            transport.start_client(timeout=TIMEOUT_S)
            hop.host_keys.check(transport.get_remote_server_key())
        except LOST as lost:
            return _silent(hop, "did not shake hands", lost)
        except AuthenticationError as other:
            return other
        finally:
            transport.close()
    return _silent(hop, "showed another host key than a moment ago", error)


def _log_in(transport: Transport, hop: Hop) -> None:
    """The key first, then the password where there is one: some servers want both."""
    wanted: list[str] = []
    for number, way in enumerate(_ways(transport, hop)):
        try:
            wanted = _tried(way, transport, hop) or wanted
        except ConnectionLost:
            if number == 0:
                raise
            break  # it answered the first one: to hang up is its answer to this
        if transport.is_authenticated():
            return
    more = f"; it asks for {' or '.join(wanted)}" if wanted else ""
    raise AuthenticationError(
        f"{hop.where}: the server refused user {hop.user!r}{more}",
        "check user, key and password; the SSH server's own log says why it refused",
    )


def _ways(transport: Transport, hop: Hop) -> Iterator[Callable[[], list[str]]]:
    if hop.key is not None:
        yield partial(transport.auth_publickey, hop.user, hop.key)
    if hop.password is not None:
        yield partial(transport.auth_password, hop.user, hop.password)


def _tried(way: Callable[[], list[str]], transport: Transport, hop: Hop) -> list[str]:
    """Tries to log in; what the server asks for besides, or instead."""
    began = time.monotonic()
    try:
        return way()
    except paramiko.BadAuthenticationType as error:
        return error.allowed_types
    except LOST as error:
        is_refused = isinstance(error, paramiko.AuthenticationException)
        has_time = time.monotonic() - began < TIMEOUT_S
        if is_refused and has_time and transport.is_active():
            return []
        raise _silent(hop, "did not answer who may log in", error) from None


def _silent(hop: Hop, what: str, error: BaseException) -> ConnectionLost:
    said = str(error)
    if said in ("", "No existing session"):  # what paramiko makes of time that has run out
        said = "no answer"
    return ConnectionLost(
        f"{hop.where}: the SSH server {what} ({said})",
        "is it an SSH server, and does it take more connections? Its own log says more",
    )
