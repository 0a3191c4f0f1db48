"""One PostgreSQL, ready to be opened: tunnel, TLS and credentials in one place."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any

import psycopg
from psycopg import sql

from ..config import ConnectionConfig
from ..errors import (
    AuthenticationError,
    ConfigurationError,
    ConnectionLost,
    OutOfResources,
    PgsyncError,
    PrivilegeError,
)
from ..redact import redact
from .secrets import resolve
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
        self._tunnel: Tunnel | None = None
        self._local_port = 0
        self._entered = 0

    def __repr__(self) -> str:
        c = self.config
        return f"<Endpoint {self.name}: {c.user}@{c.host}:{c.port}/{c.database}>"

    def __enter__(self) -> Endpoint:
        if self._entered == 0 and self.config.tunnel is not None:
            tunnel = Tunnel(
                self.name, self.config.tunnel, (self._host(), self._port()), self._environment
            )
            self._local_port = tunnel.open()
            self._tunnel = tunnel
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

    def _connect(self, application_name: str) -> psycopg.Connection[Any]:
        parameters = self._parameters()
        try:
            return psycopg.connect(
                **parameters,
                application_name=application_name,
                autocommit=True,
                prepare_threshold=None,  # a pooler in transaction mode knows no prepared statements
            )
        except psycopg.Error as error:
            secrets = [str(parameters["password"])] if parameters.get("password") else []
            if "permission denied for database" in str(error):
                raise self._may_not_connect() from None
            raise refused(repr(self), redact(str(error), secrets)) from None

    def _may_not_connect(self) -> PrivilegeError:
        names = sql.Identifier(self._value("database")), sql.Identifier(self._value("user"))
        return PrivilegeError(
            f"{self!r}: the role may not connect to this database",
            sql.SQL("GRANT CONNECT ON DATABASE {} TO {};").format(*names).as_string(None),
        )

    def _parameters(self) -> dict[str, Any]:
        """Keywords for libpq, never a URL: every character is allowed in a password (trap 62)."""
        host, port = self._host(), self._port()
        address: dict[str, Any] = {"host": host, "port": port}
        if self._tunnel is not None:
            # The certificate is checked against the real name, through the tunnel (trap 58).
            address = {"host": host, "hostaddr": "127.0.0.1", "port": self._local_port}
        parameters = address | {
            "dbname": self._value("database"),
            "user": self._value("user"),
            "sslmode": self.config.effective_sslmode(host),
            "gssencmode": "disable",
            "client_encoding": "UTF8",
            "connect_timeout": max(2, int(self.config.connect_timeout_s)),
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": 30_000,
        }
        if self.config.password is not None:
            parameters["password"] = self._value("password")
        if self.config.sslrootcert is not None:
            parameters["sslrootcert"] = self._value("sslrootcert")
        return parameters

    def _value(self, field: str) -> str:
        where = f"connection {self.name!r}, {field}"
        return resolve(str(getattr(self.config, field)), self._environment, where)

    def _host(self) -> str:
        return self._value("host")

    def _port(self) -> int:
        port = self._value("port")
        if not port.isdecimal():
            raise ConfigurationError(
                f"connection {self.name!r}, port: {self.config.port} does not hold a number"
            )
        return int(port)


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
