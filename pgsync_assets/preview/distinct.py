"""How many different values a column has: counted, or estimated from a sample."""

from __future__ import annotations

from ..config import ModelConfig, split_qualified
from ..model import computed_by
from ..sql import statement
from .reading import Reading


def known_distinct(reading: Reading, model: ModelConfig) -> dict[str, float]:
    """What PostgreSQL knows about the columns of a table, where it is fresh.

    Args:
        reading: a transaction on the source.
        model: any; nothing is known of a query, or of some rows of a table.

    Returns:
        By column: above 0 a number of values, below 0 a share of the rows.
    """
    if model.table is None or model.where or computed_by(model):
        return {}
    schema, table = split_qualified(model.table)
    query = statement(__package__, "statistics.sql")
    found = reading.connection.execute(query, {"schema": schema, "table": table}).fetchall()
    return {name: float(number) for name, number in found}


def estimated_distinct(distinct: int, single: int, looked_at: int, rows: int) -> int:
    """Values in all rows, from those in a sample: Haas and Stokes' Duj1, as ANALYZE has it.

    Args:
        distinct: values in the sample.
        single: those of them that one row of the sample has.
        looked_at: rows of the sample in which the column is not NULL.
        rows: how many there are in all.
    """
    if not looked_at or rows <= looked_at:
        return distinct
    estimate = looked_at * distinct / (looked_at - single + single * looked_at / rows)
    return min(max(round(estimate), distinct), rows)
