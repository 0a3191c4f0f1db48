"""The key of one row as people write it, read by PostgreSQL as what it is."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from ..errors import ConfigurationError
from ..plan import Shape, asked, keys
from ..write.types import parse

NULL_KEY = "(null)"  # how the log spells it, where the key has one column

# Without their modifiers these are of length 1, and not of any.
_UNLIMITED = {"bpchar": "bpchar", "bit": "bit varying"}


@dataclass(frozen=True)
class AskedKey:
    """A key that somebody asks for.

    Args:
        columns: text of each column of the key, None for NULL; as PostgreSQL writes them where the
            types are known.
        row_id: the row's name in the log.
    """

    columns: dict[str, str | None]
    row_id: str


def texts_of(names: Sequence[str], given: Sequence[str]) -> tuple[str | None, ...]:
    """The text of each column of a key.

    A key of several columns is given as it is listed (a JSON array), as one value after the other
    in the order of its columns, or by name (`name=value`).

    Args:
        names: of the key's columns.
        given: one or several values.

    Raises:
        ConfigurationError: they are not a key of these columns.
    """
    pairs = [value.split("=", 1) for value in given]
    named = {pair[0]: pair[1] for pair in pairs if len(pair) == 2 and pair[0] in names}
    if len(named) == len(given) == len(names):
        return tuple(named[name] for name in names)
    if named:  # some of them: nobody can tell which column the others are of
        raise _not_a_key(names)
    listed = _listed(given[0]) if len(given) == 1 and len(names) > 1 else None
    if listed is not None and len(listed) == len(names):
        return tuple(map(_text, listed))
    if len(given) == len(names):
        return tuple(given)
    raise _not_a_key(names)


def asked_key(
    connection: psycopg.Connection[Any],
    names: Sequence[str],
    given: Sequence[str],
    shape: Shape | None,
) -> AskedKey:
    """A key that somebody asks for, spelled as the log spells it.

    `0A..` finds the uuid `0a..`, and 1 the numeric(10,2) `1.00`: PostgreSQL reads what was given as
    the key's own types, in the statement that names rows for the log (`plan.keys.row_id`).

    Args:
        connection: a transaction on the planner's database.
        names: of the key's columns, as the sync has them.
        given: see `texts_of`.
        shape: of the sync's state; None where there is none: then the text is taken as it is.

    Raises:
        ConfigurationError: it is no key of this sync.
    """
    texts = texts_of(shape.key if shape else names, given)
    if texts == (NULL_KEY,):
        texts = (None,)
    if any("\0" in text for text in texts if text is not None):
        raise ConfigurationError("the key has a NUL character, which no text of PostgreSQL has")
    if shape is None:
        whole = texts[0] if len(texts) == 1 else json.dumps(list(texts), ensure_ascii=False)
        return AskedKey(dict(zip(names, texts, strict=True)), whole or NULL_KEY)
    for name, text in zip(shape.key, texts, strict=True):
        if text is not None:
            _check(connection, shape, name, text)
    query = sql.SQL("SELECT {}, {} FROM {}").format(
        keys.row_id(shape, "asked"), keys.row_key(shape, "asked"), asked(shape, texts)
    )
    row = connection.execute(query).fetchone()
    assert row is not None  # noqa: S101 - a sub-select of one row
    return AskedKey(dict(zip(shape.key, row[1], strict=True)), row[0])


def _check(connection: psycopg.Connection[Any], shape: Shape, name: str, text: str) -> None:
    """A value that its type would cut or round is no key: it would find another row."""
    spelled = shape.stored_type(name)
    base, modifiers = parse(spelled)
    whole = sql.SQL(_UNLIMITED.get(base, base)) if modifiers else sql.SQL(spelled)
    query = sql.SQL("SELECT CAST({text} AS {spelled}) IS NOT DISTINCT FROM CAST({text} AS {whole})")
    parts = {"text": sql.Literal(text), "spelled": sql.SQL(spelled), "whole": whole}
    try:
        row = connection.execute(query.format(**parts)).fetchone()
    except psycopg.DataError:
        row = None
    if not (row and row[0]):
        raise ConfigurationError(
            f"key column {name!r} is of type {spelled}, and what was given for it is not",
            f"--key takes a value as PostgreSQL writes one of type {spelled}",
        ) from None


def _listed(given: str) -> list[Any] | None:
    """The elements of a JSON array; numbers keep every digit."""
    try:
        found = json.loads(given, parse_int=_Number, parse_float=_Number, parse_constant=_Number)
    except ValueError:
        return None
    return found if isinstance(found, list) else None


class _Number(str):
    """A number as it was written."""


def _text(element: Any) -> str | None:
    if element is None or isinstance(element, str):
        return element
    if isinstance(element, bool):
        return "true" if element else "false"
    return _written(element)


def _written(element: Any) -> str:
    """JSON, with numbers as they were written."""
    if isinstance(element, _Number):
        return str(element)
    if isinstance(element, list):
        return "[{}]".format(", ".join(map(_written, element)))
    if isinstance(element, dict):
        pairs = (f"{json.dumps(name)}: {_written(value)}" for name, value in element.items())
        return "{{{}}}".format(", ".join(pairs))
    return json.dumps(element, ensure_ascii=False)


def _not_a_key(names: Sequence[str]) -> ConfigurationError:
    if len(names) == 1:
        return ConfigurationError(
            f"the key has one column, {names[0]}: give one value", f"--key {names[0]}=VALUE"
        )
    by_name = " ".join(f"--key {name}=VALUE" for name in names)
    listed = ", ".join(f'"{name}"' for name in names)
    return ConfigurationError(
        f"the key has {len(names)} columns: {', '.join(names)}; give a value for each of them",
        f"{by_name}\nor as it is listed, with values in the place of names: --key '[{listed}]'",
    )
