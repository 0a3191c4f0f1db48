"""The server's own certificate, compared with the one that was written down.

libpq knows authorities only. So the certificate is looked at just before libpq connects, and libpq
is given the very addresses that were looked at. What could be swapped in between is held by
`channel_binding: require`, the default of a connection with a pin: the login then proves, over the
session that libpq has, that the server knows the login's secret and sent this session's
certificate itself.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from typing import Any

from ..config import ConnectionConfig
from ..errors import CertificateError, ConfigurationError, ConnectionLost, PgsyncError
from .certificate import Certificate, Server, shown_chain


class Pin:
    """The certificates that will do for a connection, and the servers that have shown one.

    It lives as long as its endpoint is entered: each server is asked once.

    Args:
        name: of the connection.
        config: of the connection.
    """

    def __init__(self, name: str, config: ConnectionConfig) -> None:
        self._name = name
        self._fingerprints = config.fingerprints
        self._timeout_s = config.connect_timeout_s
        self._proven: set[Server] = set()

    def checked(self, parameters: dict[str, Any], servers: Sequence[Server]) -> dict[str, Any]:
        """Keywords for libpq that lead to servers with such a certificate only.

        Args:
            parameters: keywords of the connection.
            servers: that they lead to.

        Returns:
            The same where nothing is pinned. Else they name the addresses that were checked: those
            that cannot be reached now are left out.

        Raises:
            CertificateError: one of the servers shows another certificate, or offers no TLS.
            ConnectionLost: none can be reached.
        """
        if not self._fingerprints:
            return parameters
        proven = self._reached(servers)
        return {
            "channel_binding": "require",
            **parameters,
            "host": ",".join(server.host for server in proven),
            "hostaddr": ",".join(server.near[0] for server in proven),
            "port": ",".join(str(server.near[1]) for server in proven),
        }

    def _reached(self, servers: Sequence[Server]) -> list[Server]:
        reached = []
        lost: ConnectionLost | None = None
        for server in self._resolved(servers):
            try:
                self._prove(server)
                reached.append(server)
            except ConnectionLost as error:
                lost = error
        if not reached and lost is not None:
            raise lost
        return reached

    def _prove(self, server: Server) -> None:
        if server in self._proven:
            return
        leaf = self._shown(server)
        if leaf.sha256 not in self._fingerprints:
            raise CertificateError(
                f"connection {self._name!r}: {server.host}:{server.port} shows the certificate "
                f"SHA-256 {leaf.fingerprint}, which is not the pinned one",
                "ask the server's owner; change `certificate_sha256` only if the new one is theirs",
            )
        self._proven.add(server)

    def _shown(self, server: Server) -> Certificate:
        try:
            return shown_chain(server, self._timeout_s)[0]
        except PgsyncError as error:
            told = f"connection {self._name!r}: {error.message}"
            raise type(error)(told, error.remedy) from None

    def _resolved(self, servers: Sequence[Server]) -> Iterator[Server]:
        for server in servers:
            if server.host.startswith(("/", "@")):
                raise ConfigurationError(
                    f"connection {self._name!r}: a Unix socket has no TLS, and so no certificate",
                    "leave `certificate_sha256` out: nothing leaves this machine there",
                )
            for address in _addresses(server.near):
                yield server._replace(near=address)


def _addresses(near: tuple[str, int]) -> list[tuple[str, int]]:
    """All addresses of a name, in the order in which they are tried; itself if it has none."""
    try:
        found = socket.getaddrinfo(*near, type=socket.SOCK_STREAM)
    except OSError:
        return [near]
    return [(address, near[1]) for address in dict.fromkeys(str(where[0]) for *_, where in found)]
