"""Rules about reverse tunnels and the connections that come through them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .connection import ConnectionConfig
from .document import Location
from .public_key import same_key
from .tunnel import ReverseTunnel, ReverseTunnelConfig, ReverseTunnelRef
from .validation import suggestion

Connections = Mapping[str, ConnectionConfig]
Tunnels = Mapping[str, ReverseTunnelConfig]
Told = Iterator[tuple[Location, str]]


def reverse_conflicts(connections: Connections, tunnels: Tunnels) -> Told:
    """Checks what a single connection or reverse tunnel cannot know.

    Args:
        connections: all of the project, by name.
        tunnels: all reverse tunnels of the project, by name.

    Yields:
        The key that is wrong, as in `("reverse_tunnels", "acme", "port")`, and a sentence.
    """
    for name, connection in connections.items():
        for location, message in _reference(connection, tunnels):
            yield ("connections", name, *location), message
    before: dict[str, ReverseTunnelConfig] = {}
    for name, tunnel in tunnels.items():
        if not tunnel.public_keys:
            continue  # stands for one that is wrong, which is told already
        for location, message in _beside(tunnel, before):
            yield ("reverse_tunnels", name, *location), message
        before[name] = tunnel


def with_ports(connections: Connections, tunnels: Tunnels) -> dict[str, ConnectionConfig]:
    """Connections that know on which port their reverse tunnel ends.

    Args:
        connections: as written, by name.
        tunnels: by name; a reference to another one stays as it is.
    """
    return {name: _with_port(connection, tunnels) for name, connection in connections.items()}


def _with_port(connection: ConnectionConfig, tunnels: Tunnels) -> ConnectionConfig:
    written = connection.tunnel
    if not isinstance(written, ReverseTunnelRef) or written.reverse not in tunnels:
        return connection
    tunnel = ReverseTunnel(reverse=written.reverse, port=tunnels[written.reverse].port)
    return connection.model_copy(update={"tunnel": tunnel})


def _reference(connection: ConnectionConfig, tunnels: Tunnels) -> Told:
    written = connection.tunnel
    if not isinstance(written, ReverseTunnelRef):
        return
    if written.reverse not in tunnels:
        told = f"no reverse tunnel is named {written.reverse!r}"
        yield ("tunnel", "reverse"), f"{told}; {suggestion(written.reverse, tunnels)}"
    if len(connection.hosts) > 1:
        yield ("host",), "a reverse tunnel leads to one server: name one host"


def _beside(tunnel: ReverseTunnelConfig, before: Tunnels) -> Told:
    for name, other in before.items():
        if tunnel.port == other.port:
            yield ("port",), f"{name!r} has port {tunnel.port} too; each tunnel needs its own"
    earlier = [(name, key) for name, other in before.items() for key in other.public_keys]
    for position, key in enumerate(tunnel.public_keys):
        for name, other_key in earlier:
            if same_key(key, other_key):
                yield (
                    ("public_keys", position),
                    f"{name!r} has this key too; a key stands for one customer and one port",
                )
