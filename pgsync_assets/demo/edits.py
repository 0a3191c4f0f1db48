"""A day's worth of edits at the demo's source: other rows in every round, the same everywhere."""

from __future__ import annotations

from dataclasses import dataclass

from pgsync_assets.demo.data import AnyConnection
from pgsync_assets.embedded.servers import SOURCE_DATABASE, Servers
from pgsync_assets.sql import statement


@dataclass(frozen=True)
class Edits:
    """Rows that one round has touched, as PostgreSQL counted them."""

    round: int
    flights_updated: int
    flights_inserted: int
    flights_deleted: int
    planes_updated: int
    airports_updated: int

    @property
    def total(self) -> int:
        """All rows of the round."""
        flights = self.flights_updated + self.flights_inserted + self.flights_deleted
        return flights + self.planes_updated + self.airports_updated


def apply_edits(servers: Servers) -> Edits:
    """Edit the demo's source in one transaction; the next call makes the next round.

    Args:
        servers: with the demo's cluster running and its data loaded.
    """
    with servers.demo.connect(SOURCE_DATABASE, autocommit=False) as connection:
        number = _next_round(connection)
        return Edits(
            round=number,
            flights_deleted=_edit(connection, "delete_flights", number),
            flights_updated=_edit(connection, "update_flights", number),
            flights_inserted=_edit(connection, "insert_flights", number),
            planes_updated=_edit(connection, "update_planes", number),
            airports_updated=_edit(connection, "update_airports", number),
        )


def _next_round(connection: AnyConnection) -> int:
    row = connection.execute("select nextval('demo.edit_round')").fetchone()
    return int(row[0]) if row else 1


def _edit(connection: AnyConnection, name: str, number: int) -> int:
    source = statement("pgsync_assets.demo", f"round/{name}.sql")
    return connection.execute(source, {"round": number}).rowcount
