"""Rows past a cursor, as a condition on the model."""

from __future__ import annotations

from dataclasses import dataclass

from psycopg import sql

from ..config import CursorConfig
from ..errors import ConfigurationError
from ..sql import column
from .describe import Relation

NUMBERS = ("smallint", "integer", "bigint", "numeric", "real", "double precision")
TIMES = ("timestamp", "date")


@dataclass(frozen=True)
class Past:
    """Where a comparison begins.

    Args:
        column: of the model.
        type: its type, as `format_type` writes it.
        since: highest value seen before, as text.
        lag: how far behind it.
    """

    column: str
    type: str
    since: str
    lag: str | float

    def condition(self, alias: str) -> sql.Composable:
        """`alias.column >= since - lag`: at it too, since many rows may share one value."""
        lag_type = "interval" if self.type.startswith(TIMES) else self.type
        return sql.SQL("{} >= {}::{} - {}::{}").format(
            column(self.column, alias),
            sql.Literal(self.since),
            sql.SQL(self.type),
            sql.Literal(_written(self.lag)),
            sql.SQL(lag_type),
        )


def _written(lag: str | float) -> str:
    is_whole = not isinstance(lag, str) and float(lag).is_integer()
    return str(int(lag)) if is_whole else str(lag)


def check_cursor(sync: str, cursor: CursorConfig, relation: Relation) -> str:
    """The type of a cursor's column.

    Args:
        sync: its name, for messages.
        cursor: as configured.
        relation: the described model.

    Raises:
        ConfigurationError: there is no such column, its type does not grow, or the lag is of
            another kind.
    """
    types = {c.name: c.type for c in relation.columns}
    if cursor.column not in types:
        raise ConfigurationError(
            f"sync {sync!r}: cursor column {cursor.column!r} is not a column of the model",
            f"the model has: {', '.join(types)}",
        )
    spelled = types[cursor.column]
    if spelled.endswith("]") or not spelled.startswith((*NUMBERS, *TIMES)):
        raise ConfigurationError(
            f"sync {sync!r}: cursor column {cursor.column!r} is {spelled}",
            "a cursor is a date, a timestamp or a number",
        )
    wants_time = spelled.startswith(TIMES)
    if wants_time != isinstance(cursor.lag, str):
        example = "'10 minutes'" if wants_time else "1000"
        raise ConfigurationError(
            f"sync {sync!r}: cursor column {cursor.column!r} is {spelled}, "
            f"and its lag is {cursor.lag!r}",
            f"write the lag as in: lag: {example}",
        )
    return spelled
