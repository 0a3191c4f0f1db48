"""One PostgreSQL: how to reach it, who we are there, and where our schemas live."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from .base import Config, Identifier, Seconds, SecretName

SslMode = Literal["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]

LOOPBACK = ("localhost", "127.0.0.1", "::1")


class TunnelConfig(Config):
    """An SSH forward tunnel. The server's host key is pinned: without it nothing connects."""

    host: str = Field(description="Name or address of the SSH server (bastion).")
    port: Annotated[int, Field(ge=1, le=65535)] = Field(
        default=22, description="Port of the SSH server."
    )
    user: str = Field(description="User on the SSH server.")
    host_key: str = Field(
        description="The server's public key, one line: 'ssh-ed25519 AAAA...' "
        "(`ssh-keyscan -t ed25519 HOST` prints it)."
    )
    private_key_file: str | None = Field(
        default=None, description="Path of our private key (mode 0600), or $NAME of a variable."
    )
    private_key_passphrase: SecretName | None = Field(
        default=None, description="$NAME of the variable, where the key needs one."
    )
    password: SecretName | None = Field(
        default=None, description="$NAME of the variable, for a server that takes passwords."
    )

    @field_validator("host", "user")
    @classmethod
    def _no_option(cls, value: str) -> str:
        if value.startswith("-"):
            raise ValueError("must not begin with '-'")
        return value


class Schemas(Config):
    """Names of the schemas of ours in this database."""

    planner: Identifier = Field(
        default="hightouch_planner", description="In a source: what was sent, and the plan."
    )
    audit: Identifier = Field(
        default="hightouch_audit", description="In a source: what happened to every row."
    )
    ledger: Identifier | None = Field(
        default="pgsync_ledger",
        description="In a destination: how far each sync has come. May be the application's own "
        "schema; null: nothing of ours is made there, and a batch is written at least once.",
    )
    staging: Identifier | None = Field(
        default=None,
        description="In a destination whose role may not create temporary tables: a batch lands "
        "in a table here first, which is dropped before it commits.",
    )


class ConnectionConfig(Config):
    """One PostgreSQL as written in YAML. `$NAME` values are resolved when a connection opens."""

    host: str = Field(description="Name or address of the server, or $NAME.")
    port: Annotated[int, Field(ge=1, le=65535)] | SecretName = Field(
        default=5432, description="Port of the server, or $NAME."
    )
    database: str = Field(description="Name of the database, or $NAME.")
    user: str = Field(description="Role to log in as, or $NAME.")
    password: SecretName | None = Field(default=None, description="$NAME of the variable.")
    sslmode: SslMode | None = Field(
        default=None, description="Default: verify-full, and prefer on loopback without a tunnel."
    )
    sslrootcert: str | None = Field(
        default=None, description="Path of a CA or a pinned self-signed certificate, or 'system'."
    )
    search_path: tuple[Identifier, ...] = Field(
        default=("public",), description="Where unqualified names in model SQL are looked up."
    )
    schemas: Schemas = Field(default=Schemas(), description="Names of our schemas here.")
    connect_timeout_s: Seconds = Field(
        default=15.0, description="Seconds to wait for a connection, at least 2."
    )
    lock_timeout_s: Seconds = Field(
        default=30.0, description="Seconds to wait for a lock that somebody else holds."
    )
    tunnel: TunnelConfig | None = Field(default=None, description="An SSH server to go through.")

    def effective_sslmode(self, host: str) -> SslMode:
        """What to ask of libpq: verify-full unless written otherwise or on loopback.

        Args:
            host: the host after `$NAME` was resolved.
        """
        if self.sslmode is not None:
            return self.sslmode
        on_loopback = host in LOOPBACK and self.tunnel is None
        return "prefer" if on_loopback else "verify-full"
