"""Whether the partitions of a sync fit its model: asked of PostgreSQL before anything runs.

The columns have to be there, with types that can be cut so; and each bound and value is read by the
column's own type, so that every row is in one partition at the most.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from ..config import (
    HashPartitions,
    ListPartitions,
    ModelConfig,
    PartitionKind,
    RangePartitions,
    SyncConfig,
    TimeWindows,
)
from ..config.partition_value import is_number
from ..connect import READ_ONLY, Session
from ..errors import ModelError
from ..sql import COMMA, statement
from .computed import own_columns
from .describe import Relation
from .query import rows

AnyConnection = psycopg.Connection[Any]

# Of these types equal values are written alike, so that their text can stand for them.
HASHABLE = {
    "bool", "bytea", "cidr", "date", "inet", "int2", "int4", "int8", "macaddr", "macaddr8", "name",
    "oid", "text", "time", "timestamp", "timestamptz", "uuid", "varchar",
}  # fmt: skip
COLLATABLE = {"name", "text", "varchar"}
TIMES = {"date", "timestamp", "timestamptz"}


@dataclass(frozen=True)
class _ColumnType:
    name: str
    schema: str
    is_enum: bool
    is_text: bool
    is_number: bool

    @property
    def builtin(self) -> str | None:
        """Its name, if it is PostgreSQL's own."""
        return self.name if self.schema == "pg_catalog" else None


def fit_partitions(session: Session, sync: SyncConfig, relation: Relation) -> None:
    """Checks the partitions of a sync against its model. Executes nothing of the model.

    Args:
        session: on the source.
        sync: with the model's SQL loaded; without partitions there is nothing to check.
        relation: its model, described.

    Raises:
        ModelError: the column is not there or has a type that cannot be cut so; a bound or value is
            none of its type, bounds are not in its order, or two values are equal to it.
    """
    kind = sync.partitions
    if kind is None:
        return
    names = own_columns(sync.model, relation.names)
    if kind.by is not None and kind.by not in names:
        raise ModelError(
            f"sync {sync.name!r}: partitions.column {kind.by!r} is not a column of the model",
            f"the model has: {', '.join(names)}",
        )
    with session.transaction("checking the partitions", READ_ONLY) as connection:
        fit = _Fit(connection, sync, relation)
        fit.check(kind)


