"""`$NAME` becomes its value: only when a connection opens, never when configuration loads."""

from __future__ import annotations

from collections.abc import Mapping

from ..config.base import ENV_NAME
from ..errors import ConfigurationError


def resolve(value: str, environment: Mapping[str, str], where: str) -> str:
    """The value of a `$NAME`, or the text itself where it is not one.

    Args:
        value: what the configuration says.
        environment: variables of this process.
        where: what is being resolved, as in `connection 'crm', password`.

    Raises:
        ConfigurationError: the variable is not set.
    """
    if not ENV_NAME.fullmatch(value):
        return value
    name = value[1:]
    if name not in environment:
        raise ConfigurationError(
            f"{where}: the environment variable {name} is not set",
            f"set it where this process runs, or in .env: {name}=...",
        )
    return environment[name]
