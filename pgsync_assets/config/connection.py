"""One PostgreSQL: how to reach it, who we are there, and where our schemas live."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field, model_validator
from typing_extensions import Self

from .base import Config, Identifier, Seconds, SecretName, TimeZone
from .certificate import Fingerprint
from .tunnel import AnyTunnel

SslMode = Literal["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]

TargetSession = Literal["any", "read-write", "read-only", "primary", "standby", "prefer-standby"]
ChannelBinding = Literal["disable", "prefer", "require"]

Port = Annotated[int, Field(ge=1, le=65535)]

LOOPBACK = ("localhost", "127.0.0.1", "::1")

MAY_BE_PLAIN: tuple[SslMode, ...] = ("disable", "allow", "prefer")
"""Modes in which a connection without TLS will do."""

SYSTEM = "system"
"""`sslrootcert`: the authorities that this machine trusts."""


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
    log: Identifier | None = Field(
        default=None,
        description="In a destination: runs, tables, row counts and errors of all syncs that write "
        "here, for its owner, who need not see the source. A schema of its own, as in pgsync_log. "
        "Default: no log here.",
    )
    staging: Identifier | None = Field(
        default=None,
        description="In a destination whose role may not create temporary tables: a batch lands "
        "in a table here first, which is dropped before it commits.",
    )

    @model_validator(mode="after")
    def _log_stands_alone(self) -> Self:
        others = (self.planner, self.audit, self.ledger, self.staging)
        if self.log is not None and self.log in others:
            raise ValueError(
                f"log: {self.log} is another of our schemas; whoever reads the log would read that "
                "as well: give it a schema of its own, as in pgsync_log"
            )
        return self


class ConnectionConfig(Config):
    """One PostgreSQL as written in YAML. `$NAME` values are resolved when a connection opens."""

    host: str | tuple[str, ...] = Field(
        description="Name or address of the server, or $NAME; or a list of them, tried in order."
    )
    port: Port | SecretName | tuple[Port | SecretName, ...] = Field(
        default=5432, description="Port of the server, or $NAME; or a list, one for each host."
    )
    target_session_attrs: TargetSession | None = Field(
        default=None,
        description="Which of several hosts will do. Default: read-write where there are several, "
        "any where there is one.",
    )
    database: str = Field(description="Name of the database, or $NAME.")
    user: str = Field(description="Role to log in as, or $NAME.")
    password: SecretName | None = Field(default=None, description="$NAME of the variable.")
    sslmode: SslMode | None = Field(
        default=None,
        description="Default: verify-full; on loopback without a tunnel or `sslrootcert`, prefer; "
        "where `certificate_sha256` stands alone, require.",
    )
    sslrootcert: str | None = Field(
        default=None,
        description="Path of a CA or a pinned self-signed certificate, or 'system': the CAs that "
        "this machine trusts, which is also the default of verify-full.",
    )
    certificate_sha256: Fingerprint | tuple[Fingerprint, ...] | None = Field(
        default=None,
        description="Fingerprint of the server's own certificate, or a list of those that will "
        "do; any other is refused. `pgsync-assets certificate NAME` shows it.",
    )
    sslcert: str | None = Field(
        default=None, description="Path of our own certificate, for servers that ask for one."
    )
    sslkey: str | None = Field(
        default=None, description="Path of the private key of `sslcert` (mode 0600)."
    )
    sslpassword: SecretName | None = Field(
        default=None, description="$NAME of the variable, where `sslkey` is encrypted."
    )
    channel_binding: ChannelBinding | None = Field(
        default=None,
        description="require: the server must prove that nobody stands between (SCRAM over TLS); "
        "the default where a certificate is pinned.",
    )
    require_auth: str | None = Field(
        default=None,
        description="Ways to log in that are acceptable, as in 'scram-sha-256': a server that asks "
        "for the password itself is then refused.",
    )
    search_path: tuple[Identifier, ...] = Field(
        default=("public",), description="Where unqualified names in model SQL are looked up."
    )
    schemas: Schemas = Field(default=Schemas(), description="Names of our schemas here.")
    connect_timeout_s: Seconds = Field(
        default=15.0, description="Seconds to wait for a connection, for each host; at least 2."
    )
    network_timeout_s: Annotated[float, Field(ge=1, le=86_400)] = Field(
        default=30.0,
        description="Seconds in which a frozen server or a dead network is noticed, at least 1. "
        "A statement of a server that lives may take as long as it likes.",
    )
    lock_timeout_s: Seconds = Field(
        default=30.0, description="Seconds to wait for a lock that somebody else holds."
    )
    time_zone: TimeZone = Field(
        default="UTC",
        description="Time zone in which SQL is computed here: that of models, of a destination's "
        "triggers and defaults. IANA name, as in Europe/Berlin.",
    )
    max_runs: Annotated[int, Field(ge=1, le=1000)] | None = Field(
        default=None,
        description="Runs that write to it at once; others wait. Default: what Dagster's instance "
        "says, 4.",
    )
    tunnel: AnyTunnel | None = Field(
        default=None, description="An SSH server to go through, or {reverse: NAME}."
    )

    @model_validator(mode="after")
    def _ports_for_hosts(self) -> Self:
        hosts = 1 if isinstance(self.host, str) else len(self.host)
        if hosts == 0:
            raise ValueError("host: at least one is needed")
        if isinstance(self.port, tuple) and len(self.port) != hosts:
            raise ValueError(
                f"port: {len(self.port)} ports for {hosts} hosts; one for all, or one for each"
            )
        return self

    @model_validator(mode="after")
    def _tls_where_it_is_checked(self) -> Self:
        if self.certificate_sha256 == ():
            raise ValueError("certificate_sha256: is empty")
        if self.certificate_sha256 and self.sslmode in MAY_BE_PLAIN:
            raise ValueError(
                f"sslmode: {self.sslmode} goes without TLS, and then there is no certificate that "
                "certificate_sha256 could be compared with; leave sslmode out"
            )
        if self.sslrootcert == SYSTEM and self.sslmode not in (None, "verify-full"):
            raise ValueError(
                f"sslmode: {self.sslmode} may not be used with `sslrootcert: system`: anybody can "
                "have a certificate for some name; leave sslmode out, which is verify-full then"
            )
        return self

    @property
    def hosts(self) -> tuple[str, ...]:
        """The servers as written, one or more."""
        return (self.host,) if isinstance(self.host, str) else self.host

    @property
    def ports(self) -> tuple[int | str, ...]:
        """The port of each of `hosts`, as written."""
        return self.port if isinstance(self.port, tuple) else (self.port,) * len(self.hosts)

    @property
    def address(self) -> str:
        """The servers as written, for people: `db1:5432,db2:5432`."""
        return ",".join(f"{host}:{port}" for host, port in zip(self.hosts, self.ports, strict=True))

    @property
    def fingerprints(self) -> tuple[str, ...]:
        """Pinned certificates: 64 digits of hex each; none: nothing is pinned."""
        pinned = self.certificate_sha256 or ()
        return (pinned,) if isinstance(pinned, str) else pinned

    def effective_sslmode(self, hosts: Sequence[str]) -> SslMode:
        """What to ask of libpq: verify-full unless written otherwise, pinned, or on loopback.

        Args:
            hosts: after each `$NAME` was resolved.
        """
        if self.sslmode is not None:
            return self.sslmode
        if self.sslrootcert is None:
            if self.fingerprints:
                return "require"  # the pin says more than an authority could
            if self.is_local(hosts):
                return "prefer"
        return "verify-full"

    def is_local(self, hosts: Sequence[str]) -> bool:
        """Whether what is sent to these hosts stays on this machine.

        Args:
            hosts: after each `$NAME` was resolved; one with a slash in front is a Unix socket.
        """
        return self.tunnel is None and all(
            host in LOOPBACK or host.startswith(("/", "@")) for host in hosts
        )
