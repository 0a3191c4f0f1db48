"""A model with further columns that its sync computes: everything that reads it sees them there.

They stand behind the model's own columns, which cursors, partitions and the key go on to see as
they are.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from psycopg import sql
from pydantic import JsonValue

from ..config import (
    ModelConfig,
    ResolvedModel,
    SyncConfig,
    ValueConfig,
    bases_of,
    is_static,
)
from ..sql import COMMA, column

RESERVED_PREFIX = "_pgsync_"
AT_ONCE = 50  # a function takes 100 arguments at most, two for each key of an object
JOIN = sql.SQL(" || ")


@dataclass(frozen=True)
class Computed:
    """A column that a sync computes over the columns of its model.

    Args:
        name: among the columns of the model: that of the destination column where it is free.
        target: the destination column that it goes to.
        place: where the user wrote it, as in `values.price`.
        expression: SQL over the columns of a relation named `model`.
        source: the column of the model that it stands for; None where that is one of its own.
    """

    name: str
    target: str
    place: str
    expression: str
    source: str | None = None


class ComputedModel(ResolvedModel):
    """A model, and what its sync computes over it; made by a sync, never written by a user."""

    computed: tuple[Computed, ...]


def computed_by(model: ModelConfig) -> tuple[Computed, ...]:
    """The columns that its sync computes; none for a model as it was written.

    Args:
        model: any.
    """
    return model.computed if isinstance(model, ComputedModel) else ()


def own_columns(model: ModelConfig, names: Iterable[str]) -> tuple[str, ...]:
    """Those of its columns that it has by itself.

    Args:
        model: any.
        names: of all columns, as described.
    """
    computed = {one.name for one in computed_by(model)}
    return tuple(name for name in names if name not in computed)


def with_computed(sync: SyncConfig, columns: Iterable[Computed]) -> SyncConfig:
    """A sync whose model has further columns; as it is where there is none.

    Args:
        sync: any.
        columns: to be added.
    """
    added = tuple(columns)
    if not added:
        return sync
    fields = {name: getattr(sync.model, name) for name in ModelConfig.model_fields}
    model = ComputedModel.model_construct(
        **fields, bases=bases_of(sync.model), computed=computed_by(sync.model) + added
    )
    return sync.model_copy(update={"model": model})


def values_of(sync: SyncConfig, names: Iterable[str]) -> tuple[Computed, ...]:
    """The values of a sync as columns.

    Args:
        sync: with its `values`.
        names: columns of the model.
    """
    taken = set(names)
    found = []
    for target, value in sync.values.items():
        name = free_name(target, taken)
        taken.add(name)
        expression = _expression(value).as_string(None)
        found.append(Computed(name, target, f"values.{target}", expression))
    return tuple(found)


def free_name(wanted: str, taken: Iterable[str]) -> str:
    """A name that no column of the model has; the one that is wanted, if it may be.

    Args:
        wanted: name of the destination column.
        taken: names of columns.
    """
    known = set(taken)
    name, number = wanted, 0
    while name in known or name.startswith(RESERVED_PREFIX):
        number += 1
        mark = " (sent)" if number == 1 else f" (sent {number})"
        # A name has 63 bytes at the most; names that are one when cut differ by their number.
        name = wanted.lstrip("_").encode()[: 63 - len(mark)].decode(errors="ignore") + mark
    return name


def cast(name: str, spelled: str) -> str:
    """A column of the model as another type.

    Args:
        name: of the column.
        spelled: the type, as SQL.
    """
    return _cast(column(name, "model"), spelled).as_string(None)


def computed_list(computed: Iterable[Computed]) -> sql.Composable:
    """What a SELECT over `model` has beside its columns.

    COALESCE is what takes one expression and refuses one that returns several rows (0A000); the
    planner takes it off again. A line break ends a `--` comment.

    Args:
        computed: the columns.
    """
    # The owner's own SQL, as that of the model is.
    return COMMA.join(
        sql.SQL("COALESCE((\n{}\n)) AS {}").format(sql.SQL(one.expression), column(one.name))
        for one in computed
    )


def _expression(value: ValueConfig) -> sql.Composable:
    made = _uncast(value)
    return made if value.cast is None else _cast(made, value.cast)


def _uncast(value: ValueConfig) -> sql.Composable:
    if value.column is not None:
        return column(value.column, "model")
    if value.sql is not None:
        return sql.SQL(value.sql)
    return _static(value.value) if value.value is not None else _json(value.jsonb)


def _cast(value: sql.Composable, spelled: str) -> sql.Composable:
    return sql.SQL("CAST((\n{}\n) AS {}\n)").format(value, sql.SQL(spelled))


def _static(value: JsonValue) -> sql.Composable:
    """A text is of type text; of a number PostgreSQL knows the type."""
    literal = sql.Literal(value)
    is_text = isinstance(value, str)
    return sql.SQL("CAST({} AS pg_catalog.text)").format(literal) if is_text else literal


def _json(value: JsonValue) -> sql.Composable:
    """Expression for an object, a list or a leaf; a column that is NULL becomes JSON's null."""
    if is_static(value):
        assert isinstance(value, dict)  # noqa: S101 - `is_static` says so
        return _static(value["value"])
    if isinstance(value, dict):
        pairs = (sql.SQL("{}, {}").format(_static(key), _json(part)) for key, part in value.items())
        return _built("jsonb_build_object", list(pairs))
    if isinstance(value, list):
        return _built("jsonb_build_array", [_json(part) for part in value])
    return column(value, "model") if isinstance(value, str) else _static(value)


def _built(function: str, parts: list[sql.Composable]) -> sql.Composable:
    some = [parts[start : start + AT_ONCE] for start in range(0, len(parts), AT_ONCE)] or [[]]
    calls = [
        sql.SQL("pg_catalog.{}({})").format(sql.Identifier(function), COMMA.join(part))
        for part in some
    ]
    return sql.SQL("({})").format(JOIN.join(calls))
