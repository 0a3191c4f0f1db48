"""Tables that are published without a replica identity: PostgreSQL refuses to change rows there.

Whether anything is replicated does not matter to it: `wal_level` may be what it will. Older
versions (12, for one) let ON CONFLICT DO UPDATE pass, though a subscriber cannot find the old row;
that is refused as well.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from ..errors import DestinationError
from ..sql import relation, statement


@dataclass(frozen=True)
class Published:
    """A published table without a replica identity.

    Args:
        schema: its schema.
        table: its name.
        publications: their names.
        has_updates: they publish updates.
        has_deletes: they publish deletes.
        candidate: a unique index that would do as its replica identity, if there is one.
    """

    schema: str
    table: str
    publications: str
    has_updates: bool
    has_deletes: bool
    candidate: str | None

    @property
    def refused(self) -> set[str]:
        """What PostgreSQL refuses there."""
        events = {"UPDATE": self.has_updates, "DELETE": self.has_deletes}
        return {event for event, is_published in events.items() if is_published}

    @property
    def remedy(self) -> str:
        """The statement that gives it one, ready to be pasted."""
        with_what = (
            sql.SQL("USING INDEX {}").format(sql.Identifier(self.candidate))
            if self.candidate
            else sql.SQL("FULL")
        )
        template = sql.SQL("ALTER TABLE {} REPLICA IDENTITY {};")
        return template.format(relation(self.schema, self.table), with_what).as_string(None)


def read_published(connection: psycopg.Connection[Any], oid: int) -> tuple[Published, ...]:
    """The tables that hold the rows of a relation, are published and have no replica identity.

    Args:
        connection: a transaction on the destination.
        oid: of the relation; of a partitioned table, its partitions are looked at.
    """
    rows = connection.execute(
        statement(__package__ or "", "target_publications.sql"), {"relation": oid}
    ).fetchall()
    return tuple(Published(*row) for row in rows)


def check_published(published: tuple[Published, ...], events: AbstractSet[str]) -> None:
    """Checks that what a sync does to rows may be published.

    Args:
        published: tables without a replica identity.
        events: that the sync uses, of INSERT, UPDATE, DELETE.

    Raises:
        DestinationError: PostgreSQL would refuse it; the remedy is the ALTER TABLE.
    """
    found = [one for one in published if one.refused & events]
    if found:
        first = found[0]
        refused = " and ".join(sorted(first.refused & events))
        raise DestinationError(
            f"{first.schema}.{first.table} is published ({first.publications}) and has no replica "
            f"identity: PostgreSQL refuses {refused} there",
            "as its owner: " + " ".join(one.remedy for one in found),
        )
