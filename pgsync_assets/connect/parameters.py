"""What libpq is told: keywords, never a URL, so that every character is allowed (trap 62)."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..config import ConnectionConfig
from ..config.connection import SYSTEM
from ..errors import ConfigurationError, ConnectionLost
from .authorities import system_authorities
from .certificate import Server
from .keepalives import keepalives
from .secrets import resolve

LOOPBACK_ADDRESS = "127.0.0.1"

NO_FILE = f"{os.devnull}/none"
"""Else libpq looks into `~/.postgresql/root.crt`, and asks of a pinned certificate what it says."""

_AS_WRITTEN = (
    "sslkey",
    "sslpassword",
    "channel_binding",
    "require_auth",
)
"""Fields that are libpq's own, passed on where they are given."""


@dataclass(frozen=True, repr=False)
class Values:
    """The fields of a connection with each `$NAME` replaced by its value.

    Args:
        name: of the connection.
        config: as written.
        environment: where `$NAME` values come from.
    """

    name: str
    config: ConnectionConfig
    environment: Mapping[str, str]

    def value(self, field: str) -> str:
        """The value of a field that is given.

        Raises:
            ConfigurationError: its variable is not set.
        """
        return self._resolved(getattr(self.config, field), field)

    def hosts(self) -> tuple[str, ...]:
        """Names or addresses of the servers, in order; a value may be a list, as in libpq: `a,b`.

        Raises:
            ConfigurationError: one is empty, which libpq would take for a server on this machine.
        """
        hosts = self._listed(self.config.hosts, "host")
        if not all(hosts):
            raise ConfigurationError(f"connection {self.name!r}, host: a name is empty")
        return hosts

    def ports(self) -> tuple[int, ...]:
        """The port of each of them.

        Raises:
            ConfigurationError: a variable holds something else, or as many as there are no hosts.
        """
        written = self.config.port
        texts = self._listed(written if isinstance(written, tuple) else (written,), "port")
        ports, hosts = tuple(self._port(text) for text in texts), self.hosts()
        if len(ports) not in (1, len(hosts)):
            raise ConfigurationError(
                f"connection {self.name!r}, port: {len(ports)} ports for {len(hosts)} hosts",
                "give one for all of them, or one for each",
            )
        return ports * len(hosts) if len(ports) == 1 else ports

    def secrets(self) -> tuple[str, ...]:
        """What must not appear in a message."""
        fields = ("password", "sslpassword")
        return tuple(self.value(field) for field in fields if getattr(self.config, field))

    def _listed(self, written: Iterable[object], field: str) -> tuple[str, ...]:
        values = (self._resolved(text, field) for text in written)
        return tuple(item.strip() for value in values for item in value.split(","))

    def _resolved(self, text: object, field: str) -> str:
        where = f"connection {self.name!r}, {field}"
        value = resolve(str(text), self.environment, where)
        if "\0" in value:
            raise ConfigurationError(
                f"{where}: holds the character NUL, which PostgreSQL takes nowhere"
            )
        return value

    def _port(self, text: str) -> int:
        # The text is not repeated: a variable may hold anything, a secret by mistake.
        if not (text.isascii() and text.isdecimal() and 0 < int(text) < 65_536):
            raise ConfigurationError(
                f"connection {self.name!r}, port: {self.config.port} does not hold a number "
                "from 1 to 65535"
            )
        return int(text)


def libpq_parameters(values: Values, local_ports: Sequence[int] = ()) -> dict[str, Any]:
    """Keywords for `psycopg.connect`.

    Args:
        values: of the connection.
        local_ports: where the tunnel ends on this machine, for each host; none: no tunnel.

    Raises:
        ConfigurationError: a variable is not set.
    """
    config = values.config
    return {
        **_address(values, local_ports),
        "dbname": values.value("database"),
        "user": values.value("user"),
        **({"password": values.value("password")} if config.password is not None else {}),
        **_tls(values),
        **{name: values.value(name) for name in _AS_WRITTEN if getattr(config, name) is not None},
        "gssencmode": "disable",
        "options": "",  # nor those of a PGOPTIONS
        "client_encoding": "UTF8",
        "connect_timeout": max(2, int(config.connect_timeout_s)),
        **_keepalives(config.network_timeout_s),
    }


def _keepalives(seconds: float) -> dict[str, int]:
    idle, interval, probes = keepalives(seconds)
    return {
        "keepalives_idle": idle,
        "keepalives_interval": interval,
        "keepalives_count": probes,
        "tcp_user_timeout": 0,
    }


def servers(values: Values, local_ports: Sequence[int] = ()) -> list[Server]:
    """The servers that the keywords lead to.

    Args:
        values: of the connection.
        local_ports: as for `libpq_parameters`.

    Raises:
        ConfigurationError: a variable is not set.
        ConnectionLost: there is a tunnel, and it is not open.
    """
    named = list(zip(values.hosts(), values.ports(), strict=True))
    if values.config.tunnel is not None and not local_ports:  # never past it
        raise ConnectionLost(f"connection {values.name!r}: its tunnel is not open")
    near = [(LOOPBACK_ADDRESS, port) for port in local_ports] or named
    return [Server(*name, place) for name, place in zip(named, near, strict=True)]


def authorities(values: Values) -> str:
    """Whom verify-full believes: a path for `sslrootcert`, or `system`.

    Args:
        values: of the connection; without `sslrootcert` the authorities of this machine count.

    Raises:
        ConfigurationError: a variable is not set.
    """
    written = SYSTEM if values.config.sslrootcert is None else values.value("sslrootcert")
    return system_authorities() if written == SYSTEM else written


def _tls(values: Values) -> dict[str, str]:
    mode = values.config.effective_sslmode(values.hosts())
    found: dict[str, str] = {"sslmode": mode}
    if mode == "verify-full" or values.config.sslrootcert is not None:
        found["sslrootcert"] = authorities(values)
    elif values.config.fingerprints:
        found["sslrootcert"] = NO_FILE
    if values.config.sslcert is not None:
        found["sslcert"] = _existing(values, "sslcert")
        found["sslpassword"] = "none"  # noqa: S105 - or OpenSSL asks at a terminal, and waits
    return found


def _existing(values: Values, field: str) -> str:
    """The path of a file that libpq would do without, and not say so."""
    path = values.value(field)
    if not Path(path).exists():
        raise ConfigurationError(
            f"connection {values.name!r}, {field}: there is no file {path}",
            f"`{field}` has to be the path of a certificate in PEM form",
        )
    return path


def _address(values: Values, local_ports: Sequence[int]) -> dict[str, Any]:
    hosts, config = values.hosts(), values.config
    # Empty: a PGHOSTADDR of the environment would lead elsewhere.
    found: dict[str, Any] = {"host": ",".join(hosts), "hostaddr": ""}
    if local_ports:
        # The certificate is checked against the real name, through the tunnel (trap 58).
        found["hostaddr"] = ",".join(LOOPBACK_ADDRESS for _ in hosts)
    found["port"] = ",".join(str(port) for port in local_ports or values.ports())
    several = "read-write" if len(hosts) > 1 else "any"
    found["target_session_attrs"] = config.target_session_attrs or several
    return found
