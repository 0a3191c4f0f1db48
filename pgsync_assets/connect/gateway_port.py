"""The loopback port that a customer has opened at the gateway, and connections through it."""

from __future__ import annotations

import asyncio
from typing import Protocol

import asyncssh

from .parameters import LOOPBACK_ADDRESS


class Owner(Protocol):
    """Whose port it is."""

    conn: asyncssh.SSHServerConnection

    @property
    def is_gone(self) -> bool:
        """Whether their SSH connection has ended."""

    def opened(self, port: int) -> None:
        """The port is open."""

    def closed(self) -> None:
        """The port is closed again."""

    def tell(self, event: str, message: str) -> None:
        """Writes a line of the log."""


class Port(asyncssh.SSHListener):
    """A port on 127.0.0.1, whatever the customer calls it; made by `open`."""

    def __init__(self, owner: Owner, port: int, server: asyncio.Server) -> None:
        super().__init__()
        self._owner = owner
        self._port = port
        self._server = server
        self._is_open = True

    @classmethod
    async def open(cls, owner: Owner, host: str, port: int) -> Port | None:
        """Listens.

        Args:
            owner: who asked for it.
            host: what they call this address.
            port: to listen on.

        Returns:
            The open port; None where they have left meanwhile.

        Raises:
            OSError: somebody else listens there.
        """
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: _Incoming(owner, host, port), LOOPBACK_ADDRESS, port
        )
        if owner.is_gone:  # nobody would close it any more
            server.close()
            return None
        owner.opened(port)
        return cls(owner, port, server)

    def get_port(self) -> int:
        """The port that is open."""
        return self._port

    def close(self) -> None:
        """Takes no more connections, and lets others have the port."""
        super().close()
        if self._is_open:
            self._is_open = False
            self._server.close()
            self._owner.closed()


class _Incoming(asyncssh.SSHForwarder):
    """One connection to the port, which goes on through the customer's ssh."""

    def __init__(self, owner: Owner, host: str, port: int) -> None:
        super().__init__()
        self._owner = owner
        self._named = (host, port)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody on this machine connects; nothing is read before the other end is there."""
        super().connection_made(transport)
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - of a TCP server
        transport.pause_reading()
        self._owner.conn.create_task(self._open(transport))

    async def _open(self, transport: asyncio.Transport) -> None:
        """Asks the customer's ssh to connect; it knows this port by the name it gave to it."""
        peer_host, peer_port = transport.get_extra_info("peername")[:2]
        try:
            await self._owner.conn.create_connection(
                lambda: asyncssh.SSHForwarder(self),  # type: ignore[arg-type,return-value]
                *self._named,
                peer_host,
                peer_port,
            )
        except asyncssh.Error:
            if not self._owner.is_gone:
                told = "their ssh cannot reach what -R names behind the port"
                self._owner.tell("unreachable", told)
            self.close()
        else:
            transport.resume_reading()
