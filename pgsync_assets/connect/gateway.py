"""The gateway of reverse tunnels: an SSH server that opens one loopback port for each customer.

A customer's plain OpenSSH dials in (`ssh -N -R 127.0.0.1:PORT:db:5432 NAME@gateway`). It may do
that and nothing else: no shell, no command, no file, no connection to anything here.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timezone
from itertools import chain

import asyncssh

from ..config import ReverseTunnelConfig
from ..errors import ConfigurationError
from .gateway_port import Port
from .parameters import LOOPBACK_ADDRESS

LOGIN_S = 10.0
"""To log in, from the first packet on."""
WITHOUT_PORT_S = 30.0
"""How long a customer may stay who has no port, so that their ssh tries again."""
MAX_LOGGING_IN = 20
"""Connections that are not logged in yet; the oldest one gives way to a newcomer."""
MAX_LOGGED_IN = 4
"""Connections of one customer at once: one has the port, the others ask for it."""
MAX_KEYS_OFFERED = 12
KEEPALIVE_S = 3.0
KEEPALIVE_MISSED = 3
"""A customer who is silent for (KEEPALIVE_MISSED + 1) * KEEPALIVE_S seconds is dropped: 12."""
CHALLENGE_S = 1.0
"""The same for one whose port somebody else asks for with the same key: 4 seconds."""

LOOPBACK_NAMES = ("localhost", LOOPBACK_ADDRESS)
"""What OpenSSH sends for `-R PORT:..`, `-R localhost:PORT:..` and `-R 127.0.0.1:PORT:..`."""


@dataclass(frozen=True)
class Happened:
    """One line of the gateway's log.

    Args:
        event: listening, arrived, opened, refused, left, unreachable or stopped.
        message: in words.
        tunnel: name of the reverse tunnel; None where nobody has logged in.
        peer: address and port the customer comes from.
        at: when.
    """

    event: str
    message: str
    tunnel: str | None = None
    peer: str | None = None
    at: datetime = field(default_factory=lambda: datetime.now(timezone.utc))


Log = Callable[[Happened], None]


class Gateway:
    """Listens for customers until it is told to stop.

    Args:
        tunnels: who may log in, by name.
        host_key: private key of the gateway, as OpenSSH writes it.
        log: is told what happens.
    """

    def __init__(self, tunnels: Mapping[str, ReverseTunnelConfig], host_key: str, log: Log) -> None:
        self._keys = {name: _public_keys(name, tunnel) for name, tunnel in tunnels.items()}
        self._tunnels = tunnels
        self._host_key = asyncssh.import_private_key(host_key)
        self.log = log
        self._logging_in: list[Customer] = []
        self._logged_in: dict[str, list[Customer]] = {name: [] for name in tunnels}
        self._holders: dict[str, Customer] = {}
        self._asking = {name: asyncio.Lock() for name in tunnels}

    async def serve(self, address: str, port: int, ready: Callable[[int], None]) -> None:
        """Serves until SIGINT, SIGTERM, or the task is cancelled.

        Args:
            address: to listen on.
            port: to listen on; 0: any.
            ready: is called with the port once it listens.

        Raises:
            ConfigurationError: the address or port cannot be listened on.
        """
        asyncssh.set_log_level("CRITICAL")  # our own log has it, without a peer's own words
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            with suppress(NotImplementedError, RuntimeError, ValueError):  # Windows, or a thread
                asyncio.get_running_loop().add_signal_handler(number, stop.set)
        acceptor = await self._listen(address, port)
        try:
            ready(acceptor.get_port())
            await stop.wait()
        finally:
            acceptor.close()
            for customer in list(chain(self._logging_in, *self._logged_in.values())):
                customer.drop("the gateway stops")
            await asyncio.sleep(0.05)  # sockets are closed by the loop, one turn later

    async def _listen(self, address: str, port: int) -> asyncssh.SSHAcceptor:
        try:
            return await asyncssh.listen(
                address,
                port,
                server_factory=lambda: Customer(self),
                server_host_keys=[self._host_key],
                config=[],
                server_version="pgsync_gateway",
                login_timeout=LOGIN_S,
                keepalive_interval=KEEPALIVE_S,
                keepalive_count_max=KEEPALIVE_MISSED,
                compression_algs=["none"],
                public_key_auth=True,
                password_auth=False,
                kbdint_auth=False,
                host_based_auth=False,
                gss_host=None,
                agent_forwarding=False,
                x11_forwarding=False,
                allow_pty=False,
                allow_scp=False,
            )
        except OSError as error:
            raise ConfigurationError(
                f"cannot listen on {address}:{port}: {error.strerror or error}",
                "choose another address or port with --listen and --port",
            ) from None

    def knows(self, name: str, key: asyncssh.SSHKey) -> bool:
        """Whether a key may log in under a name."""
        return key in self._keys.get(name, ())

    def came(self, customer: Customer) -> None:
        """Somebody knocks. Where too many do, the one who takes longest has to go."""
        self._logging_in.append(customer)
        if len(self._logging_in) > MAX_LOGGING_IN:
            self._logging_in.pop(0).drop(f"more than {MAX_LOGGING_IN} are logging in at once")

    def logged_in(self, customer: Customer) -> bool:
        """Somebody has proved who they are; False where there are too many of them."""
        self._leave(customer)
        same = self._logged_in[customer.name]
        same.append(customer)
        return len(same) <= MAX_LOGGED_IN

    def gone(self, customer: Customer) -> None:
        """Somebody has left."""
        self._leave(customer)
        self.closed(customer)

    def _leave(self, customer: Customer) -> None:
        for known in (self._logging_in, *self._logged_in.values()):
            if customer in known:
                known.remove(customer)

    def closed(self, customer: Customer) -> None:
        """The port of a customer is free again."""
        if self._holders.get(customer.name) is customer:
            del self._holders[customer.name]

    async def open_port(self, customer: Customer, host: str, port: int) -> Port | None:
        """Opens the port of a customer, or says in the log why not.

        Args:
            customer: who asks, logged in.
            host: where they want to listen.
            port: the port they want.
        """
        allowed = self._tunnels[customer.name].port
        asked = f"{host[:64] or '*'!r}:{port}"
        if host not in LOOPBACK_NAMES or port != allowed:
            customer.refused(f"port {asked}; only {LOOPBACK_ADDRESS}:{allowed} is allowed")
            return None
        async with self._asking[customer.name]:
            if not await self._may_take_over(customer):
                return None
            try:
                opened = await Port.open(customer, host, port)
            except OSError as error:
                customer.refused(f"port {asked}: {error.strerror}; who has it on this machine?")
                return None
            if opened is not None:
                self._holders[customer.name] = customer
            return opened

    async def _may_take_over(self, customer: Customer) -> bool:
        """Whether the port is free: a live customer keeps it, a dead one loses it."""
        holder = self._holders.get(customer.name)
        if holder is customer:
            customer.refused("the same port twice")
            return False
        if holder is not None and await holder.is_alive():
            customer.refused(f"the port: {holder.peer} has it, and answers")
            return False
        return not customer.is_gone


class Customer(asyncssh.SSHServer):
    """One SSH connection to the gateway.

    Args:
        gateway: that it came to.
    """

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._offered: list[str] = []
        self._gone = asyncio.Event()
        self._why: str | None = None
        self._patience: asyncio.TimerHandle | None = None
        self._is_logged_in = False
        self.name = ""
        self.peer = "?"

    @property
    def is_gone(self) -> bool:
        """Whether the connection has ended."""
        return self._gone.is_set()

    def tell(self, event: str, message: str) -> None:
        """Writes a line of the log."""
        tunnel = self.name if self._is_logged_in else None
        self._gateway.log(Happened(event, message, tunnel, self.peer))

    def refused(self, what: str) -> None:
        """Writes into the log what they may not."""
        self.tell("refused", f"refused: {what}")

    def drop(self, why: str) -> None:
        """Ends the connection at once, and every connection through it."""
        self._why = why
        self.conn.abort()

    async def is_alive(self) -> bool:
        """Asks for an answer within CHALLENGE_S * (KEEPALIVE_MISSED + 1) seconds."""
        self.conn.set_keepalive(CHALLENGE_S, KEEPALIVE_MISSED)
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._gone.wait(), CHALLENGE_S * (KEEPALIVE_MISSED + 1) + 0.5)
        if not self.is_gone:
            self.conn.set_keepalive(KEEPALIVE_S, KEEPALIVE_MISSED)
        return not self.is_gone

    def opened(self, port: int) -> None:
        """The port is open."""
        if self._patience is not None:
            self._patience.cancel()
        self.tell("opened", f"{LOOPBACK_ADDRESS}:{port} is open")

    def closed(self) -> None:
        """The port is closed again."""
        self._gateway.closed(self)
        if not self.is_gone:
            self._wait_for_port()

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        """Somebody knocks."""
        self.conn = conn
        host, port = (conn.get_extra_info("peername") or ("?", 0))[:2]
        self.peer = f"{host}:{port}"
        self._gateway.came(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """They are gone."""
        self._gone.set()
        if self._patience is not None:
            self._patience.cancel()
        self._gateway.gone(self)
        why = self._why or (_reason(exc) if exc else None)
        if self._is_logged_in:
            self.tell("left", "left" + (f": {why}" if why else ""))
        else:
            keys = f" with {', '.join(dict.fromkeys(self._offered))}" if self._offered else ""
            tried = f"user {self.name[:64]!r}{keys}" if self.name else "without a user"
            self.refused(tried + (f" ({why})" if why else ""))

    def begin_auth(self, username: str) -> bool:
        """Nobody comes in without a key; an unknown name is not told apart from a wrong key."""
        self.name = username
        return True

    def public_key_auth_supported(self) -> bool:
        """The one way in."""
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        """Whether the key is one of the tunnel that is their name."""
        self.name = username
        self._offered.append(key.get_fingerprint("sha256"))
        if len(self._offered) > MAX_KEYS_OFFERED:
            self.drop("too many keys")
            return False
        return self._gateway.knows(username, key)

    def auth_completed(self) -> None:
        """They have proved who they are."""
        self._is_logged_in = True
        self.tell("arrived", f"logged in with {self._offered[-1]}")
        if not self._gateway.logged_in(self):
            self.drop(f"more than {MAX_LOGGED_IN} connections at once")
        self._wait_for_port()

    async def server_requested(self, listen_host: str, listen_port: int) -> Port | bool:
        """`-R`: the one thing that may be asked for."""
        return await self._gateway.open_port(self, listen_host, listen_port) or False

    def connection_requested(
        self, dest_host: str, dest_port: int, orig_host: str, orig_port: int
    ) -> bool:
        """`-L` and `-D`: never."""
        self.refused(f"a connection to {dest_host[:64]!r}:{dest_port} (-L, -D)")
        return False

    def session_requested(self) -> bool:
        """A shell, a command or sftp: never."""
        self.refused("a shell or command (ssh without -N)")
        return False

    def unix_connection_requested(self, dest_path: str) -> bool:
        """`-L` to a socket: never."""
        self.refused("a connection to a Unix socket")
        return False

    def unix_server_requested(self, listen_path: str) -> bool:
        """`-R` of a socket: never."""
        self.refused("to listen on a Unix socket")
        return False

    def _wait_for_port(self) -> None:
        loop = asyncio.get_running_loop()
        self._patience = loop.call_later(
            WITHOUT_PORT_S, self.drop, f"no port open for {WITHOUT_PORT_S:.0f} s"
        )


def _public_keys(name: str, tunnel: ReverseTunnelConfig) -> tuple[asyncssh.SSHKey, ...]:
    try:
        return tuple(asyncssh.import_public_key(key) for key in tunnel.public_keys)
    except asyncssh.KeyImportError:
        raise ConfigurationError(
            f"reverse tunnel {name!r}: a public key cannot be read", "write the .pub file's line"
        ) from None


def _reason(error: Exception) -> str:
    """Why a connection ended, without what the peer says of it."""
    if isinstance(error, asyncssh.ConnectionLost):
        silent = "keepalive" in str(error)
        late = "Login timeout" in str(error)
        return "no answer any more" if silent else "took too long" if late else "connection lost"
    if isinstance(error, asyncssh.DisconnectError):
        return f"SSH disconnect code {error.code}"
    return type(error).__name__
