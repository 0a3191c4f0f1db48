"""A PostgreSQL as a Dagster resource, under the connection's name.

Nothing is opened until a step needs it, and all is closed once, when the run ends.
"""

import re
from collections import ChainMap
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from os import environ
from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import Field, PrivateAttr

from ..config import ConnectionConfig, Schemas, TunnelConfig
from ..config import ReverseTunnel as ReverseEnd
from ..errors import ConfigurationError
from .environment import (
    SecretResource,
    as_written,
    described_by,
    read,
    secret,
    with_env_vars,
)
from .tunnels import ReverseTunnel, SshTunnel, Tunnel

if TYPE_CHECKING:
    import psycopg

    from ..connect import Endpoint

HOST_AND_PORT = re.compile(r"(\[[^\]]+\]|[^:\[\]]+):(\d+|\$\w+)")


@described_by(Schemas)
class SchemaNames(dg.Config):
    """Names of the schemas of ours in this database."""

    planner: str = "hightouch_planner"
    audit: str = "hightouch_audit"
    ledger: str | None = "pgsync_ledger"
    log: str | None = None
    staging: str | None = None


@described_by(ConnectionConfig)
class PostgresConnection(SecretResource):
    """One PostgreSQL: for syncs to read from or write to, and for any code with `connect()`.

    Secrets are given as `dg.EnvVar("NAME")`: the UI then shows the name, never the value.

    Example:

    ```python
    warehouse = PostgresConnection(
        name="warehouse", host="db.example.com", database="dwh", user="sync_reader",
        password=dg.EnvVar("WAREHOUSE_PASSWORD"),
    )
    ```
    """

    name: str = Field(description="Name of the connection; also its resource key.")
    host: str = Field(
        description="Name or address of the server; or several, tried in order: db1,db2, or with "
        "a port for each: db1:5432,db2:5433."
    )
    port: int = Field(default=5432, description="Port of the server, or of all of them.")
    target_session_attrs: str | None = None
    database: str
    user: str
    password: str | None = secret()
    sslmode: str | None = None
    sslrootcert: str | None = None
    certificate_sha256: str | None = Field(
        default=None,
        description="Fingerprint of the server's own certificate, or several, with commas; any "
        "other is refused.",
    )
    sslcert: str | None = None
    sslkey: str | None = None
    sslpassword: str | None = secret()
    channel_binding: str | None = None
    require_auth: str | None = None
    search_path: list[str] = Field(default_factory=lambda: ["public"])
    schemas: SchemaNames = Field(default_factory=SchemaNames)
    connect_timeout_s: float = 15.0
    network_timeout_s: float = 30.0
    lock_timeout_s: float = 30.0
    time_zone: str = "UTC"
    max_runs: int | None = None
    tunnel: Tunnel | None = None

    _open: ExitStack = PrivateAttr(default_factory=ExitStack)
    _endpoint: Any = PrivateAttr(default=None)

    @classmethod
    def from_config(cls, name: str, config: ConnectionConfig) -> "PostgresConnection":
        """The resource for a connection as it stands in YAML.

        Args:
            name: name of the connection.
            config: as written; each `$NAME` becomes a `dg.EnvVar`.
        """
        values = with_env_vars(config.model_dump(exclude={"schemas", "tunnel"}) | _joined(config))
        if isinstance(config.tunnel, TunnelConfig):
            values["tunnel"] = SshTunnel.from_config(config.tunnel)
        elif isinstance(config.tunnel, ReverseEnd):
            values["tunnel"] = ReverseTunnel.from_config(config.tunnel)
        elif config.tunnel is not None:  # never past it
            raise ConfigurationError(
                f"connection {name!r}: nobody says the port of reverse tunnel "
                f"{config.tunnel.reverse!r}"
            )
        return cls(name=name, schemas=SchemaNames(**config.schemas.model_dump()), **values)

    @contextmanager
    def yield_for_execution(
        self, context: dg.InitResourceContext
    ) -> Iterator["PostgresConnection"]:
        """Closes the tunnel when the run ends, if a step opened it."""
        with super().yield_for_execution(context), self._open:
            yield self

    @contextmanager
    def connect(
        self, *, autocommit: bool = False, application_name: str = "dagster"
    ) -> "Iterator[psycopg.Connection[Any]]":
        """A plain psycopg connection, through the tunnel, for the length of the block.

        The block is one transaction: committed at its end, rolled back when it raises. In it
        `search_path`, `time_zone` and `lock_timeout_s` hold, and every other setting that decides
        how values look, as in a sync (docs/connections.md). All of it is local to the transaction,
        so that it works behind a pooler, too.

        Args:
            autocommit: each statement is its own transaction and no setting is made, for what
                cannot be done in a transaction (VACUUM, CREATE DATABASE).
            application_name: what `pg_stat_activity` shows.

        Raises:
            ConfigurationError: a field cannot be right, or a variable is not set.
            AuthenticationError: refused by password, pg_hba.conf, certificate or host key.
            ConnectionLost: the server or the SSH server cannot be reached.
            psycopg.Error: of your own statements, as it is.
        """
        with self.endpoint().session(application_name) as session:
            if autocommit:
                yield session.connection
                return
            with session.connection.transaction():
                session.pin()
                yield session.connection

    def endpoint(self) -> "Endpoint":
        """The way to this server, with its tunnel open until the run ends.

        The first call opens it, so that a step and not the start of the run fails, and Dagster can
        try that step again.

        Raises:
            ConfigurationError: a field cannot be right.
            AuthenticationError: the SSH server refused us, or shows another host key.
            ConnectionLost: the SSH server cannot be reached.
        """
        if self._endpoint is None:
            self._endpoint = self._open.enter_context(self.unopened())
        return self._endpoint  # type: ignore[no-any-return]

    def unopened(self) -> "Endpoint":
        """The way to this server, of which nothing is open yet: a test opens it step by step.

        Raises:
            ConfigurationError: a field cannot be right.
        """
        from ..connect import Endpoint  # here: loading definitions needs no database driver

        config, hidden = self._resolved()
        return Endpoint(self.name, config, ChainMap(hidden, dict(environ)))

    def _resolved(self) -> tuple[ConnectionConfig, dict[str, str]]:
        """The configuration, and what the names in it stand for that are no variables."""
        hidden: dict[str, str] = {}
        written = as_written(self, "connection", hidden)
        del written["name"]
        if isinstance(self.tunnel, ReverseTunnel):
            written["tunnel"] = ReverseEnd(reverse=self.tunnel.name, port=self.tunnel.port)
        return read(
            ConnectionConfig, f"connection {self.name!r}", written | _split(written)
        ), hidden


def _joined(config: ConnectionConfig) -> dict[str, Any]:
    """Fields that are lists in YAML, with commas: hosts and ports as in a URI of libpq."""
    pins = {"certificate_sha256": ",".join(config.fingerprints) or None}
    if len(set(config.ports)) == 1:
        return pins | {"host": ",".join(config.hosts), "port": config.ports[0]}
    named = [f"[{host}]" if ":" in host else host for host in config.hosts]
    both = zip(named, config.ports, strict=True)
    return pins | {"host": ",".join(f"{host}:{port}" for host, port in both), "port": 5432}


def _split(written: dict[str, Any]) -> dict[str, Any]:
    """Those fields as they stand in YAML."""
    found: dict[str, Any] = {}
    if written["certificate_sha256"]:
        found["certificate_sha256"] = _parts(written["certificate_sha256"])
    parts = _parts(written["host"])
    if len(parts) == 1:
        return found
    both = [_host_and_port(part, written["port"]) for part in parts]
    return found | {"host": [host for host, _ in both], "port": [port for _, port in both]}


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",")]


def _host_and_port(text: str, default: object) -> tuple[str, object]:
    found = HOST_AND_PORT.fullmatch(text)
    return (found[1].strip("[]"), found[2]) if found else (text, default)
