"""Dagster's storage, on a server that runs anyhow."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager

from psycopg import sql

from pgsync_assets.embedded import Cluster
from pgsync_assets.embedded.servers import create_login

from .canaries import canary

PASSWORD = canary("of Dagster's storage")
_numbers = itertools.count(1)


@contextmanager
def dagster_storage(cluster: Cluster) -> Iterator[dict[str, str]]:
    """Variables of an empty database for Dagster; it is gone after the block, and its role.

    Args:
        cluster: the server.
    """
    name = f"dagster_{os.getpid()}_{next(_numbers)}"
    create_login(cluster, name, PASSWORD)
    cluster.create_database(name, owner=name)
    yield {
        "DAGSTER_PG_HOST": cluster.host,
        "DAGSTER_PG_PORT": str(cluster.port),
        "DAGSTER_PG_USERNAME": name,
        "DAGSTER_PG_PASSWORD": PASSWORD,
        "DAGSTER_PG_DB": name,
    }
    with cluster.connect("postgres") as connection:
        for query in ("drop database {} with (force)", "drop role {}"):
            connection.execute(sql.SQL(query).format(sql.Identifier(name)))
