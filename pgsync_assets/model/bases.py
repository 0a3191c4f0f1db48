"""Models that a model reads by their names: a common table expression each."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from psycopg import sql

from ..config import ModelConfig, bases_of
from ..sql import COMMA, column

_TAKEN_BY_NOBODY = "_pgsync_base_{}"  # names of ours; that of a model may have 63 bytes itself
FREELY = sql.SQL("NOT MATERIALIZED ")
AS_EVER = sql.SQL("")


def all_bases(model: ModelConfig) -> dict[str, ModelConfig]:
    """Every model that is read for a model, by name, each behind those that it uses itself.

    Args:
        model: any.
    """
    found: dict[str, ModelConfig] = {}
    for base in bases_of(model):
        found |= {name: one for name, one in all_bases(base).items() if name not in found}
        found.setdefault(base.name or "", base)
    return found


def with_bases(model: ModelConfig, own: Callable[[ModelConfig], sql.Composable]) -> sql.Composable:
    """A model's statement, in which each model that it uses is a relation of that name.

    Each base stands there once, so that two who use it see the same rows. It has the name that is
    used only where it is used: what is a table to another model stays one. PostgreSQL merges an
    expression that is used once into the statement, as a view, and keeps the rows of one that is
    used more often; a mere table it always merges, as keeping its rows would hide its indexes.

    Args:
        model: with bases.
        own: the statement of a model alone.
    """
    bases = all_bases(model)
    numbered = {name: _TAKEN_BY_NOBODY.format(number) for number, name in enumerate(bases, start=1)}
    parts = [
        _part(numbered[name], base, _around(own(base), _names(base, numbered)))
        for name, base in bases.items()
    ]
    return _around(own(model), [*parts, *_names(model, numbered)])


def _names(model: ModelConfig, numbered: Mapping[str, str]) -> list[sql.Composable]:
    """The models that one uses, by the names that its own SQL knows them by."""
    found = []
    for base in bases_of(model):
        name = base.name or ""
        everything = sql.SQL("SELECT * FROM {}").format(column(numbered[name]))
        found.append(_part(name, base, everything))
    return found


def _part(name: str, base: ModelConfig, query: sql.Composable) -> sql.Composable:
    kept = AS_EVER if base.table is None else FREELY
    return sql.SQL("{} AS {}({})").format(column(name), kept, query)


def _around(own: sql.Composable, parts: list[sql.Composable]) -> sql.Composable:
    """As a sub-select it cannot change data; a line break ends a `--` comment."""
    inner = sql.SQL("SELECT * FROM (\n{}\n) AS model").format(own)
    return sql.SQL("WITH {} {}").format(COMMA.join(parts), inner) if parts else inner
