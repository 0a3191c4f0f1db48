"""One PostgreSQL, ready to be opened: tunnel, TLS and credentials in one place."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any

import psycopg
from psycopg import sql

from ..config import AnyTunnel, ConnectionConfig, ReverseTunnelRef
from ..errors import (
    AuthenticationError,
    ConfigurationError,
    ConnectionLost,
    OutOfResources,
    PgsyncError,
    PrivilegeError,
)
from ..redact import redact
from .parameters import Values, libpq_parameters
from .session import Session
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
        self._tunnel: Tunnel | None = None
        self._local_ports: tuple[int, ...] = ()
        self._entered = 0

    def __repr__(self) -> str:
        c = self.config
        return f"<Endpoint {self.name}: {c.user}@{c.address}/{c.database}>"

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
        if self._entered == 0 and self._tunnel is not None:
            self._tunnel.close()
            self._tunnel = None
            self._local_ports = ()

    @contextmanager
    def session(self, application_name: str) -> Iterator[Session]:
        """Opens a connection for the length of the block, and the tunnel if it is not open yet.

        Args:
            application_name: what pg_stat_activity shows, as in `pgsync/orders/42`.

        Raises:
            ConfigurationError: a variable is not set, or the database does not exist.
            AuthenticationError: refused by password, pg_hba.conf, certificate or host key.
            ConnectionLost: the server cannot be reached.
        """
        with self:
            connection = self._connect(application_name)
            try:
                yield Session(self.name, self.config, connection)
            finally:
                connection.close()

    def _open_tunnel(self, config: AnyTunnel) -> None:
        if isinstance(config, ReverseTunnelRef):
            raise ConfigurationError(f"connection {self.name!r}: no reverse tunnels yet")
        target = (self._values.hosts()[0], self._values.ports()[0])
        tunnel = Tunnel(self.name, config, target, self._environment)
        self._local_ports = (tunnel.open(),)
        self._tunnel = tunnel

    def _connect(self, application_name: str) -> psycopg.Connection[Any]:
        parameters = libpq_parameters(self._values, self._local_ports)
        try:
            return psycopg.connect(
                **parameters,
                application_name=application_name,
                autocommit=True,
                prepare_threshold=None,  # a pooler in transaction mode knows no prepared statements
            )
        except psycopg.Error as error:
            if "permission denied for database" in str(error):
                raise self._may_not_connect() from None
            raise refused(repr(self), redact(str(error), self._values.secrets())) from None

    def _may_not_connect(self) -> PrivilegeError:
        names = (
            sql.Identifier(self._values.value("database")),
            sql.Identifier(self._values.value("user")),
        )
        return PrivilegeError(
            f"{self!r}: the role may not connect to this database",
            sql.SQL("GRANT CONNECT ON DATABASE {} TO {};").format(*names).as_string(None),
        )


def refused(endpoint: str, message: str) -> PgsyncError:
    """One of our errors for a connection that libpq could not open.

    libpq gives no SQLSTATE here, only text; what it does not recognise counts as unreachable.

    Args:
        endpoint: who could not be reached, without secrets.
        message: what libpq said, redacted.
    """
    said = " ".join(message.split())
    if "does not exist" in said and "database" in said:
        return ConfigurationError(f"{endpoint}: {said}", "check `database` of the connection")
    if any(hint in said for hint in ("authentication failed", "no password", "pg_hba.conf")):
        return AuthenticationError(
            f"{endpoint}: {said}", "check `user` and `password` of the connection"
        )
    if "role" in said and "does not exist" in said:
        return AuthenticationError(f"{endpoint}: {said}", "check `user` of the connection")
    if any(hint in said for hint in ("certificate", "SSL", "root.crt")):
        return AuthenticationError(
            f"{endpoint}: {said}", "check `sslmode` and `sslrootcert` of the connection"
        )
    if "too many" in said or "remaining connection slots" in said:
        return OutOfResources(f"{endpoint}: {said}")
    return ConnectionLost(
        f"{endpoint}: {said}", "check `host`, `port` and the firewall; is the server running?"
    )
