"""The platform's own PostgreSQL, where the standard engine keeps its state: by the environment.

`pgsync-assets demo` and `up` set these variables for the server that they start; set them yourself
and your own server is used. A connection named `platform` in the project goes before them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from ..config import PLATFORM, ConnectionConfig
from ..errors import ConfigurationError
from .endpoint import Endpoint

VARIABLES = {
    "host": "PGSYNC_PLATFORM_HOST",
    "port": "PGSYNC_PLATFORM_PORT",
    "database": "PGSYNC_PLATFORM_DB",
    "user": "PGSYNC_PLATFORM_USER",
    "password": "PGSYNC_PLATFORM_PASSWORD",  # noqa: S105 - its name
}
REQUIRED = ("host", "database", "user")


def platform_config(environment: Mapping[str, str] | None = None) -> ConnectionConfig | None:
    """The connection that the environment describes; None where it describes none.

    Args:
        environment: default: this process's environment.
    """
    known = os.environ if environment is None else environment
    if not all(known.get(VARIABLES[field]) for field in REQUIRED):
        return None
    named = {field: f"${name}" for field, name in VARIABLES.items() if known.get(name)}
    return ConnectionConfig.model_validate(named)


def platform_endpoint(
    connections: Mapping[str, ConnectionConfig], environment: Mapping[str, str] | None = None
) -> Endpoint | None:
    """The way to the platform's PostgreSQL; None where nothing says where it is.

    Args:
        connections: of the project, by name.
        environment: default: this process's environment.
    """
    config = connections.get(PLATFORM) or platform_config(environment)
    return Endpoint(PLATFORM, config, environment) if config else None


def no_platform(sync: str) -> ConfigurationError:
    """The error for a sync that needs a platform where there is none.

    Args:
        sync: its name.
    """
    return _unknown(f"sync {sync!r}: engine standard keeps its state on")


def nowhere_to_load() -> ConfigurationError:
    """The error for rows that are loaded first, where there is no platform."""
    return _unknown("rows of a DataFrame or a file are loaded into")


def _unknown(what_is_there: str) -> ConfigurationError:
    return ConfigurationError(
        f"{what_is_there} the platform's PostgreSQL, and nothing says where that is",
        "`pgsync-assets up` brings one; while it serves: set -a; . .pgsync/up.env; set +a. Or set "
        f"{', '.join(VARIABLES.values())}, or write a connection named {PLATFORM!r}",
    )
