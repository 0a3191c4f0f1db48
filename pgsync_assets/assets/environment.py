"""`$NAME` as Dagster says it: a reference that the UI shows by name and a run reads by value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dagster as dg

from ..config.base import ENV_NAME


def with_env_vars(values: Mapping[str, Any]) -> dict[str, Any]:
    """Replaces each `$NAME` by `dg.EnvVar("NAME")`; nothing is read from the environment.

    Args:
        values: fields of a resource, as they stand in YAML; inner mappings are left alone.
    """
    return {key: _referenced(key, value) for key, value in values.items()}


def _referenced(field: str, value: Any) -> Any:
    if not isinstance(value, str) or not ENV_NAME.fullmatch(value):
        return value
    return dg.EnvVar.int(value[1:]) if field == "port" else dg.EnvVar(value[1:])
