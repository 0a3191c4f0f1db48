"""How to reach a server that stands behind others: an SSH tunnel that we open, or one that is
opened to us."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag, field_validator, model_validator
from typing_extensions import Self

from .base import Config, Name, SecretName
from .public_key import PublicKey


class SshServer(Config):
    """An SSH server and who we are there. Its host key is pinned: without it nothing connects."""

    host: str = Field(description="Name or address of the SSH server (bastion), or $NAME.")
    port: Annotated[int, Field(ge=1, le=65535)] = Field(
        default=22, description="Port of the SSH server."
    )
    user: str = Field(description="User on the SSH server, or $NAME.")
    host_key: str | None = Field(
        default=None,
        description="The server's public key, one line: 'ssh-ed25519 AAAA...' "
        "(`ssh-keyscan -t ed25519 HOST` prints it).",
    )
    known_hosts_file: str | None = Field(
        default=None, description="Path of a known_hosts file that has the server, or $NAME."
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

    @model_validator(mode="after")
    def _one_pin(self) -> Self:
        if self.host_key is not None and self.known_hosts_file is not None:
            raise ValueError("host_key or known_hosts_file, not both")
        return self


class TunnelConfig(SshServer):
    """An SSH forward tunnel: the last server on the way opens the connection to PostgreSQL."""

    jump: tuple[SshServer, ...] = Field(
        default=(), description="SSH servers to go through before this one, the first one first."
    )


class ReverseTunnelRef(Config):
    """A connection that comes in: the customer's own SSH dials our gateway."""

    reverse: Name = Field(description="Name of one of the `reverse_tunnels`.")


class ReverseTunnel(ReverseTunnelRef):
    """The same with its port, which the project's `reverse_tunnels` say. Never written in YAML."""

    port: int = Field(description="Port on 127.0.0.1 where the tunnel ends.")


class ReverseTunnelConfig(Config):
    """Who may dial in to `pgsync-assets tunnel serve`, and which port that opens here."""

    public_keys: tuple[PublicKey, ...] = Field(
        min_length=1, description="Public keys that may log in, each on one line."
    )
    port: Annotated[int, Field(ge=1024, le=65535)] = Field(
        description="The one port on 127.0.0.1 of the gateway that the customer may open."
    )


def _kind_of_tunnel(value: Any) -> str:
    is_reverse = (
        "reverse" in value if isinstance(value, Mapping) else isinstance(value, ReverseTunnelRef)
    )
    return "reverse" if is_reverse else "forward"


AnyTunnel = Annotated[
    Annotated[TunnelConfig, Tag("forward")] | Annotated[ReverseTunnelRef, Tag("reverse")],
    Discriminator(_kind_of_tunnel),
]
"""A tunnel of a connection: forward by default, reverse where it says `reverse`."""
