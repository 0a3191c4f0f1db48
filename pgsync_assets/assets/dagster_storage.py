"""Where a Dagster instance keeps its runs: PostgreSQL, or what is for one machine only."""

from __future__ import annotations

import dagster as dg
from dagster._core.storage.legacy_storage import LegacyRunStorage
from dagster._core.storage.runs import RunStorage


def run_storage_of(instance: dg.DagsterInstance) -> RunStorage:
    """The storage of an instance's runs, whichever way `dagster.yaml` names it.

    Args:
        instance: of Dagster.
    """
    storage = instance.run_storage
    if isinstance(storage, LegacyRunStorage):  # what `storage:` of dagster.yaml makes
        storage = storage._storage.run_storage
    return storage
