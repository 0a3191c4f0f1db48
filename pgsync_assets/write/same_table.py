"""Whether a table is still what it was found to be: looked at behind the rows of each batch.

A name may come to stand for another table between two batches, or for a column of another type:
a number with fewer digits rounds what is sent, and PostgreSQL says nothing of it.
"""

from __future__ import annotations

from typing import Any

from ..errors import Contention
from ..model import ColumnMapping
from ..plan import Incarnation
from .kind import TABLES
from .target import Target


def incarnation(
    target: Target, mapping: ColumnMapping, ledger: int, *, knows_columns: bool
) -> Incarnation | None:
    """Which table it is beyond its name; None where the rows are not known to be in it.

    Args:
        target: as described just now.
        mapping: which of its columns are written.
        ledger: OID of a table of the ledger beside it; 0 for none.
        knows_columns: false where partitions share what is known: one of them that sends its rows
            again would speak of a column for all.
    """
    last = target.layers[-1]
    if last.kind not in TABLES:
        return None
    stored = {name: last.stored(name) for name in mapping.targets} if knows_columns else {}
    numbers = {name: row[-1] for name, row in stored.items() if row is not None}
    return Incarnation(last.oid, ledger, numbers)


class SameTable:
    """What is asked behind the rows of a batch, while its transaction keeps others from ALTER.

    Args:
        target: as it was found when the run began.
        columns: those that travel.
    """

    def __init__(self, target: Target, columns: tuple[str, ...]) -> None:
        self._target = target
        front, last = target.layers[0], target.layers[-1]
        stored = [last.stored(name) for name in columns]
        self._wanted = (
            front.oid,
            [None if row is None else f"{row[-1]} {row[12]} {row[13]}" for row in stored],
        )
        self.values: dict[str, Any] = {
            "target": target.relation.as_string(None),
            "table": last.oid,
            "columns": [None if row is None else row[0] for row in stored],
        }

    def check(self, found: tuple[Any, ...]) -> None:
        """Compares the answer.

        Args:
            found: the row of `same_table.sql`.

        Raises:
            Contention: the table, or a column of it, is another one.
        """
        if found[0] != self._wanted[0]:
            what = "it is not the table that it was"
        elif found[1] != self._wanted[1]:
            what = "a column has another type than it had, or is another one than it was,"
        else:
            return
        raise Contention(
            f"{self._target.name}: {what} when the run began",
            "the next try looks at the table anew",
        )
