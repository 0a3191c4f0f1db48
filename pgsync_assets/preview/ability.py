"""What PostgreSQL can do with a type: tell equal values, and order them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import psycopg
from psycopg import sql

from ..sql import COMMA, statement
from .reading import Reading

_VALUE = sql.Identifier("value")


@dataclass(frozen=True)
class Ability:
    """What can be asked of the values of a type.

    Args:
        is_grouped: which values are equal.
        is_ordered: which one is the lowest.
        is_collatable: that depends on a collation.
    """

    is_grouped: bool
    is_ordered: bool
    is_collatable: bool = False


def abilities(reading: Reading, types: Sequence[str]) -> dict[str, Ability]:
    """Asks PostgreSQL, which knows it of arrays, composites and extensions, too.

    Args:
        reading: a transaction on the source.
        types: as `format_type` writes them.
    """
    distinct = list(dict.fromkeys(types))
    query = statement(__package__, "collatable.sql")
    collatable = dict(reading.connection.execute(query, {"types": distinct}).fetchall())
    can_all = _can(reading, _ordered(distinct))  # as nearly always
    return {
        spelled: Ability(
            can_all or _can(reading, _grouped(spelled)),
            can_all or _can(reading, _ordered([spelled])),
            collatable[spelled],
        )
        for spelled in distinct
    }


def _can(reading: Reading, query: sql.Composed) -> bool:
    try:
        with reading.connection.transaction():
            reading.connection.execute(query)
    except (psycopg.errors.UndefinedFunction, psycopg.errors.FeatureNotSupported):
        return False
    return True


def _ordered(types: Sequence[str]) -> sql.Composed:
    numbers = COMMA.join(sql.SQL("{}").format(number + 1) for number in range(len(types)))
    return sql.SQL("SELECT {} ORDER BY {} LIMIT 0").format(COMMA.join(map(_null, types)), numbers)


def _grouped(spelled: str) -> sql.Composed:
    return sql.SQL("SELECT FROM (SELECT {} AS {}) AS one GROUP BY {} LIMIT 0").format(
        _null(spelled), _VALUE, _VALUE
    )


def _null(spelled: str) -> sql.Composable:
    # The name of a type as PostgreSQL itself has just written it.
    return sql.SQL("CAST(NULL AS {})").format(sql.SQL(spelled))
