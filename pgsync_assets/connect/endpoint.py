"""One PostgreSQL, ready to be opened: tunnel, TLS and credentials in one place."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from types import TracebackType

import psycopg
from psycopg import sql

from ..config import AnyTunnel, ConnectionConfig, ReverseTunnelRef, SslMode
from ..errors import CertificateError, PgsyncError, PrivilegeError
from .authorities import Trust, refusal
from .certificate import Server
from .parameters import Values, authorities, libpq_parameters, servers
from .pin import Pin
from .refusals import is_of_certificate, refused
from .reverse import ReverseEnd
from .session import Session, named
from .tunnel import Tunnel
from .watch import WatchedConnection, watched
from .weakness import weakness


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

    def __repr__(self) -> str:
        c = self.config
        return f"<Endpoint {self.name}: {c.user}@{c.address}/{c.database}>"

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
        if self._entered == 0 and self.config.tunnel is not None:
            self._open_tunnel(self.config.tunnel)
        self._entered += 1
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._entered -= 1
        if self._entered == 0:
            self._pin = Pin(self.name, self.config)
        if self._entered == 0 and self._tunnel is not None:
            self._tunnel.close()
            self._tunnel = None
            self._local_ports = ()

    @contextmanager
    def session(self, application_name: str) -> Iterator[Session]:
        """Opens a connection for the length of the block, and the tunnel if it is not open yet.

        Args:
            application_name: what pg_stat_activity shows, as in `pgsync/orders`; its transactions
                show the run, too.

        Raises:
            ConfigurationError: a variable is not set, or the database does not exist.
            AuthenticationError: refused by password, pg_hba.conf, certificate or host key.
            ConnectionLost: the server cannot be reached.
        """
        with self:
            connection = self._connect(application_name)
            try:
                with watched(connection, self.config.network_timeout_s):
                    yield Session(self.name, self.config, connection, application_name)
            finally:
                connection.close()

    @property
    def sslmode(self) -> SslMode:
        """What is asked of libpq, by default or as written."""
        return self.config.effective_sslmode(self._values.hosts())

    def _open_tunnel(self, config: AnyTunnel) -> None:
        if isinstance(config, ReverseTunnelRef):
            self._tunnel = ReverseEnd(self._values, config)
            self._local_ports = self._tunnel.open()
            return
        target = (self._values.hosts()[0], self._values.ports()[0])
        tunnel = Tunnel(self.name, config, target, self._environment)
        self._local_ports = (tunnel.open(),)
        self._tunnel = tunnel

    def _connect(self, application_name: str) -> WatchedConnection:
        parameters = self._pin.checked(
            libpq_parameters(self._values, self._local_ports), self.servers
        )
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

    def _refused(self, said: str, by_root: bool) -> PgsyncError:
        """libpq says that a certificate was refused, but not why: that is found by asking again."""
        if by_root and is_of_certificate(said):
            trust = self.trust(by_name=False)
            for server in self.servers:
                with suppress(PgsyncError):
                    if found := refusal(server, trust):
                        return CertificateError(f"{self!r}: {found[0]}", found[1])
        reverse = self._tunnel if isinstance(self._tunnel, ReverseEnd) else None
        problem = reverse.problem() if reverse and "FATAL" not in said else None
        return problem or refused(repr(self), said, self._values.secrets())

    def _may_not_connect(self) -> PrivilegeError:
        names = (
            sql.Identifier(self._values.value("database")),
            sql.Identifier(self._values.value("user")),
        )
        return PrivilegeError(
            f"{self!r}: the role may not connect to this database",
            sql.SQL("GRANT CONNECT ON DATABASE {} TO {};").format(*names).as_string(None),
        )
