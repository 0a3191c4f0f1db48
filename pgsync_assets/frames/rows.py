"""What can be loaded, of a frame or a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import psycopg
from psycopg import sql

from .columns import Into


class Rows(Protocol):
    """Rows with named columns."""

    @property
    def names(self) -> Sequence[Any]:
        """Names of the columns, which may be no names for a table yet."""

    @property
    def is_stream(self) -> bool:
        """Whether they can be read once only."""

    @property
    def unit(self) -> str:
        """What COPY counts: a row of a frame, or a line of a file."""

    def types(self, declared: Mapping[str, str]) -> dict[str, str]:
        """The type of each column in PostgreSQL.

        Args:
            declared: by column; goes before what the rows say.

        Raises:
            ModelError: the values of a column have no type in common.
        """

    def copy(
        self, connection: psycopg.Connection[Any], into: Sequence[Into], target: sql.Composable
    ) -> int:
        """Copies all of them.

        Args:
            connection: in a transaction.
            into: the columns of the table, in the order of `names`.
            target: table and column list.

        Returns:
            Rows that PostgreSQL counted.

        Raises:
            ModelError: a value would not arrive as it is.
            psycopg.Error: PostgreSQL refused a row.
        """
