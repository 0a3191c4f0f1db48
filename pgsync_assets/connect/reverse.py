"""A tunnel that comes in: a port of this machine that the customer's own SSH has opened.

The gateway (`pgsync-assets tunnel serve`, or an OpenSSH server) runs apart from us. All that we
know of it is the port, and who answers there.
"""

from __future__ import annotations

import socket

from ..config import ReverseTunnel, ReverseTunnelRef
from ..errors import ConfigurationError, ConnectionLost, PgsyncError
from .parameters import LOOPBACK_ADDRESS, Values
from .ssl_request import SSL_REQUEST

ANSWER_S = 5.0


class ReverseEnd:
    """The end of a reverse tunnel on this machine; the tunnel itself is the customer's.

    Args:
        values: of the connection that comes in.
        tunnel: what it says of its tunnel.
    """

    def __init__(self, values: Values, tunnel: ReverseTunnelRef) -> None:
        self._values = values
        self._tunnel = tunnel

    def open(self) -> tuple[int, ...]:
        """Looks whether somebody has dialled in.

        Returns:
            The port on 127.0.0.1.

        Raises:
            ConfigurationError: the connection was not read with the `reverse_tunnels` of its
                project.
            ConnectionLost: nobody has.
        """
        probe = self._connected()
        if probe is None:
            raise self._nobody()
        probe.close()  # without a word: PostgreSQL logs nothing of it
        return (self._port,)

    def close(self) -> None:
        """It stays: it is not ours."""

    @property
    def is_up(self) -> bool:
        """Whether there is anything to open again: never."""
        return True

    @property
    def why_lost(self) -> str | None:
        """What happened, where nobody is there any more."""
        probe = self._connected()
        if probe is None:
            return f"{self._where}: the customer's ssh is gone"
        probe.close()
        return None

    def problem(self) -> PgsyncError | None:
        """Why a connection did not open; None where a PostgreSQL answers."""
        answer = self._answers()
        if answer is None:
            return self._nobody()
        if answer == b"":
            return ConnectionLost(
                f"{self._where}: the customer has dialled in, but no PostgreSQL answers where "
                "their ssh leads to",
                "they check what stands behind the port in their `-R`, and their server",
            )
        return None

    def _nobody(self) -> ConnectionLost:
        host, database_port = self._values.hosts()[0], self._values.ports()[0]
        name = self._tunnel.reverse
        return ConnectionLost(
            f"{self._where}: nobody has dialled in; the customer runs: "
            f"ssh -N {forwarding(self._port, host, database_port)} {name}@GATEWAY",
            f"`pgsync-assets tunnel invite {name}` prints all that they need; "
            "`pgsync-assets tunnel serve` has to run on this machine",
        )

    def _answers(self) -> bytes | None:
        """What a PostgreSQL says; nothing: there is none; None: nobody listens at all."""
        probe = self._connected()
        if probe is None:
            return None
        with probe:
            try:
                probe.sendall(SSL_REQUEST)
                return probe.recv(1)
            except OSError:
                return b""

    def _connected(self) -> socket.socket | None:
        try:
            return socket.create_connection((LOOPBACK_ADDRESS, self._port), ANSWER_S)
        except OSError:
            return None

    @property
    def _port(self) -> int:
        if not isinstance(self._tunnel, ReverseTunnel):
            raise ConfigurationError(
                f"{self._where}: nothing says its port",
                "write it under `reverse_tunnels:`, beside `connections:`",
            )
        return self._tunnel.port

    @property
    def _where(self) -> str:
        return f"connection {self._values.name!r}, reverse tunnel {self._tunnel.reverse!r}"


def forwarding(port: int, host: str, database_port: int) -> str:
    """The `-R` option of a customer's ssh.

    Args:
        port: on the gateway.
        host: of PostgreSQL, as the customer sees it.
        database_port: of PostgreSQL.
    """
    shown = f"[{host}]" if ":" in host else host
    return f"-R {LOOPBACK_ADDRESS}:{port}:{shown}:{database_port}"
