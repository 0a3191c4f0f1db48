"""Whether source tables have been written, at the price of one query on PostgreSQL's statistics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..errors import ModelError
from ..lineage import Table

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
    counted = counted_fingerprints(endpoint, tables)
    for table in tables:
        if counted.get(table) is None:
            raise _uncounted(endpoint.name, table, exists=table in counted)
    return {table: text for table, text in counted.items() if text is not None}


def counted_fingerprints(endpoint: Endpoint, tables: Sequence[Table]) -> dict[Table, str | None]:
    """As `fingerprints`, of those that exist; None for a view, whose writes nobody counts.

    Args:
        endpoint: of the source.
        tables: schema and name of each table.
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
        rows = connection.execute(query, names).fetchall()
    return {tables[row[0] - 1]: str(row[2]) if row[1] else None for row in rows}


def _uncounted(connection: str, table: Table, *, exists: bool) -> ModelError:
    name = ".".join(table)
    if not exists:
        return ModelError(f"{connection}: there is no table {name} to watch")
    return ModelError(
        f"{connection}: {name} is not a table, and PostgreSQL counts writes of tables only",
        "name the tables behind it under `tables` of the sensor",
    )
