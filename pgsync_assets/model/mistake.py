"""What PostgreSQL says about a model that it does not take, in the words and lines of its owner."""

from __future__ import annotations

import re
from typing import Any

import psycopg
from psycopg import sql

from ..config import ModelConfig
from ..connect import Session
from ..errors import ModelError, PgsyncError
from ..redact import redact
from .bases import all_bases
from .catalog import no_table, nullable_columns
from .computed import computed_by
from .dbt_relation import how_to_build
from .forbidden import forbidden
from .parameters import check_parameters, of, secrets
from .query import own_sql, own_where, select

COMPUTED_REMEDIES = {
    "": "it is computed of each row: one SQL expression over the model's columns",
    "0A000": "a value is one value of each row; what makes or needs several belongs in the model",
    "3F000": "its type has to be at the source, too: create it there, or name another one",
    "42704": "its type has to be at the source, too: create it there, or name another one",
    "42803": "a value is computed of each row by itself: aggregate in the model",
    "42846": "cast it in steps, as in values: sql: column::text::type",
}
OF_THE_MODEL = ("42", "0A", "22", "3F")
_OPENING = "(\n"
_PLACEHOLDER = re.compile(r""":(?P<mark>["']?)(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?P=mark)""")

Connection = psycopg.Connection[Any]


def shape_of(model: ModelConfig) -> sql.Composed:
    """A statement that has the columns of a model, and no row.

    Args:
        model: of a table, or with its SQL loaded.
    """
    return sql.SQL("SELECT * FROM (\n{}\n) AS model LIMIT 0").format(select(model))


def mistake(
    session: Session, connection: Connection, model: ModelConfig, error: psycopg.Error
) -> PgsyncError | psycopg.Error:
    """The error for a model that PostgreSQL refused.

    Args:
        session: on the source.
        connection: a transaction of it, which goes on.
        model: of a table, or with its SQL loaded.
        error: what PostgreSQL said about `shape_of` it.

    Returns:
        Ours, where it speaks about the model, or about one that it uses; else the same one.
    """
    for base in all_bases(model).values():
        if wrong := _wrong(session, connection, base):
            return wrong
    return _of_own(session, connection, model, error)


def _wrong(
    session: Session, connection: Connection, base: ModelConfig
) -> PgsyncError | psycopg.Error | None:
    try:
        check_parameters(connection, base)
        with connection.transaction():
            connection.execute(shape_of(base), binary=True)
    except ModelError as error:
        return error
    except psycopg.Error as error:
        return _of_own(session, connection, base, error)
    return None


def _of_own(
    session: Session, connection: Connection, model: ModelConfig, error: psycopg.Error
) -> PgsyncError | psycopg.Error:
    state = error.sqlstate or ""
    if state == "42501":
        return forbidden(session, connection, model, error)
    if not state.startswith(OF_THE_MODEL):
        return error
    said = error.diag.message_primary or "it is not valid"
    for one in (model, *all_bases(model).values()):
        said = redact(said, secrets(one))
    if computed := computed_by(model):
        return ModelError(
            f"{session.name}: {computed[0].place}: {said} (SQLSTATE {state})",
            COMPUTED_REMEDIES.get(state, COMPUTED_REMEDIES[""]),
        )
    query = shape_of(model).as_string(connection)
    at = f"{session.name}: {of(model)}{_place(connection, model, error, query)}"
    if known := _known(connection, model, at, error, query):
        return known
    remedy = "a model is one SELECT statement, without a semicolon inside"
    if state in {"42P01", "3F000"}:
        remedy = how_to_build(model) or (
            "does it exist in this database, and may the role use its schema? Unqualified names "
            f"are looked up in: {', '.join(session.config.search_path)}"
        )
    return ModelError(f"{at}: {said} (SQLSTATE {state})", remedy)


def _known(
    connection: Connection, model: ModelConfig, at: str, error: psycopg.Error, query: str
) -> ModelError | None:
    """Mistakes of which more can be said than PostgreSQL knows."""
    state = error.sqlstate
    position = int(error.diag.statement_position or 0)
    if state == "42601" and position and (found := _PLACEHOLDER.match(query, position - 1)):
        if found["mark"] == '"':
            return ModelError(
                f"{at}: {found.group()} would be a name; a parameter stands for a value",
                "write the name itself",
            )
        name = found["name"]
        return ModelError(
            f"{at}: {found.group()} is not among the parameters of the model",
            f"say what it stands for, as in: parameters: {{{name}: {{type: date, value: ..}}}}",
        )
    if state == "42703" and (lost := _lost_columns(connection, model)):
        return lost
    return no_table(connection, model)


def _lost_columns(connection: Connection, model: ModelConfig) -> ModelError | None:
    if model.table is None or model.columns is None:
        return None
    names = list(nullable_columns(connection, model))
    lost = [repr(name) for name in model.columns if name not in names]
    if not lost:
        return None
    return ModelError(
        f"{of(model)}model.columns: {', '.join(lost)}: no column of {model.table}",
        f"it has: {', '.join(names)}",
    )


def _place(connection: Connection, model: ModelConfig, error: psycopg.Error, query: str) -> str:
    """Which part of a model it is about, and the line of it, as its owner wrote it."""
    position = int(error.diag.statement_position or 0)
    parts = (("model.where", own_where(model)), ("the SQL of the model", own_sql(model)))
    for name, text in parts:
        if text is not None and position:
            whole = "\n".join(("(", text.as_string(connection), ")"))
            at = position - 1 - query.rfind(whole)
            if 0 <= at < len(whole) - 1:
                return f"{name}, line {_line(connection, text, at - len(_OPENING))}"
            if at == len(whole) - 1:  # our bracket: something is missing
                return name
    return f"table {model.table}" if model.table else "the SQL of the model"


def _line(connection: Connection, text: sql.Composed, left: int) -> int:
    """The line of the owner's own text; values that stand in it may have lines of their own."""
    line = 1
    for piece in text:
        shown = piece.as_string(connection)
        if isinstance(piece, sql.SQL):
            line += shown[: max(left, 0)].count("\n")
        left -= len(shown)
    return line
