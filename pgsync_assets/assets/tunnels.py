"""Tunnels as Dagster resources: of a connection, or alone, for whatever a project has to reach."""

import socket
from collections import ChainMap
from collections.abc import Iterator
from contextlib import contextmanager
from os import environ

import dagster as dg
from pydantic import Field

from ..config import ReverseTunnel as ReverseEnd
from ..config import ReverseTunnelConfig, SshServer, TunnelConfig
from ..errors import ConnectionLost
from .environment import (
    SecretResource,
    as_written,
    described_by,
    read,
    secret,
    with_env_vars,
)

HOST = "127.0.0.1"
TIMEOUT_S = 5


class Tunnel(SecretResource):
    """A way to a server that cannot be reached directly."""


class _SshServer(dg.Config):
    host: str
    port: int = 22
    user: str
    host_key: str | None = None
    known_hosts_file: str | None = None
    private_key_file: str | None = None
    private_key_passphrase: str | None = secret()
    password: str | None = secret()


@described_by(SshServer)
class JumpHost(_SshServer):
    """An SSH server on the way to another one. Its host key is pinned, too."""


@described_by(TunnelConfig)
class SshTunnel(Tunnel, _SshServer):
    """An SSH forward tunnel: a port of this machine that leads to a server behind a bastion.

    Give it to a `PostgresConnection` as its `tunnel`, or open it yourself, to any server. The
    host key is pinned: without it, or with another one, nothing connects. It listens on 127.0.0.1
    only and takes no key from an agent or a home folder.

    Example:

    ```python
    bastion = SshTunnel(
        host="bastion.example.com", user="tunnel", host_key="ssh-ed25519 AAAA...",
        private_key_file="/run/secrets/id_ed25519",
    )
    with bastion.open("db.internal", 5432) as port:
        ...  # 127.0.0.1:port is db.internal:5432
    ```
    """

    jump: list[JumpHost] = Field(default_factory=list)

    @classmethod
    def from_config(cls, config: TunnelConfig) -> "SshTunnel":
        """The resource for a tunnel as it stands in YAML."""
        values = with_env_vars(config.model_dump(exclude={"jump"}))
        jump = [JumpHost(**with_env_vars(server.model_dump())) for server in config.jump]
        return cls(jump=jump, **values)

    @contextmanager
    def open(self, host: str, port: int) -> Iterator[int]:
        """Opens the tunnel for the length of the block.

        Args:
            host: the server to reach, as the bastion sees it.
            port: of that server.

        Returns:
            The port on 127.0.0.1 that leads there.

        Raises:
            ConfigurationError: the pinned key or the private key cannot be read.
            AuthenticationError: the SSH server showed another host key, or refused us.
            ConnectionLost: the SSH server cannot be reached.
        """
        from ..connect.tunnel import Tunnel as Forward  # here: it loads an SSH library

        hidden: dict[str, str] = {}
        config = read(TunnelConfig, "SshTunnel", as_written(self, "tunnel", hidden))
        forward = Forward(host, config, [(host, port)], ChainMap(hidden, dict(environ)))
        try:
            (local_port,) = forward.open()
            yield local_port
        finally:
            forward.close()


@described_by(ReverseTunnelConfig)
class ReverseTunnel(Tunnel):
    """A server that comes to us: its owner's SSH has dialled in to `pgsync-assets tunnel serve`.

    Example:

    ```python
    acme = ReverseTunnel(name="acme", port=15432)
    with acme.open() as port:
        ...  # 127.0.0.1:port is what acme's ssh -R leads to
    ```
    """

    name: str = Field(description="Name of the tunnel, for messages.")
    port: int

    @classmethod
    def from_config(cls, config: ReverseEnd) -> "ReverseTunnel":
        """The resource for a reverse tunnel as a connection in YAML names it."""
        return cls(name=config.reverse, port=config.port)

    @contextmanager
    def open(self) -> Iterator[int]:
        """Looks whether somebody has dialled in; there is nothing to open.

        Returns:
            The port on 127.0.0.1 that leads to them.

        Raises:
            ConnectionLost: nobody has, now.
        """
        try:
            socket.create_connection((HOST, self.port), TIMEOUT_S).close()
        except OSError:
            raise ConnectionLost(
                f"reverse tunnel {self.name!r}: nobody has dialled in (port {self.port})",
                "is `pgsync-assets tunnel serve` running, and ssh -R at the other end?",
            ) from None
        yield self.port


def tunnel_key(connection: str) -> str:
    """Resource key of the tunnel of a connection."""
    return f"{connection}_tunnel"
