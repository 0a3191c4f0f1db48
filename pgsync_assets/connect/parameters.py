"""What libpq is told: keywords, never a URL, so that every character is allowed (trap 62)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..config import ConnectionConfig
from ..errors import ConfigurationError
from .secrets import resolve

LOOPBACK_ADDRESS = "127.0.0.1"

_AS_WRITTEN = (
    "sslrootcert",
    "sslcert",
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
        """Names or addresses of the servers, in order."""
        return tuple(self._resolved(host, "host") for host in self.config.hosts)

    def ports(self) -> tuple[int, ...]:
        """The port of each of them.

        Raises:
            ConfigurationError: a variable holds something else.
        """
        return tuple(self._port(port) for port in self.config.ports)

    def secrets(self) -> tuple[str, ...]:
        """What must not appear in a message."""
        fields = ("password", "sslpassword")
        return tuple(self.value(field) for field in fields if getattr(self.config, field))

    def _resolved(self, text: object, field: str) -> str:
        return resolve(str(text), self.environment, f"connection {self.name!r}, {field}")

    def _port(self, written: int | str) -> int:
        port = self._resolved(written, "port")
        if not port.isdecimal():
            raise ConfigurationError(
                f"connection {self.name!r}, port: {written} does not hold a number"
            )
        return int(port)


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
        "sslmode": config.effective_sslmode(values.hosts()),
        **{name: values.value(name) for name in _AS_WRITTEN if getattr(config, name) is not None},
        "gssencmode": "disable",
        "client_encoding": "UTF8",
        "connect_timeout": max(2, int(config.connect_timeout_s)),
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 30_000,
    }


def _address(values: Values, local_ports: Sequence[int]) -> dict[str, Any]:
    hosts, config = values.hosts(), values.config
    found: dict[str, Any] = {"host": ",".join(hosts)}
    if local_ports:
        # The certificate is checked against the real name, through the tunnel (trap 58).
        found["hostaddr"] = ",".join(LOOPBACK_ADDRESS for _ in hosts)
    found["port"] = ",".join(str(port) for port in local_ports or values.ports())
    several = "read-write" if len(hosts) > 1 else "any"
    found["target_session_attrs"] = config.target_session_attrs or several
    return found
