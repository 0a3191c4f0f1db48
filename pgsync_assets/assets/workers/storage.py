"""The PostgreSQL of a Dagster instance, which workers and launcher have in common."""

from __future__ import annotations

import dagster as dg
from dagster_postgres.run_storage import PostgresRunStorage

from ...errors import ConfigurationError
from ..dagster_storage import run_storage_of


def storage_of(instance: dg.DagsterInstance) -> PostgresRunStorage:
    """The storage of an instance's runs.

    Args:
        instance: kept in PostgreSQL.

    Raises:
        ConfigurationError: it is kept elsewhere, where workers on other machines find nothing.
    """
    storage = run_storage_of(instance)
    if not isinstance(storage, PostgresRunStorage):
        raise ConfigurationError(
            f"workers need Dagster's storage in PostgreSQL, and this one is a "
            f"{type(storage).__name__}",
            "take the `storage:` of the project's dagster.yaml, and set DAGSTER_PG_*",
        )
    return storage
