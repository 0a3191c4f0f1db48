"""How many runs write to one destination at once: a pool of Dagster for each connection.

A pool's limit is in Dagster's storage, which loading definitions does not touch. So each run sets
it before it connects: `max_runs` of the YAML file holds from the first run on that has read it.
"""

from __future__ import annotations

import dagster as dg


def pool_of(destination: str) -> str:
    """The pool of all that writes to a connection.

    Args:
        destination: name of the connection.
    """
    return f"dest_{destination}"


def limit_pool(instance: dg.DagsterInstance, destination: str, max_runs: int | None) -> None:
    """Sets the limit of a connection's pool, where it is another.

    Args:
        instance: whose pool it is.
        destination: name of the connection.
        max_runs: that may write at once; None: whatever was set in the UI, or the default.
    """
    storage, pool = instance.event_log_storage, pool_of(destination)
    if max_runs is None or not storage.supports_global_concurrency_limits:
        return
    if (max_runs, False) in {
        (known.limit, known.from_default)
        for known in storage.get_pool_limits()
        if known.name == pool
    }:
        return
    storage.set_concurrency_slots(pool, max_runs)
