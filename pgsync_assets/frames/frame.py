"""A frame of any library as columns of Python values, in chunks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from ..delivery.spool import send
from .columns import Into
from .kinds import types_of
from .lines import lines

AT_ONCE = 50_000
"""Rows in a chunk: memory holds one beside the frame itself."""

Chunk = Sequence[Sequence[Any]]
"""Values of each column; None is NULL."""


@dataclass(frozen=True)
class FrameColumn:
    """A column of a frame.

    Args:
        name: as the frame has it.
        type: in PostgreSQL, where the frame's own type tells; None: the values do.
    """

    name: str
    type: str | None


@dataclass(frozen=True)
class Frame:
    """Columns and their values.

    Args:
        columns: in their order.
        chunks: reads the columns at some positions from the beginning, in chunks.
        is_stream: it can be read once only; then every column has a type.
    """

    columns: tuple[FrameColumn, ...]
    chunks: Callable[[Sequence[int]], Iterator[Chunk]]
    is_stream: bool = False

    @property
    def unit(self) -> str:
        """Each row is a line of COPY."""
        return "row"

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(column.name for column in self.columns)

    def types(self, declared: Mapping[str, str]) -> dict[str, str]:
        """The type of each column, see `rows.Rows`."""
        return types_of(self.columns, self.chunks, declared)

    def copy(
        self, connection: psycopg.Connection[Any], into: Sequence[Into], target: sql.Composable
    ) -> int:
        """Copies all rows, see `rows.Rows`."""
        rows, _ = send(lines(self.chunks, into), connection, target)
        return rows
