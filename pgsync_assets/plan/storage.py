"""In which types the planner's database has the columns of a model.

At the source: in the model's own. On the platform, which knows none of the source's types: the key
in a type of PostgreSQL's own where it is one, everything else as text: what travels, byte by byte.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..config import Place
from ..connect import READ_ONLY, Session
from ..sql import statement


@dataclass(frozen=True)
class Storage:
    """Types of columns in the planner's tables, and how its keys are compared.

    Args:
        types: of all columns that travel.
        key_operators: schema of the equality operator of each key column.
    """

    types: tuple[str, ...]
    key_operators: tuple[str, ...]


def _as_they_are(
    session: Session,
    columns: Sequence[tuple[str, str]],
    key: Sequence[str],
    operators: Sequence[str],
) -> Storage:
    return Storage(tuple(spelled for _, spelled in columns), tuple(operators))


def _portable(
    session: Session,
    columns: Sequence[tuple[str, str]],
    key: Sequence[str],
    operators: Sequence[str],
) -> Storage:
    wanted = [spelled for name, spelled in columns if name in key]
    query = statement(__package__, "portable_types.sql")
    with session.transaction("looking at types", READ_ONLY) as connection:
        rows = connection.execute(query, {"types": wanted}).fetchall()
    known = {spelled for (spelled,) in rows}
    types = tuple(
        spelled if name in key and spelled in known else "text" for name, spelled in columns
    )
    return Storage(types, ("pg_catalog",) * len(key))


STORAGES: dict[
    Place,
    Callable[[Session, Sequence[tuple[str, str]], Sequence[str], Sequence[str]], Storage],
] = {"source": _as_they_are, "platform": _portable}
"""By the place of the planner: session there, name and type of each column, key, its operators."""
