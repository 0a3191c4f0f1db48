"""Which rows are looked at: all of a small model, a random part of a large one."""

from __future__ import annotations

from dataclasses import dataclass

from psycopg import sql

from ..config import ModelConfig, split_qualified
from ..model import Relation, computed_by, select
from ..sql import column_list, statement
from ..sql import relation as table_named
from .reading import Reading

MOST_ROWS = 100_000
MOST_CELLS = 1_000_000
MOST_BYTES = 256 * 2**20
FEWEST_ROWS = 1_000
CAP = 2
"""An estimate may be wrong: so many times the rows that are wanted are read at the most."""


@dataclass(frozen=True)
class Sample:
    """Rows to look at.

    Args:
        query: yields them, with the columns of the model.
        cap: rows that it never exceeds.
        is_whole: it is all rows, unless there are as many as the cap.
        by_blocks: it reads some blocks of a table only.
    """

    query: sql.Composable
    cap: int
    is_whole: bool
    by_blocks: bool = False


@dataclass(frozen=True)
class Size:
    """How large a model is, by PostgreSQL's estimate.

    Args:
        rows: how many.
        width: bytes of one.
    """

    rows: int
    width: int


def size_of(reading: Reading, model: ModelConfig) -> Size:
    """Asks PostgreSQL's planner; nothing is executed.

    Args:
        reading: a transaction on the source.
        model: of a table, or with its SQL loaded.
    """
    query = sql.SQL("EXPLAIN (FORMAT JSON) SELECT * FROM (\n{}\n) AS model").format(select(model))
    ((plans,),) = reading.rows(query)
    plan = plans[0]["Plan"]
    return Size(int(plan["Plan Rows"]), int(plan["Plan Width"]))


def sample_of(
    reading: Reading, model: ModelConfig, relation: Relation, size: Size, *, by_blocks: bool = True
) -> Sample:
    """Rows to look at, which one statement reads once.

    Args:
        reading: a transaction on the source.
        model: of a table, or with its SQL loaded.
        relation: its description.
        size: counted, or estimated.
        by_blocks: of a large table, only some blocks may be read.
    """
    wanted = _wanted(relation, size)
    cap = wanted * CAP
    columns = column_list(relation.names, "model")
    if size.rows <= wanted:
        query = sql.SQL("SELECT {} FROM (\n{}\n) AS model LIMIT {}")
        return Sample(query.format(columns, select(model), sql.Literal(cap)), cap, True)
    share = sql.Literal(wanted / size.rows)
    if by_blocks and _has_blocks(reading, model):
        query = sql.SQL("SELECT {} FROM {} AS model TABLESAMPLE SYSTEM (100.0 * {}) LIMIT {}")
        table = table_named(*split_qualified(model.table or ""))
        made = query.format(columns, table, share, sql.Literal(cap))
        return Sample(made, cap, False, by_blocks=True)
    query = sql.SQL(
        "SELECT {} FROM (\n{}\n) AS model WHERE pg_catalog.random() < {}::float8 LIMIT {}"
    )
    return Sample(query.format(columns, select(model), share, sql.Literal(cap)), cap, False)


def _wanted(relation: Relation, size: Size) -> int:
    """Rows of a sample that fits into some memory, of wide rows fewer."""
    most = min(MOST_ROWS, MOST_CELLS // len(relation.columns), MOST_BYTES // max(size.width, 1))
    return max(most, FEWEST_ROWS)


def _has_blocks(reading: Reading, model: ModelConfig) -> bool:
    if model.table is None or model.where or computed_by(model):
        return False
    schema, table = split_qualified(model.table)
    query = statement(__package__, "may_sample.sql")
    row = reading.connection.execute(query, {"schema": schema, "table": table}).fetchone()
    return bool(row and row[0])
