"""Connections and their tunnels as a Dagster resource, under the connection's name.

Nothing is opened until a step needs it, and all is closed once, when the run ends.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import Field, PrivateAttr

from ..config import ConnectionConfig, Schemas, SslMode, TunnelConfig
from ..config import ReverseTunnel as Reverse
from .environment import with_env_vars

if TYPE_CHECKING:
    from ..connect import Endpoint


class SshTunnel(dg.Config):
    """An SSH forward tunnel to a server that only a bastion can reach."""

    host: str = Field(description="Name or address of the SSH server.")
    port: int = 22
    user: str
    host_key: str = Field(description="The server's public key; nothing else is accepted.")
    private_key_file: str | None = None
    private_key_passphrase: str | None = None
    password: str | None = None


class ReverseTunnel(dg.Config):
    """A tunnel that its other end has opened to `pgsync-assets tunnel serve` on this machine."""

    name: str = Field(description="Name of the reverse tunnel, for messages.")
    port: int = Field(description="Port on 127.0.0.1 where it ends.")


class SchemaNames(dg.Config):
    """Names of the schemas of ours in this database."""

    planner: str = "hightouch_planner"
    audit: str = "hightouch_audit"
    ledger: str | None = "pgsync_ledger"
    staging: str | None = None


class PostgresConnection(dg.ConfigurableResource):  # type: ignore[type-arg]
    """One PostgreSQL that models are read from or syncs are written to.

    Give secrets as `dg.EnvVar("NAME")`: the UI then shows the name, never the value.

    Example:

    ```python
    warehouse = PostgresConnection(
        name="warehouse", host="db.example.com", database="dwh", user="sync_reader",
        password=dg.EnvVar("WAREHOUSE_PASSWORD"),
    )
    ```
    """

    name: str = Field(description="Name of the connection; also its resource key.")
    host: str
    port: int = 5432
    database: str
    user: str
    password: str | None = None
    sslmode: str | None = Field(default=None, description="Default: verify-full off loopback.")
    sslrootcert: str | None = None
    search_path: list[str] = Field(default_factory=lambda: ["public"])
    schemas: SchemaNames = Field(default_factory=SchemaNames)
    connect_timeout_s: float = 15.0
    lock_timeout_s: float = 30.0
    tunnel: SshTunnel | None = None
    reverse_tunnel: ReverseTunnel | None = None

    _open: ExitStack = PrivateAttr(default_factory=ExitStack)
    _endpoint: Any = PrivateAttr(default=None)

    @classmethod
    def from_config(cls, name: str, config: ConnectionConfig) -> "PostgresConnection":
        """The resource for a connection as it stands in YAML.

        Args:
            name: name of the connection.
            config: as written; each `$NAME` becomes a `dg.EnvVar`.
        """
        plain = set(cls.model_fields) - {"schemas", "tunnel", "reverse_tunnel", "search_path"}
        values = with_env_vars(config.model_dump(include=plain))
        if isinstance(config.tunnel, Reverse):
            values["reverse_tunnel"] = ReverseTunnel(
                name=config.tunnel.reverse, port=config.tunnel.port
            )
        elif config.tunnel is not None:
            known = config.tunnel.model_dump(include=set(SshTunnel.model_fields))
            values["tunnel"] = SshTunnel(**with_env_vars(known))
        schemas = SchemaNames(**config.schemas.model_dump())
        return cls(name=name, search_path=list(config.search_path), schemas=schemas, **values)

    @contextmanager
    def yield_for_execution(
        self, context: dg.InitResourceContext
    ) -> Iterator["PostgresConnection"]:
        """Closes the tunnel when the run ends, if a step opened it."""
        with self._open:
            yield self

    def endpoint(self) -> "Endpoint":
        """The way to this server, with its tunnel open until the run ends.

        The first call opens it, so that a step and not the start of the run fails, and Dagster can
        try that step again.

        Raises:
            AuthenticationError: the SSH server refused us, or shows another host key.
            ConnectionLost: the SSH server cannot be reached.
        """
        if self._endpoint is None:
            self._endpoint = self._open.enter_context(self.unopened())
        return self._endpoint  # type: ignore[no-any-return]

    def unopened(self) -> "Endpoint":
        """The way to this server, of which nothing is open yet: a test opens it step by step."""
        from ..connect import Endpoint  # here: loading definitions needs no database driver

        config, secrets = self._resolved()
        return Endpoint(self.name, config, secrets)

    def _resolved(self) -> tuple[ConnectionConfig, dict[str, str]]:
        """The values that Dagster resolved, in the two parts that an endpoint takes."""
        secrets: dict[str, str] = {}

        def hidden(name: str, value: str | None) -> str | None:
            if value is None:
                return None
            secrets[name] = value
            return f"${name}"

        tunnel = self.tunnel and TunnelConfig(
            **self.tunnel.model_dump(exclude={"password", "private_key_passphrase"}),
            password=hidden("TUNNEL_PASSWORD", self.tunnel.password),
            private_key_passphrase=hidden("PASSPHRASE", self.tunnel.private_key_passphrase),
        )
        end = self.reverse_tunnel
        reverse = end and Reverse(reverse=end.name, port=end.port)
        config = ConnectionConfig(
            host=self.host,
            port=self.port,
            database=self.database,
            user=self.user,
            password=hidden("PASSWORD", self.password),
            sslmode=_ssl_mode(self.sslmode),
            sslrootcert=self.sslrootcert,
            search_path=tuple(self.search_path),
            schemas=Schemas(**self.schemas.model_dump()),
            connect_timeout_s=self.connect_timeout_s,
            lock_timeout_s=self.lock_timeout_s,
            tunnel=reverse or tunnel,
        )
        return config, secrets


def _ssl_mode(value: str | None) -> SslMode | None:
    return value  # type: ignore[return-value]  # ConnectionConfig refuses what is none
