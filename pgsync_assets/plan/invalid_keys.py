"""Rows of a model whose key identifies no row: what a run found of them, and whether it may go on.

While planning they are refused row by row, as rows in front of the plan (`plan_row` < 0). Keys are
shown wherever refused rows are; other values never.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import psycopg

from ..config import DuplicateKeys, Limit
from ..errors import InvalidKeysError, TooManyRejectedRows
from ..outcome import InvalidKey, InvalidKeys
from .run import Run
from .state import Planner

MISSING = "a key column is NULL"
REPEATED = "the key occurs more than once in the model"
SAMPLE_KEYS = 20


def invalid_keys(
    planner: Planner,
    connection: psycopg.Connection[Any],
    run: Run,
    key: tuple[str, ...],
    named: Callable[[str], str],
) -> InvalidKeys:
    """What a run refused for its key.

    Args:
        planner: which holds the refusals.
        connection: a transaction on its database.
        run: the run.
        key: names of the key columns.
        named: the public name of a row, of its plain one.
    """
    rows = connection.execute(
        planner.statement("invalid_keys.sql"),
        {"run": run.id, "missing": MISSING, "repeated": REPEATED, "limit": SAMPLE_KEYS},
    ).fetchall()
    if not rows:
        return InvalidKeys()
    names = [(key_columns(key, named(row[0]), is_missing=row[1]), row[2]) for row in rows]
    sample = [InvalidKey(columns, size) for columns, size in names]
    return InvalidKeys(rows[0][3], rows[0][4], tuple(sample))


def refuse_invalid(
    sync: str,
    key: tuple[str, ...],
    found: InvalidKeys,
    on_duplicate_key: DuplicateKeys,
    at_most: Limit,
) -> None:
    """Stops a run of which the model's key is not to be trusted.

    Args:
        sync: its name.
        key: names of the key columns.
        found: what is wrong with them.
        on_duplicate_key: `fail` if a single row is too much.
        at_most: `max_rejected_rows`; a share of the plan can only be judged when there is one.

    Raises:
        InvalidKeysError: there are such rows, and the sync says `fail`.
        TooManyRejectedRows: there are more than `at_most`.
    """
    what = f"{sync}: {found.total} rows of the model have a NULL or repeated key ({', '.join(key)})"
    which = f"{found}: {'; '.join(map(str, found.sample))}"
    remedy = "choose a key that identifies a row, or filter such rows in the model"
    if found.total and on_duplicate_key == "fail":
        raise InvalidKeysError(f"{what}, on_duplicate_key is fail; {which}", remedy)
    if isinstance(at_most, int) and found.total > at_most:
        raise TooManyRejectedRows(f"{what}, max_rejected_rows is {at_most}; {which}", remedy)


def key_columns(key: tuple[str, ...], row_id: str, *, is_missing: bool) -> dict[str, str | None]:
    """The columns of a key from the name of its row, which is a JSON array where there are several.

    Args:
        key: names of the columns.
        row_id: the name.
        is_missing: it stands for a key of one column that is NULL.
    """
    if len(key) == 1:
        return {key[0]: None if is_missing else row_id}
    values = json.loads(row_id, parse_int=str, parse_float=str)
    return dict(zip(key, map(_text, values), strict=True))


def _text(value: object) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value)
