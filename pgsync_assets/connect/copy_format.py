"""How COPY spells rows on their way: as text, or in the binary form of each type."""

from __future__ import annotations

from dataclasses import dataclass

from psycopg import sql


@dataclass(frozen=True)
class Format:
    """A format of COPY.

    Args:
        name: as PostgreSQL calls it.
        option: what COPY is told, behind its target; empty for nothing.
        trailers: messages of a COPY TO STDOUT that hold no row: each other one holds one.
    """

    name: str
    option: sql.SQL
    trailers: int


TEXT = Format("text", sql.SQL(""), 0)
"""What any type can be read from: by another version, under another name, with another length."""

BINARY = Format("binary", sql.SQL(" (FORMAT binary)"), 1)
"""A third less work for the server that receives it. Both ends must have the same types."""
