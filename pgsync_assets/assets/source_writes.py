"""Whether source tables have been written, at the price of one query on PostgreSQL's statistics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..errors import ModelError
from ..lineage import Table

if TYPE_CHECKING:
    from ..connect import Endpoint


@dataclass(frozen=True)
class Writes:
    """What PostgreSQL counts of the writes of some tables.

    Args:
        fingerprints: a text for each table, another one after every change of its rows.
        uncounted: why there is none, by table.
    """

    fingerprints: dict[Table, str] = field(default_factory=dict)
    uncounted: dict[Table, ModelError] = field(default_factory=dict)


def writes(endpoint: Endpoint, tables: Sequence[Table]) -> Writes:
    """A text for each table that is another one after every INSERT, UPDATE, DELETE or TRUNCATE.

    A view counts as the tables behind it; what a function in it reads is not seen. The text may
    also change where no row did (statistics were reset, a transaction was rolled back): a sync that
    then finds nothing to do costs little.

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
    found = {tables[row[0] - 1]: (row[1], str(row[2])) for row in rows}
    return Writes(
        {table: text for table, (why_not, text) in found.items() if why_not is None},
        {
            table: _uncounted(endpoint.name, ".".join(table), found.get(table, ("nowhere",))[0])
            for table in tables
            if found.get(table, ("nowhere",))[0] is not None
        },
    )


def _uncounted(connection: str, name: str, why: str) -> ModelError:
    words, remedy = _WHY[why]
    return ModelError(f"{connection}: {name} cannot be watched: {words}", remedy)


_SCHEDULE = "give the sync a `schedule:`"
_WHY = {
    "nowhere": ("there is no such table", "name the tables to watch under `tables` of the sensor"),
    "foreign": (
        "it is, or reads, a foreign table, whose writes are another server's",
        _SCHEDULE,
    ),
    "no table": (
        "it is not a table, and reads none; PostgreSQL counts writes of tables only",
        "name the tables to watch under `tables` of the sensor",
    ),
    "standby": (
        "this server is a standby, which does not count what it replays",
        f"{_SCHEDULE}; or read from the primary",
    ),
    "track_counts": (
        "the server does not count writes (track_counts is off)",
        "ALTER SYSTEM SET track_counts = on; SELECT pg_reload_conf();",
    ),
}
