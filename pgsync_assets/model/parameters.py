"""Parameters of a model's SQL: each `:name` becomes a typed literal, where PostgreSQL reads code.

A literal, as COPY and CREATE TABLE AS take no bound parameters: `CAST('2024-01-01' AS date)`, which
libpq has quoted. PostgreSQL plans with the value, and an index or a partition is chosen by it.

A value that is `$NAME` comes from this process's environment (the command line reads `.env` into
it) when the statement is made. Messages do not show it. It stands in the statement all the same, so
that an administrator of the source can see it: a password has no place there.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg import sql
from pydantic import JsonValue

from ..config import ModelConfig, ParameterConfig
from ..config.base import ENV_NAME
from ..config.lexer import tokens
from ..config.placeholders import fault, pieces
from ..connect.secrets import resolve
from ..errors import ConfigurationError, ModelError
from ..sql import COMMA

Connection = psycopg.Connection[Any]

_OF_A_VALUE = ("22", "23", "42", "3F", "0A")


def placed(model: ModelConfig, text: str, place: str) -> sql.Composed:
    """SQL of a model with the values of its parameters.

    Args:
        model: whose parameters they are.
        text: its SQL, or its `where`: the owner's own code, taken as it is.
        place: which of them it is, for messages.

    Returns:
        The text in pieces (`sql.SQL`), with typed literals (`sql.Composed`) between them.

    Raises:
        ModelError: it does not end by itself: brackets, quotes, comments, several statements.
        ConfigurationError: an environment variable is not set.
    """
    wrong = fault(text)
    if wrong is not None:
        line, told = wrong
        raise ModelError(
            f"{of(model)}{place}, line {line}: {told}",
            "a model is one SELECT statement, without a semicolon inside"
            if model.sql is not None
            else "write one expression over the columns of the table, as in: where: price > 0",
        )
    return sql.Composed(
        [
            sql.SQL(piece)
            if isinstance(piece, str)
            else _literal(model, piece.name, model.parameters[piece.name])
            for piece in pieces(text, model.parameters)
        ]
    )


def check_parameters(connection: Connection, model: ModelConfig) -> None:
    """Has PostgreSQL read each parameter of a model by its type.

    Args:
        connection: a transaction on the source.
        model: any; those of its bases are parameters of their own.

    Raises:
        ModelError: a type is not known, or does not read the value; which is not shown.
        ConfigurationError: an environment variable is not set.
    """
    literals = {name: _literal(model, name, one) for name, one in model.parameters.items()}
    if not literals or _refused(connection, *literals.values()) is None:
        return
    for name, literal in literals.items():
        error = _refused(connection, literal)
        if error is None:
            continue
        parameter, place = model.parameters[name], f"{of(model)}parameter {name!r}"
        if by_type := _refused(connection, _cast(sql.NULL, parameter.type)):
            raise ModelError(
                f"{place}: {by_type.diag.message_primary} (SQLSTATE {by_type.sqlstate})",
                f"{parameter.type!r} has to be a type of the source, as in date or numeric(10,2)",
            )
        raise ModelError(
            f"{place}: its value is none that the type {parameter.type} reads "
            f"(SQLSTATE {error.sqlstate})",
            "write it as the type is written in text, or give it another type",
        )


def secrets(model: ModelConfig) -> Iterator[str]:
    """Values from the environment, which no message may show.

    Args:
        model: any.
    """
    for parameter in model.parameters.values():
        value = parameter.value
        if isinstance(value, str) and ENV_NAME.fullmatch(value) and value[1:] in os.environ:
            yield os.environ[value[1:]]


def of(model: ModelConfig) -> str:
    """Which model it is, before what is said of it.

    Args:
        model: any; one of a sync's own has no name.
    """
    return f"model {model.name!r}: " if model.name else ""


def _refused(
    connection: psycopg.Connection[Any], *literals: sql.Composable
) -> psycopg.Error | None:
    # IS NULL: not every type can be sent in binary form.
    asked = COMMA.join(sql.SQL("{} IS NULL").format(literal) for literal in literals)
    try:
        with connection.transaction():
            connection.execute(sql.SQL("SELECT {}").format(asked), binary=True)
    except psycopg.Error as error:
        if not (error.sqlstate or "").startswith(_OF_A_VALUE):
            raise
        return error
    return None


def _literal(model: ModelConfig, name: str, parameter: ParameterConfig) -> sql.Composed:
    place = f"{of(model)}parameter {name!r}"
    if fault(parameter.type) or any(one.kind == "comment" for one in tokens(parameter.type)):
        raise ConfigurationError(f"{place}: {parameter.type!r} is not a type")
    value = parameter.value
    if isinstance(value, str):
        value = resolve(value, os.environ, place)
    elif isinstance(value, dict) or (isinstance(value, list) and not _is_array(parameter)):
        value = json.dumps(value)
    elif isinstance(value, list):
        return _cast(_quoted(_texts(value), place), parameter.type)
    return _cast(sql.NULL if value is None else _quoted(_text(value), place), parameter.type)


def _cast(value: sql.Composable, spelled: str) -> sql.Composed:
    return sql.SQL("CAST({} AS {})").format(value, sql.SQL(spelled))


def _quoted(value: Any, place: str) -> sql.Composable:
    """A literal without a type of its own, or that of an array."""
    if any("\0" in text or not _is_utf8(text) for text in _leaves(value)):
        # What an error of psycopg would say holds the value.
        raise ConfigurationError(f"{place}: its value has characters that no text can hold")
    return sql.Literal(value)


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for part in value:
            yield from _leaves(part)
    elif value is not None:
        yield value


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # of a variable that is not UTF-8
        return False
    return True


def _texts(value: JsonValue) -> Any:
    """A list of texts, and of lists of them, which psycopg writes as an array."""
    if isinstance(value, list):
        return [_texts(part) for part in value]
    return None if value is None else _text(value)


def _text(value: JsonValue) -> str:
    """A scalar as PostgreSQL reads it, whatever its type."""
    return json.dumps(value) if isinstance(value, bool | dict) else str(value)


def _is_array(parameter: ParameterConfig) -> bool:
    spelled = parameter.type.rstrip().lower()
    return spelled.endswith(("]", " array"))
