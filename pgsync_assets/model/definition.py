"""What the type of a column is made of, asked of PostgreSQL, on either side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from ..sql import statement


@dataclass(frozen=True)
class Part:
    """A type, or one inside it.

    Args:
        path: where it is: empty for the type itself, `.name` for a field of a composite, `[]` for
            the elements of an array, `.bound` for those of a range.
        made_of: kind and name, without schema: as in `composite pair`, `numeric(10,2)`; of a range
            also what decides how its values are written.
        obstacle: why no value of it can be sent; None where it can.
    """

    path: str
    made_of: str
    obstacle: str | None = None


Definition = tuple[Part, ...]
"""The parts of a type, each before those inside it, in their order. Domains are looked through."""


def definitions(connection: psycopg.Connection[Any], types: Sequence[int]) -> list[Definition]:
    """Asks PostgreSQL what types are made of.

    Args:
        connection: a transaction on the database that has them.
        types: OIDs.
    """
    query = statement(__package__, "definition.sql")
    found: list[list[Part]] = [[] for _ in types]
    for number, *part in connection.execute(query, {"types": list(types)}):
        found[number - 1].append(Part(*part))
    return [tuple(parts) for parts in found]
