"""What a model is made of, asked of PostgreSQL: columns, types, and what its key is worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import psycopg
from psycopg import pq

from ..config import ModelConfig, split_qualified
from ..connect import READ_ONLY, Session
from ..errors import ModelError
from ..outcome import Column
from ..sql import statement
from .catalog import check_lasting, no_table, nullable_columns
from .computed import RESERVED_PREFIX
from .dbt_relation import check_database
from .definition import Definition, definitions
from .equality import Equality
from .key_columns import ResultColumn, key_equality, key_operators
from .mistake import mistake, shape_of
from .parameters import check_parameters

MOST_COLUMNS = 1590  # a table has 1,600 at the most; ours have up to four of their own


@dataclass(frozen=True)
class Relation:
    """A described model.

    Args:
        columns: in the order of the model.
        definitions: what the type of each column is made of, in the order of `columns`.
        key: names of the columns that identify a row.
        key_operators: schema of the equality operator of each key column, in the order of `key`.
        key_equality: when two values of each key column are one key, in the order of `key`.
        unique_key: whether an index guarantees that the key is unique and never NULL.
    """

    columns: tuple[Column, ...]
    definitions: tuple[Definition, ...]
    key: tuple[str, ...]
    key_operators: tuple[str, ...]
    key_equality: tuple[Equality, ...]
    unique_key: bool

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of all columns."""
        return tuple(c.name for c in self.columns)

    @property
    def key_is_identity(self) -> tuple[bool, ...]:
        """For each key column, whether its values are one key exactly when they are one text."""
        return tuple(equality.is_identity for equality in self.key_equality)


def describe(session: Session, model: ModelConfig) -> Relation:
    """Asks PostgreSQL what a model returns. Nothing is executed: the result is cut to no row.

    Args:
        session: on the source.
        model: of a table, or with its SQL loaded.

    Raises:
        ModelError: it is not one SELECT, something in it does not exist, a column has no name, is
            named twice or has a type that cannot be sent, a key column is missing, or dbt builds it
            in another database.
        PrivilegeError: the source's role may not read it.
    """
    with session.transaction("describing the model", READ_ONLY) as connection:
        check_database(session, connection, model)
        types, modifiers, names = _shape(session, connection, model)
        _check_names(names)
        query = statement(__package__, "describe.sql")
        described = connection.execute(query, {"types": types, "modifiers": modifiers}).fetchall()
        nullable = nullable_columns(connection, model)
        # A sequence can be read, too.
        if not nullable and (wrong := no_table(connection, model)):
            raise wrong
        columns = tuple(
            Column(name, row[0], nullable.get(name))
            for name, row in zip(names, described, strict=True)
        )
        for column, row in zip(columns, described, strict=True):
            if row[2]:
                raise ModelError(
                    f"column {column.name!r} of the model has the type {column.type}, "
                    "which no table can store",
                    "cast it in the model, as in column::text",
                )
            if row[1] and column.name in model.key:
                # A composite value whose fields are all NULL `IS NULL` and yet is one.
                raise ModelError(
                    f"key column {column.name!r} has the composite type {column.type}",
                    "name its fields in the model and use them as the key",
                )
        results = [
            ResultColumn(oid, modifier, row[3])
            for oid, modifier, row in zip(types, modifiers, described, strict=True)
        ]
        by_name = dict(zip(names, results, strict=True))
        made_of = definitions(connection, types)
        _check_types(columns, made_of)
        return Relation(
            columns,
            tuple(made_of),
            model.key,
            key_operators(connection, model, by_name),
            key_equality(connection, model, by_name),
            _is_proven(connection, model),
        )


def returned(
    session: Session, connection: psycopg.Connection[Any], model: ModelConfig
) -> pq.abc.PGresult:
    """The columns of a model as the protocol describes them, and no row.

    Args:
        session: on the source.
        connection: a transaction of it, which goes on whatever is wrong.
        model: of a table, or with its SQL loaded.

    Raises:
        ModelError: it is not one SELECT, something in it does not exist, or a parameter is none of
            its type.
        PrivilegeError: the source's role may not read it.
    """
    check_lasting(model)
    check_parameters(connection, model)
    query = shape_of(model)
    try:
        # binary=True asks for the extended protocol, which takes one statement only (42601);
        # the simple one would run both of `SELECT 1; DROP TABLE x`.
        with connection.transaction():  # what is missing is looked up then
            result = connection.execute(query, binary=True).pgresult
    except psycopg.Error as error:
        raise mistake(session, connection, model, error) from None
    assert result is not None  # noqa: S101 - a statement that did not raise has a result
    return result


def _shape(
    session: Session, connection: psycopg.Connection[Any], model: ModelConfig
) -> tuple[list[int], list[int], list[str]]:
    result = returned(session, connection, model)
    fields = range(result.nfields)
    names = [(result.fname(i) or b"").decode() for i in fields]
    return [result.ftype(i) for i in fields], [result.fmod(i) for i in fields], names


def _check_names(names: list[str]) -> None:
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ModelError(
            f"the model returns more than one column {', '.join(map(repr, repeated))}",
            "give each a name of its own with AS",
        )
    for name in names:
        if name == "?column?":
            raise ModelError("a column of the model has no name", "give it one with AS")
        if name.startswith(RESERVED_PREFIX):
            raise ModelError(
                f"column {name!r}: names that begin with {RESERVED_PREFIX} are ours",
                "rename it in the model with AS",
            )
    if not 1 <= len(names) <= MOST_COLUMNS:
        raise ModelError(f"the model has {len(names)} columns; 1 to {MOST_COLUMNS} are possible")


def _check_types(columns: Sequence[Column], made_of: Sequence[Definition]) -> None:
    for column, parts in zip(columns, made_of, strict=True):
        for part in parts:
            if part.obstacle:
                at = f", with {part.made_of} in {part.path}" if part.path else ""
                raise ModelError(
                    f"column {column.name!r} of the model has the type {column.type}{at}: "
                    f"{part.obstacle}",
                    "cast it in the model, as in column::text, for a column of type text",
                )


def _is_proven(connection: psycopg.Connection[Any], model: ModelConfig) -> bool:
    if model.table is None:
        return False
    schema, table = split_qualified(model.table)
    row = connection.execute(
        statement(__package__, "proven_key.sql"),
        {"schema": schema, "table": table, "key": list(model.key)},
    ).fetchone()
    return bool(row and row[0])
