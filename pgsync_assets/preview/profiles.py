"""What the statement of `figures` answered, as figures of the columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..model import Relation
from ..outcome import Column
from ..printable import cut
from .distinct import estimated_distinct
from .result import DistinctBy, Histogram, Profile, Row, TopValue

FEW = 50
"""Of a column with so many values at the most, the most frequent ones are told .."""
OFTEN = 0.05
""".. and of every other one, where one value has such a share of the rows."""
Answer = tuple[Any, ...]


def looked_at_in(answers: Sequence[Answer]) -> int:
    """Rows of the sample.

    Args:
        answers: of the statement of `figures`.
    """
    return max((answer[1] for answer in answers if answer[0] > 0), default=0)


def shortened(values: Sequence[str | None]) -> Row:
    """Values as they are shown.

    Args:
        values: of a row.
    """
    return tuple(value if value is None else cut(value) for value in values)


def profiles(
    relation: Relation, answers: Sequence[Answer], known: Mapping[str, float], rows: int | None
) -> tuple[Profile, ...]:
    """Figures of the columns; only names and types where there was no answer.

    Args:
        relation: the model, described.
        answers: of the statement of `figures`.
        known: what PostgreSQL knows about distinct values, by column.
        rows: of the model, counted or estimated; None where all of them were looked at.
    """
    by_number = {answer[0]: answer for answer in answers}
    return tuple(
        _profile(column, by_number[number], known.get(column.name), rows)
        if number in by_number
        else Profile(column.name, column.type)
        for number, column in enumerate(relation.columns, start=1)
    )


def _profile(column: Column, answer: Answer, known: float | None, rows: int | None) -> Profile:
    _, looked_at, nulls, distinct, _, minimum, maximum, top, sizes, *histogram = answer
    if distinct is None:
        return Profile(column.name, column.type, nulls / looked_at if looked_at else None)
    if not looked_at:
        return Profile(column.name, column.type, None, 0, "all rows")
    number, by = _distinct(answer, known, rows)
    minimum, maximum = shortened([minimum, maximum])
    return Profile(
        column.name,
        column.type,
        nulls / looked_at,
        number,
        by,
        minimum,
        maximum,
        _top(distinct, looked_at, top, sizes),
        _histogram(*histogram),
    )


def _distinct(answer: Answer, known: float | None, rows: int | None) -> tuple[int, DistinctBy]:
    _, looked_at, nulls, distinct, single, *_ = answer
    if rows is None:
        return distinct, "all rows"
    if known is not None:
        return round(known if known > 0 else -known * rows), "pg_stats"
    filled = round(rows * (1 - nulls / looked_at))
    return estimated_distinct(distinct, single, looked_at - nulls, filled), "sample"


def _top(
    distinct: int, looked_at: int, values: list[str], sizes: list[int]
) -> tuple[TopValue, ...]:
    """None where all values are rare: they would be some rows, and say nothing of the others."""
    if not sizes or sizes[0] == 1:
        return ()
    least = 1 if distinct <= FEW else OFTEN * looked_at
    found = zip(values, sizes, strict=True)
    return tuple(TopValue(cut(value), size / looked_at) for value, size in found if size >= least)


def _histogram(lower: str | None, upper: str | None, counts: list[int] | None) -> Histogram | None:
    if not counts or lower is None or upper is None:
        return None
    return Histogram(cut(lower), cut(upper), tuple(counts))
