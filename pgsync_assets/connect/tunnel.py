"""An SSH forward tunnel on loopback: over servers whose host keys are pinned, or not at all.

The connections to the SSH servers are ours (`ssh_transport`), proved and logged in; sshtunnel
forwards over the last of them. It gets no secret, and cannot log in anywhere itself.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from socketserver import BaseServer

import paramiko
from sshtunnel import BaseSSHTunnelForwarderError, SSHTunnelForwarder

from ..config import TunnelConfig
from ..errors import ConnectionLost, PgsyncError, PrivilegeError
from .parameters import LOOPBACK_ADDRESS
from .ssh_hop import connected, hop_of
from .ssh_transport import LOG, PROBE_S, Address, Transport
from .tunnel_relay import Relay
from .tunnel_watch import Watch


class Tunnel:
    """Loopback ports that lead to servers behind an SSH server, or behind a chain of them.

    Args:
        name: name of the connection it belongs to, for messages.
        config: the SSH servers, their pinned keys and our credentials.
        targets: host and port of each PostgreSQL as the last SSH server sees them.
        environment: where `$NAME` values come from.
    """

    def __init__(
        self,
        name: str,
        config: TunnelConfig,
        targets: Sequence[Address],
        environment: Mapping[str, str],
    ) -> None:
        self._name = name
        self._config = config
        self._targets = targets
        self._environment = environment
        self._hops: list[Transport] = []
        self._forwarder: _Forwarder | None = None
        self._watch: Watch | None = None
        self._why_lost: str | None = None

    def open(self) -> tuple[int, ...]:
        """Opens the tunnel.

        Returns:
            The ports on 127.0.0.1, one for each target, in order.

        Raises:
            ConfigurationError: a variable is not set, or a key cannot be read.
            AuthenticationError: a server showed another host key, or refused our credentials.
            PrivilegeError: a server may not connect to the next one.
            ConnectionLost: a server cannot be reached.
        """
        try:
            self._connect()
            self._forwarder = _Forwarder(self._hops[-1], self._targets)
            ports = self._forwarder.listen()
        except BaseException:
            self.close()
            raise
        self._watch = Watch(self._hops, self._note)
        self._watch.start()
        return ports

    def close(self) -> None:
        """Closes the tunnel and every connection through it."""
        if self._watch is not None:
            self._watch.end()
        for transport in self._hops:  # the first one first: see tunnel_watch
            transport.close()
        if self._forwarder is not None:
            self._forwarder.stop(force=True)
        self._hops, self._forwarder, self._watch = [], None, None

    @property
    def is_up(self) -> bool:
        """Whether all SSH servers on the way are still there, as far as we know."""
        return bool(self._hops) and all(transport.is_active() for transport in self._hops)

    @property
    def why_lost(self) -> str | None:
        """What happened to a tunnel that was open and is not up any more."""
        if self._why_lost is None and self._hops and not self.is_up:
            gone = next(hop for hop in self._hops if not hop.is_active())
            self._why_lost = f"{gone.where}: the SSH server closed the connection"
        return self._why_lost

    def problem(self) -> PgsyncError | None:
        """Why nobody answers at the other end; None where a target can be reached after all.

        Asks the SSH server for a connection to each target: over the forwarded port a refusal
        shows as an end of file only.
        """
        if self.why_lost is not None:
            return ConnectionLost(self.why_lost)
        found: list[PgsyncError] = []
        for target in self._targets:
            try:
                self._hops[-1].open_to(target, PROBE_S).close()
                return None
            except (PrivilegeError, ConnectionLost) as error:
                found.append(error)
        # Where one may be up again later, the whole may work later.
        passing = [error for error in found if isinstance(error, ConnectionLost)]
        kind = ConnectionLost if passing else PrivilegeError
        message = "; ".join(error.message for error in found)
        return kind(message, (passing or found)[0].remedy)

    def _connect(self) -> None:
        what = f"connection {self._name!r}"
        hops = [
            *(hop_of(jump, f"{what}, jump", self._environment) for jump in self._config.jump),
            hop_of(self._config, f"{what}, tunnel", self._environment),
        ]
        for hop in hops:
            self._hops.append(connected(hop, self._hops[-1] if self._hops else None))

    def _note(self, reason: str) -> None:
        self._why_lost = reason


class _Forwarder(SSHTunnelForwarder):  # type: ignore[misc] # it has no types
    """sshtunnel over a connection that is there already.

    Args:
        transport: logged in.
        targets: host and port of each server, as the SSH server sees them.
    """

    _server_list: list[BaseServer]

    def __init__(self, transport: paramiko.Transport, targets: Sequence[Address]) -> None:
        self._transport = transport  # it connects where this is not active, and only then
        super().__init__(
            "the SSH server",
            ssh_username="-",
            ssh_config_file=None,
            allow_agent=False,
            host_pkey_directories=[],
            remote_bind_addresses=list(targets),
            local_bind_addresses=[(LOOPBACK_ADDRESS, 0) for _ in targets],
            logger=logging.getLogger(LOG),
        )

    @staticmethod
    def _consolidate_auth(**_: object) -> tuple[None, list[paramiko.PKey]]:
        """No password and no key: it cannot log in by itself."""
        return None, []

    def _make_ssh_forward_handler_class(self, remote_address_: Address) -> type:
        made = super()._make_ssh_forward_handler_class(remote_address_)
        return type("Handler", (Relay, made), {})

    def listen(self) -> tuple[int, ...]:
        """Begins to forward.

        Returns:
            The local port for each target, in order.

        Raises:
            ConnectionLost: the connection ended meanwhile, or no port can be had.
        """
        try:
            self.start()
        except BaseSSHTunnelForwarderError:
            raise ConnectionLost("the SSH tunnel ended while it was opened") from None
        ports = tuple(int(port) for port in self.local_bind_ports)
        if len(ports) != len(self._remote_binds):
            raise ConnectionLost(f"no port of {LOOPBACK_ADDRESS} can be had for the SSH tunnel")
        return ports

    def stop(self, force: bool = False) -> None:
        """Stops forwarding, and frees what it holds."""
        if not self.is_alive:
            # Nobody serves these sockets yet, and sshtunnel would wait for that to end, for ever.
            while self._server_list:
                self._server_list.pop().server_close()
        with suppress(OSError):
            super().stop(force=force)
