"""Whether source tables have been written, at the price of one query on PostgreSQL's statistics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..errors import ModelError
from .lineage import Table

if TYPE_CHECKING:
    from ..connect import Endpoint


def fingerprints(endpoint: Endpoint, tables: Sequence[Table]) -> dict[Table, str]:
    """A text for each table that is another one after every INSERT, UPDATE, DELETE or TRUNCATE.

    It may also change where no row did (statistics were reset): a sync that then finds nothing to
    do costs little. It never stays the same over a change.

    Args:
        endpoint: of the source.
        tables: schema and name of each table.

    Raises:
        ModelError: one does not exist, or is a view, which has no statistics.
    """
    from ..sql import statement  # here: loading definitions needs no database driver

    query = statement(__package__, "source_writes.sql")
    names = {
        "schemas": [schema for schema, _ in tables],
        "tables": [table for _, table in tables],
    }
    with (
        endpoint.session("pgsync/source_changed") as session,
        session.transaction("reading the statistics of tables") as connection,
    ):
        rows = {row[0]: row for row in connection.execute(query, names)}
    found = {}
    for position, table in enumerate(tables, start=1):
        _check(endpoint.name, table, rows.get(position))
        found[table] = str(rows[position][2])
    return found


def _check(connection: str, table: Table, row: tuple[object, ...] | None) -> None:
    name = ".".join(table)
    if row is None:
        raise ModelError(f"{connection}: there is no table {name} to watch")
    if not row[1]:
        raise ModelError(
            f"{connection}: {name} is not a table, and PostgreSQL counts writes of tables only",
            "name the tables behind it under `tables` of the sensor",
        )
