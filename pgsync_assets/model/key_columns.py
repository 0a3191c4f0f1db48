"""The columns of a model's key, as PostgreSQL compares them: operators, collations, equality."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from ..config import ModelConfig
from ..errors import ModelError
from ..sql import COMMA, column, statement
from .equality import Equality, equalities
from .query import rows

Connection = psycopg.Connection[Any]


@dataclass(frozen=True)
class ResultColumn:
    """A column as the protocol describes it. Domains are taken off already.

    Args:
        type: OID of its type.
        modifier: its type modifier; -1 for none.
        is_collatable: values of the type are compared by a collation.
    """

    type: int
    modifier: int
    is_collatable: bool


def key_operators(
    connection: Connection, model: ModelConfig, columns: dict[str, ResultColumn]
) -> tuple[str, ...]:
    """Schema of the equality operator of each key column.

    Args:
        connection: a transaction on the source.
        model: of a table, or with its SQL loaded.
        columns: of the model, by name.

    Raises:
        ModelError: a key column is missing, or PostgreSQL cannot index its type.
    """
    query = statement(__package__, "key_operator.sql")
    schemas = []
    for name in model.key:
        if name not in columns:
            raise ModelError(
                f"key column {name!r} is not a column of the model",
                f"the model has: {', '.join(columns)}",
            )
        _check_indexable(connection, model, name)
        row = connection.execute(query, {"type": columns[name].type}).fetchone()
        schemas.append(str(row[0]) if row else "pg_catalog")
    return tuple(schemas)


def key_equality(
    connection: Connection, model: ModelConfig, columns: dict[str, ResultColumn]
) -> tuple[Equality, ...]:
    """When two values of each key column are one key.

    Args:
        connection: a transaction on the source.
        model: of a table, or with its SQL loaded.
        columns: of the model, by name.

    Raises:
        ModelError: it cannot be known by which collation a key column is compared.
    """
    key = [columns[name] for name in model.key]
    collations = _collations(connection, model, columns)
    return tuple(
        equalities(
            connection,
            [c.type for c in key],
            [c.modifier for c in key],
            [collations.get(name, 0) for name in model.key],
        )
    )


def _check_indexable(connection: Connection, model: ModelConfig, name: str) -> None:
    """What PostgreSQL sorts by, it can index: asked of PostgreSQL, for arrays of anything too."""
    query = sql.SQL("{} ORDER BY {} LIMIT 0").format(
        rows(model, (name,)), sql.Identifier("model", name)
    )
    try:
        connection.execute(query, binary=True)
    except psycopg.errors.UndefinedFunction:
        raise ModelError(
            f"key column {name!r} has a type that PostgreSQL cannot index by equality",
            f"cast it in the model, as in {name}::text AS {name}",
        ) from None
    except psycopg.errors.IndeterminateCollation:
        raise _no_collation(name) from None


def _collations(
    connection: Connection, model: ModelConfig, columns: dict[str, ResultColumn]
) -> dict[str, int]:
    """Collation OIDs of those key columns that have one, as the model's expressions say.

    One row of NULLs is asked about; of the model itself no row is read.
    """
    names = [name for name in model.key if columns[name].is_collatable]
    if not names:
        return {}
    asked = COMMA.join(
        sql.SQL("pg_catalog.pg_collation_for({})").format(column(name, "model")) for name in names
    )
    query = sql.SQL("SELECT {} FROM (SELECT) AS one LEFT JOIN ({} LIMIT 0) AS model ON true")
    row = connection.execute(query.format(asked, rows(model, tuple(names))), binary=True).fetchone()
    assert row is not None  # noqa: S101 - an outer join with one row
    found = {}
    for name, spelled in zip(names, row, strict=True):
        if spelled is None:
            raise _no_collation(name)
        named = connection.execute(
            statement(__package__, "named_collation.sql"), {"spelled": spelled}
        ).fetchone()
        assert named is not None  # noqa: S101 - PostgreSQL has just named it
        found[name] = int(named[0])
    return found


def _no_collation(name: str) -> ModelError:
    quoted = sql.Identifier(name).as_string(None)
    return ModelError(
        f"key column {name!r} is made of texts with different collations: "
        "it cannot be known when two of its values are equal",
        f'say so in the model, as in {quoted} COLLATE "C" AS {quoted}',
    )
