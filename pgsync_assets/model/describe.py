"""What a model is made of, asked of PostgreSQL: columns, types, and what its key is worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import psycopg
from psycopg import sql

from ..config import ModelConfig, split_qualified
from ..connect import READ_ONLY, Session
from ..errors import ModelError
from ..outcome import Column
from ..sql import statement
from .computed import RESERVED_PREFIX, computed_by
from .definition import Definition, definitions
from .equality import Equality
from .forbidden import forbidden
from .key_columns import ResultColumn, key_equality, key_operators
from .query import select

COMPUTED_REMEDIES = {
    "": "it is computed of each row: one SQL expression over the model's columns",
    "0A000": "a value is one value of each row; what makes or needs several belongs in the model",
    "3F000": "its type has to be at the source, too: create it there, or name another one",
    "42704": "its type has to be at the source, too: create it there, or name another one",
    "42803": "a value is computed of each row by itself: aggregate in the model",
    "42846": "cast it in steps, as in values: sql: column::text::type",
}
MOST_COLUMNS = 800  # a row is joined with its old image; a join has at most 1,664 columns


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
            named twice or has a type that cannot be sent, or a key column is missing.
        PrivilegeError: the source's role may not read it.
    """
    with session.transaction("describing the model", READ_ONLY) as connection:
        types, modifiers, names = _shape(session, connection, model)
        _check_names(names)
        query = statement(__package__, "describe.sql")
        described = connection.execute(query, {"types": types, "modifiers": modifiers}).fetchall()
        nullable = _nullable(connection, model)
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


def _shape(
    session: Session, connection: psycopg.Connection[Any], model: ModelConfig
) -> tuple[list[int], list[int], list[str]]:
    query = sql.SQL("SELECT * FROM (\n{}\n) AS model LIMIT 0").format(select(model))
    try:
        # binary=True asks for the extended protocol, which takes one statement only (42601);
        # the simple one would run both of `SELECT 1; DROP TABLE x`.
        with connection.transaction():  # what is missing is looked up then
            result = connection.execute(query, binary=True).pgresult
    except psycopg.errors.InsufficientPrivilege as error:
        raise forbidden(session, connection, model, error) from None
    except psycopg.Error as error:
        if not (error.sqlstate or "").startswith(("42", "0A", "22", "3F")):
            raise
        raise _not_a_model(session, model, error, query.as_string(connection)) from None
    assert result is not None  # noqa: S101 - a statement that did not raise has a result
    fields = range(result.nfields)
    names = [(result.fname(i) or b"").decode() for i in fields]
    return [result.ftype(i) for i in fields], [result.fmod(i) for i in fields], names


def _not_a_model(
    session: Session, model: ModelConfig, error: psycopg.Error, query: str
) -> ModelError:
    said = error.diag.message_primary or "it is not valid"
    if computed := computed_by(model):
        return ModelError(
            f"{session.name}: {computed[0].place}: {said} (SQLSTATE {error.sqlstate})",
            COMPUTED_REMEDIES.get(error.sqlstate or "", COMPUTED_REMEDIES[""]),
        )
    what = f"table {model.table}" if model.table else "the SQL of the model"
    at = _line(model, error, query)
    remedy = "a model is one SELECT statement, without a semicolon inside"
    if error.sqlstate == "42P01" or error.sqlstate == "3F000":
        remedy = (
            "does it exist in this database, and may the role use its schema? Unqualified names "
            f"are looked up in: {', '.join(session.config.search_path)}"
        )
    return ModelError(f"{session.name}: {what}{at}: {said} (SQLSTATE {error.sqlstate})", remedy)


def _line(model: ModelConfig, error: psycopg.Error, query: str) -> str:
    position = error.diag.statement_position
    if model.sql is None or position is None:
        return ""
    line = query[: int(position) - 1].count("\n")  # the first line is ours
    return f", line {line}" if 1 <= line <= model.sql.count("\n") + 1 else ""


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


def _nullable(connection: psycopg.Connection[Any], model: ModelConfig) -> dict[str, bool]:
    """Of the columns of a table, whether they may be NULL; of a query PostgreSQL does not say."""
    if model.table is None:
        return {}
    schema, table = split_qualified(model.table)
    rows = connection.execute(
        statement(__package__, "nullable_columns.sql"), {"schema": schema, "table": table}
    ).fetchall()
    return dict(rows)


def _is_proven(connection: psycopg.Connection[Any], model: ModelConfig) -> bool:
    if model.table is None:
        return False
    schema, table = split_qualified(model.table)
    row = connection.execute(
        statement(__package__, "proven_key.sql"),
        {"schema": schema, "table": table, "key": list(model.key)},
    ).fetchone()
    return bool(row and row[0])
