"""What the destination takes rows as: the types of their columns, and of the stamps behind them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from psycopg import sql

from ..connect import Format
from .target import TargetColumn
from .travel import format_of


@dataclass(frozen=True)
class Taken:
    """The columns that rows go to, in the order in which they travel.

    Args:
        columns: that get something from the model.
        stamps: that say when and by which run a row was written.
        version: of their server, as libpq tells it: 140005 for 14.5.
    """

    columns: tuple[TargetColumn, ...]
    stamps: tuple[TargetColumn, ...]
    version: int

    def form(self, sent: Sequence[int | None], version: int) -> Format:
        """The format in which rows travel.

        Args:
            sent: OID of the type of each column, where the rows are; None for no such column.
            version: of the server that has them.
        """
        taken = [one.type_oid for one in self.columns]
        stamps = [one.type_oid for one in self.stamps]  # sent as what they are taken as
        return format_of([*sent, *stamps], [*taken, *stamps], version, self.version)

    def stamped(self, values: tuple[str, ...]) -> Iterator[sql.Composable]:
        """Stamps in the types of their columns, but for lengths: they would be cut, not refused.

        Args:
            values: one for each stamp.
        """
        for value, taken in zip(values, self.stamps, strict=True):
            base = sql.Identifier(*taken.base_type)
            yield sql.SQL("{}::{}").format(sql.Literal(value), base)
