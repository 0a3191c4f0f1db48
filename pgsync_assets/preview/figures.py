"""The statement that looks at a sample: rows of it, and figures of each column, read once.

Each column is grouped by its values; everything else is asked of the groups, which are fewer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from psycopg import sql

from ..model import Relation
from ..outcome import Column
from ..printable import LONGEST_VALUE
from ..sql import COMMA, column
from .ability import Ability
from .sample import Sample

BUCKETS = 20
TOP = 5
FIRST, RANDOM = -1, 0
"""What stands where a row of the answer has the number of a column: it is a row of the model."""

_SAMPLE = sql.Identifier("_pgsync_sample")
_VALUE = sql.SQL("value")
_MODIFIER = re.compile(r"\(.*?\)")
# Large enough for every date, small enough that the difference of two is finite. A value closer
# to 0 than float8 can say is 0 here.
_FINITE = sql.SQL(
    "CASE WHEN abs(value) < 1e300 THEN CASE WHEN abs(value) > 1e-300 THEN value::float8 ELSE 0 END"
    " END"
)
_DAYS = sql.SQL("CASE WHEN isfinite(value) THEN (value - date '1970-01-01')::float8 END")
_SECONDS = sql.SQL("CASE WHEN isfinite(value) THEN EXTRACT(epoch FROM value)::float8 END")
_INTEGER = sql.SQL("value::float8")
_ANY = sql.SQL("(upper - lower) / {buckets}")
_WHOLE = sql.SQL("greatest(ceil((upper - lower + 1) / {buckets}), 1)")


@dataclass(frozen=True)
class Measure:
    """How a histogram is made of a type.

    Args:
        number: the value as a number.
        width: of a bucket.
        ends_inside: the highest value lies within the last bucket, not at its end.
    """

    number: sql.SQL
    width: sql.SQL
    ends_inside: bool


_EXACT = Measure(_FINITE, _ANY, False)
_TIME = Measure(_SECONDS, _ANY, False)
_COUNTED = Measure(_INTEGER, _WHOLE, True)
MEASURES: dict[str, Measure] = {
    "smallint": _COUNTED,
    "integer": _COUNTED,
    "bigint": _COUNTED,
    "numeric": _EXACT,
    "real": _EXACT,
    "double precision": _EXACT,
    "date": Measure(_DAYS, _WHOLE, True),
    "timestamp without time zone": _TIME,
    "timestamp with time zone": _TIME,
}
"""By type, without modifier. A bucket of integers or days holds a whole number of them."""


def figures(
    relation: Relation,
    sample: Sample,
    able: Mapping[str, Ability],
    rows: int,
) -> sql.Composed:
    """The statement.

    Its rows have a number (of the column, from 1; `FIRST`, `RANDOM`), rows that were looked at,
    NULLs, distinct values, those among them that one row has, minimum, maximum, the most frequent
    values (or the values of a row) and how often they occur, ends and counts of the histogram.

    Args:
        relation: the model, described.
        sample: what is looked at.
        able: what PostgreSQL can do with each type.
        rows: of the model to return, the first ones and as many random ones.
    """
    parts = [
        _rows(relation, FIRST, sql.SQL("SELECT * FROM {} LIMIT {}"), rows),
        _rows(relation, RANDOM, sql.SQL("SELECT * FROM {} ORDER BY random() LIMIT {}"), rows),
        *(
            _column(number, one, able[one.type])
            for number, one in enumerate(relation.columns, start=1)
        ),
    ]
    return sql.SQL("WITH {} AS MATERIALIZED (\n{}\n) {}").format(
        _SAMPLE, sample.query, sql.SQL("\nUNION ALL ").join(parts)
    )


def texts(relation: Relation) -> sql.Composable:
    """The columns of `model` as an array of texts, each cut.

    Args:
        relation: the model, described.
    """
    return sql.SQL("ARRAY[{}]::text[]").format(
        COMMA.join(_shown(column(one.name, "model"), one) for one in relation.columns)
    )


def _rows(relation: Relation, number: int, chosen: sql.SQL, rows: int) -> sql.Composable:
    return sql.SQL(
        "SELECT {}, NULL::bigint, NULL::bigint, NULL::bigint, NULL::bigint, NULL, NULL,"
        " {}, NULL::bigint[], NULL, NULL, NULL::bigint[] FROM ({}) AS model"
    ).format(sql.Literal(number), texts(relation), chosen.format(_SAMPLE, sql.Literal(rows)))


def _column(number: int, one: Column, able: Ability) -> sql.Composable:
    value = column(one.name, "model")
    if not able.is_grouped:
        return sql.SQL(
            "SELECT {}, count(*), count(*) - count({}), NULL, NULL, NULL, NULL,"
            " NULL, NULL, NULL, NULL, NULL FROM {} AS model"
        ).format(sql.Literal(number), value, _SAMPLE)
    # By bytes: quicker, and always known; two collations in one expression of the model are not.
    compared = sql.SQL('{} COLLATE "C"').format(value) if able.is_collatable else value
    measure = MEASURES.get(_MODIFIER.sub("", one.type)) if able.is_ordered else None
    shown = _shown(_VALUE, one)
    return sql.SQL(_COLUMN).format(
        number=sql.Literal(number),
        sample=_SAMPLE,
        compared=compared,
        measured=measure.number if measure else sql.SQL("NULL::float8"),
        shown=shown,
        rank=_VALUE if able.is_ordered else sql.SQL("size"),
        top=sql.Literal(TOP),
        ends=_ends("value", "NOT is_null", shown) if able.is_ordered else sql.SQL("NULL, NULL"),
        buckets=_buckets(measure) if measure else sql.SQL(""),
        histogram=_HISTOGRAM.format(_ends("number", "number IS NOT NULL", shown))
        if measure
        else sql.SQL("NULL, NULL, NULL"),
    )


_COLUMN = """(WITH groups AS MATERIALIZED (
    SELECT value, size, num_nulls(value) > 0 AS is_null, {measured} AS number FROM (
        SELECT {compared} AS value, count(*) AS size FROM {sample} AS model GROUP BY 1
    ) AS found
), top AS MATERIALIZED (
    SELECT {shown} AS shown, size FROM groups WHERE NOT is_null
    ORDER BY size DESC, {rank} LIMIT {top}
){buckets}
SELECT {number}, coalesce(sum(size), 0)::bigint,
    coalesce(sum(size) FILTER (WHERE is_null), 0)::bigint,
    count(*) FILTER (WHERE NOT is_null),
    count(*) FILTER (WHERE NOT is_null AND size = 1),
    {ends},
    ARRAY(SELECT shown FROM top), ARRAY(SELECT size FROM top),
    {histogram}
FROM groups)"""
_BUCKETS = """, span AS (
    SELECT min(number) AS lower, max(number) AS upper FROM groups
), bounds AS MATERIALIZED (
    SELECT lower, width, CASE WHEN width > 0
        THEN least({buckets}, floor((upper - lower) / width)::integer + {inside}) ELSE 1
    END AS last
    FROM (SELECT lower, upper, {width} AS width FROM span WHERE lower IS NOT NULL) AS wide
), filled AS (
    SELECT least(coalesce(floor((number - lower) / nullif(width, 0)), 0), last - 1) AS bucket,
        sum(size)::bigint AS size
    FROM groups CROSS JOIN bounds WHERE number IS NOT NULL GROUP BY 1
)"""
_HISTOGRAM = sql.SQL(
    "{}, ARRAY(SELECT coalesce(size, 0) FROM bounds CROSS JOIN LATERAL"
    " generate_series(0, last - 1) AS number LEFT JOIN filled ON bucket = number ORDER BY number)"
)


def _buckets(measure: Measure) -> sql.Composable:
    buckets = sql.Literal(BUCKETS)
    return sql.SQL(_BUCKETS).format(
        buckets=buckets,
        inside=sql.Literal(1 if measure.ends_inside else 0),
        width=measure.width.format(buckets=buckets),
    )


def _ends(by: str, among: str, shown: sql.Composable) -> sql.Composable:
    """The lowest and the highest value."""
    found = [
        sql.SQL("(SELECT {} FROM groups WHERE {} ORDER BY {} {} LIMIT 1)").format(
            shown, sql.SQL(among), sql.SQL(by), sql.SQL(way)
        )
        for way in ("ASC", "DESC")
    ]
    return COMMA.join(found)


def _shown(value: sql.Composable, one: Column) -> sql.Composable:
    """A value as text, one character longer than it will be where it has to be cut.

    A composite whose fields are all NULL `IS NULL`, and yet is a value.
    """
    short = value
    if one.type == "bytea":  # not a gigabyte as hex
        short = sql.SQL("substring({} FROM 1 FOR {})").format(value, sql.Literal(LONGEST_VALUE))
    return sql.SQL(
        "CASE WHEN num_nulls({}) = 0 THEN pg_catalog.left(pg_catalog.concat({}), {}) END"
    ).format(value, short, sql.Literal(LONGEST_VALUE + 1))