class _Fit:
    def __init__(self, connection: AnyConnection, sync: SyncConfig, relation: Relation) -> None:
        self._connection = connection
        self._sync = sync
        self._model: ModelConfig = sync.model
        self._spelled = {column.name: column.type for column in relation.columns}

    def check(self, kind: PartitionKind) -> None:
        if isinstance(kind, HashPartitions):
            self._check_key()
        elif isinstance(kind, TimeWindows):
            self._check_time(kind)
        elif isinstance(kind, RangePartitions):
            self._check_bounds(kind)
        elif isinstance(kind, ListPartitions):
            self._check_values(kind)

    def _check_key(self) -> None:
        key = self._model.key
        for name, type_ in zip(key, self._types(key), strict=True):
            is_spelled_once = type_.is_enum or type_.builtin in HASHABLE
            if type_.builtin in COLLATABLE and self._is_coarse(name):
                is_spelled_once = False
            if not is_spelled_once:
                cast = "bigint" if type_.is_number else 'text COLLATE "C"'
                raise self._error(
                    f"partitions.hash: equal values of key column {name!r} ({self._spelled[name]}) "
                    "can be written differently, and would have different hashes",
                    "cast the key in the model to a type of one spelling, as in "
                    f"{name}::{cast} AS {name}",
                )

    def _check_time(self, kind: TimeWindows) -> None:
        (type_,) = self._types((kind.column,))
        spelled = self._spelled[kind.column]
        if type_.builtin not in TIMES:
            raise self._error(
                f"partitions.column {kind.column!r} is {spelled}; time windows are cut from a "
                "date or a timestamp",
                f"cast it in the model, as in {kind.column}::timestamptz AS {kind.column}",
            )
        if type_.builtin == "date" and kind.every == "hour":
            raise self._error(
                f"partitions.every: hour: column {kind.column!r} is a date, which has no hours",
                "cut by day, or by a column with a time",
            )

    def _check_bounds(self, kind: RangePartitions) -> None:
        bounds = list(kind.ranges.values() if isinstance(kind.ranges, dict) else kind.ranges)
        self._check_quotes("ranges", kind.column, bounds)
        query = sql.SQL(
            "SELECT pair.before_text, pair.text FROM (SELECT position, text, value,"
            " lag(value) OVER (ORDER BY position) AS before,"
            " lag(text) OVER (ORDER BY position) AS before_text"
            " FROM ({}) AS bound (position, text, value)) AS pair"
            " WHERE position > 1 AND (before < value) IS NOT TRUE ORDER BY position LIMIT 1"
        ).format(self._read(kind.column, kind.bounds))
        with self._refused("ranges", kind.column, "whose values have an order"):
            row = self._connection.execute(query, binary=True).fetchone()
        if row:
            raise self._error(
                f"partitions.ranges: {row[1]!r} is not above {row[0]!r} in the order of column "
                f"{kind.column!r} ({self._spelled[kind.column]})",
                "write the bounds in that order",
            )

    def _check_values(self, kind: ListPartitions) -> None:
        lists = kind.values.values() if isinstance(kind.values, dict) else [kind.values]
        written = [value for part in lists for value in part if value is not None]
        self._check_quotes("values", kind.column, written)
        query = sql.SQL(
            "SELECT array_agg(text ORDER BY position) FROM ({}) AS listed (position, text, value)"
            " WHERE position > 0 GROUP BY value HAVING count(*) > 1 ORDER BY min(position) LIMIT 1"
        ).format(self._read(kind.column, list(map(str, written))))
        with self._refused("values", kind.column, "whose values can be compared"):
            row = self._connection.execute(query, binary=True).fetchone()
        if row:
            raise self._error(
                f"partitions.values: {row[0][0]!r} and {row[0][1]!r} are one value to column "
                f"{kind.column!r} ({self._spelled[kind.column]})",
                "write it once",
            )

    def _check_quotes(self, field: str, name: str, values: Sequence[str | int | None]) -> None:
        number = next((value for value in values if is_number(value)), None)
        if number is not None and self._types((name,))[0].is_text:
            raise self._error(
                f"partitions.{field}: column {name!r} is {self._spelled[name]}, and {number} is "
                "written as a number, of which YAML drops leading zeros",
                "put every value in quotes",
            )

    def _read(self, name: str, texts: Sequence[str]) -> sql.Composable:
        """Positions from 1, texts, and the values that the column's type makes of them."""
        typed = sql.SQL("(0, NULL, ({} LIMIT 0))").format(rows(self._model, (name,)))
        values = (
            sql.SQL("({}, {}, {})").format(*map(sql.Literal, (position, text, text)))
            for position, text in enumerate(texts, start=1)
        )
        return sql.SQL("VALUES {}").format(COMMA.join([typed, *values]))

    @contextmanager
    def _refused(self, field: str, name: str, needed: str) -> Iterator[None]:
        """What PostgreSQL says about bounds and values, which are the user's, not a row's."""
        try:
            yield
        except psycopg.errors.UndefinedFunction:
            raise self._error(
                f"partitions.column {name!r} is {self._spelled[name]}",
                f"name a column {needed}, or cast it in the model",
            ) from None
        except psycopg.DataError as error:
            raise self._error(
                f"partitions.{field}: {error.diag.message_primary}",
                f"column {name!r} is {self._spelled[name]}: write values of that type",
            ) from None

    def _types(self, names: Sequence[str]) -> list[_ColumnType]:
        query = sql.SQL("{} LIMIT 0").format(rows(self._model, tuple(names)))
        result = self._connection.execute(query, binary=True).pgresult
        assert result is not None  # noqa: S101 - a statement that did not raise has a result
        types = [result.ftype(position) for position in range(result.nfields)]
        found = self._connection.execute(
            statement(__package__, "column_types.sql"), {"types": types}
        ).fetchall()
        return [_ColumnType(*row) for row in found]

    def _is_coarse(self, name: str) -> bool:
        query = sql.SQL("SELECT pg_catalog.pg_collation_for(({} LIMIT 0))").format(
            rows(self._model, (name,))
        )
        row = self._connection.execute(query, binary=True).fetchone()
        found = self._connection.execute(
            statement(__package__, "coarse_collation.sql"), {"name": row and row[0]}
        ).fetchone()
        return bool(found and found[0])

    def _error(self, message: str, remedy: str) -> ModelError:
        return ModelError(f"sync {self._sync.name!r}: {message}", remedy)
