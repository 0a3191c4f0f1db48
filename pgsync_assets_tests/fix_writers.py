"""A writer of rows of one's own, at the destination of a test, as its least-privilege role."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import dagster as dg
import pytest

from pgsync_assets import PostgresConnection, PostgresWriter
from pgsync_assets.delivery import Delivered

from .fix_databases import Pair, Side
from .fix_syncs import connection_of


def connection_resource(side: Side, **more: Any) -> PostgresConnection:
    """One side as a resource."""
    fields = connection_of(side).model_dump(include={"host", "port", "database", "user"})
    os.environ["TEST_PASSWORD"] = side.password
    return PostgresConnection(name="crm", password=dg.EnvVar("TEST_PASSWORD"), **(fields | more))


@dataclass(frozen=True)
class Writer:
    """Writes to `public.items`."""

    side: Side
    resource: PostgresWriter

    def write(self, rows: Any, table: str = "public.items", **arguments: Any) -> Delivered:
        """One delivery, by default `monday`, of rows with the key `id`."""
        defaults: dict[str, Any] = {"key": ["id"], "delivery": "monday"}
        return self.resource.write(rows, table, **(defaults | arguments))

    def table(self, definition: str, name: str = "items") -> None:
        """Creates the table with all rights that a mode may need."""
        self.side.execute(f"create table public.{name} ({definition})")
        self.side.grant_table(name, "select", "insert", "update")

    def rows(self, columns: str = "*", table: str = "items") -> list[tuple[Any, ...]]:
        """What is in the table."""
        return self.side.rows(f"select {columns} from public.{table} order by 1")  # noqa: S608


@pytest.fixture
def writer(database_pair: Pair) -> Writer:
    """A writer to a fresh database."""
    side = database_pair.destination
    return Writer(side, PostgresWriter(connection=connection_resource(side)))
