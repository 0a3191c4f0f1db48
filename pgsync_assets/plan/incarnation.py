"""Which table a name stands for: one that was dropped and made again has none of the rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Incarnation:
    """A destination table beyond its name, by numbers that PostgreSQL gives once (an OID: in 2^32).

    An ALTER that rewrites the table, VACUUM FULL, CLUSTER and pg_upgrade keep them.

    Args:
        table: its OID.
        ledger: OID of a table of the ledger beside it. Where that is another one, too, the database
            as a whole was restored: with its rows, and the ledger says up to which run.
        columns: `attnum` of each column that is written, by name.
    """

    table: int
    ledger: int
    columns: Mapping[str, int] = field(default_factory=dict)

    def is_remade(self, now: Incarnation) -> bool:
        """Whether the name stands for another table by now."""
        return self.ledger == now.ledger and self.table != now.table

    def remade_columns(self, now: Incarnation) -> list[str]:
        """Names of columns of the table that stand for other ones by now."""
        if (self.ledger, self.table) != (now.ledger, now.table):
            return []
        known = self.columns.items()
        return sorted(name for name, number in known if now.columns.get(name, number) != number)
