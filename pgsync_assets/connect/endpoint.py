"""One PostgreSQL, ready to be opened: tunnel, TLS and credentials in one place."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

from ..config import AnyTunnel, ConnectionConfig, ReverseTunnelRef, SslMode
from ..errors import CertificateError, ConnectionLost, PgsyncError, PrivilegeError
from .authorities import Trust, refusal
from .certificate import Server
from .cut_off import CutOff
from .parameters import Values, authorities, libpq_parameters, servers
from .pin import Pin
from .refusals import is_of_certificate, refused
from .reverse import ReverseEnd
from .session import Session, named
from .watch import WatchedConnection, watched
from .weakness import weakness

if TYPE_CHECKING:
    from .tunnel import Tunnel


class Endpoint:
    """How to reach one PostgreSQL. Entering it opens the tunnel, if there is one.

    Args:
        name: name of the connection in the configuration.
        config: as written; `$NAME` values are resolved when a session opens.
        environment: where `$NAME` values come from; default: this process's environment.
    """

    def __init__(
        self, name: str, config: ConnectionConfig, environment: Mapping[str, str] | None = None
    ) -> None:
        self.name = name
        self.config = config
        self._environment = os.environ if environment is None else environment
        self._values = Values(name, config, self._environment)
        self._tunnel: Tunnel | ReverseEnd | None = None
        self._local_ports: tuple[int, ...] = ()
        self._pin = Pin(name, config)
        self._entered = 0
        self._entering = threading.Lock()  # sessions may be opened side by side: one tunnel
        self._cut_off = CutOff()

    def __repr__(self) -> str:
        return f"<Endpoint {self}>"

    def __str__(self) -> str:
        """Who it is, in messages; names of variables stand for their values."""
        c = self.config
        return f"connection {self.name!r} ({c.user}@{c.address}/{c.database})"

    @property
    def weakness(self) -> str | None:
        """What is weaker than verify-full here, in a sentence; None where nothing is."""
        return weakness(self._values)

    @property
    def servers(self) -> list[Server]:
        """Where it is reached, in order; with a tunnel only while it is entered."""
        return servers(self._values, self._local_ports)

    def trust(self, *, by_name: bool = True) -> Trust:
        """What a certificate has to be for this connection.

        Args:
            by_name: it has to be for the host's name, as verify-full demands.
        """
        seconds = self.config.connect_timeout_s
        return Trust(self.name, authorities(self._values), by_name, seconds)

    def __enter__(self) -> Endpoint:
        with self._entering:
            if self.config.tunnel is not None and not (self._tunnel and self._tunnel.is_up):
                self._close_tunnel()  # one that died, with what was open through it
                self._open_tunnel(self.config.tunnel)
            self._entered += 1
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._entering:
            self._entered -= 1
            if self._entered == 0:
                self._close_tunnel()

    @contextmanager
    def session(self, application_name: str) -> Iterator[Session]:
        """Opens a connection for the length of the block, and the tunnel if it is not up.

        Args:
            application_name: what pg_stat_activity shows, as in `pgsync/orders`; its transactions
                show the run, too.

        Raises:
            ConfigurationError: a variable is not set, or the database does not exist.
            AuthenticationError: refused by password, pg_hba.conf, certificate or host key.
            ConnectionLost: the server cannot be reached.
        """
        with self.client(application_name) as connection:
            session = Session(self.name, self.config, connection, application_name)
            pid = connection.info.backend_pid  # asked now: a lost connection does not know
            try:
                with watched(connection, self.config.network_timeout_s):
                    session.stay()
                    self._cut_off.end(session)
                    yield session
            except ConnectionLost as error:
                self._cut_off.add(pid, named(application_name))
                raise self._with_reason(error) from None

    @contextmanager
    def client(self, application_name: str) -> Iterator[WatchedConnection]:
        """Opens a connection of which nothing is asked: it may have to wait for a pooler's server.

        Args:
            application_name: see `session`.

        Raises:
            PgsyncError: see `session`.
        """
        with self:
            connection = self._connect(application_name)
            try:
                yield connection
            finally:
                connection.close()

    @property
    def sslmode(self) -> SslMode:
        """What is asked of libpq, by default or as written."""
        return self.config.effective_sslmode(self._values.hosts())

    def _with_reason(self, error: ConnectionLost) -> ConnectionLost:
        """The same loss; where the tunnel is gone, what became of it."""
        reason = self._tunnel.why_lost if self._tunnel else None
        if reason is None or reason in error.message:
            return error
        return ConnectionLost(f"{error.message}; {reason}", error.remedy)

    def _open_tunnel(self, config: AnyTunnel) -> None:
        tunnel = self._tunnel_of(config)
        self._local_ports = tunnel.open()
        self._tunnel = tunnel  # now: what did not open must not pass for one that did

    def _tunnel_of(self, config: AnyTunnel) -> Tunnel | ReverseEnd:
        if isinstance(config, ReverseTunnelRef):
            return ReverseEnd(self._values, config)
        from .tunnel import Tunnel  # here: most connections need no SSH

        targets = tuple(zip(self._values.hosts(), self._values.ports(), strict=True))
        return Tunnel(self.name, config, targets, self._environment)

    def _close_tunnel(self) -> None:
        if self._tunnel is not None:
            self._tunnel.close()
        self._tunnel, self._local_ports = None, ()
        self._pin = Pin(self.name, self.config)  # other ports are other servers

    def _connect(self, application_name: str) -> WatchedConnection:
        parameters = self._checked()
        try:
            return WatchedConnection.connect(
                **parameters,
                application_name=named(application_name),
                autocommit=True,
                prepare_threshold=None,  # a pooler in transaction mode knows no prepared statements
            )
        except psycopg.Error as error:
            if "permission denied for database" in str(error):
                raise self._may_not_connect() from None
            raise self._refused(str(error), "sslrootcert" in parameters) from None

    def _checked(self) -> dict[str, Any]:
        parameters = libpq_parameters(self._values, self._local_ports)
        try:
            return self._pin.checked(parameters, self.servers)
        except ConnectionLost as error:
            raise self._problem_of_tunnel() or error from None

    def _problem_of_tunnel(self) -> PgsyncError | None:
        return self._tunnel.problem() if self._tunnel else None

    def _refused(self, said: str, by_root: bool) -> PgsyncError:
        """libpq says that a certificate was refused, but not why: that is found by asking again."""
        if by_root and is_of_certificate(said):
            trust = self.trust(by_name=False)
            for server in self.servers:
                with suppress(PgsyncError):
                    if found := refusal(server, trust):
                        return CertificateError(f"{self}: {found[0]}", found[1])
        # Only a server's own words are surer than what the tunnel knows.
        problem = self._problem_of_tunnel() if "FATAL" not in said else None
        return problem or refused(str(self), said, self._values.secrets())

    def _may_not_connect(self) -> PrivilegeError:
        names = (
            sql.Identifier(self._values.value("database")),
            sql.Identifier(self._values.value("user")),
        )
        return PrivilegeError(
            f"{self}: the role may not connect to this database",
            sql.SQL("GRANT CONNECT ON DATABASE {} TO {};").format(*names).as_string(None),
        )
