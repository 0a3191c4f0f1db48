"""Columns of a destination table, and the columns of the model that each is made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from ..config import SyncConfig, ValueConfig
from .model import Lineage
from .parse import VALUE_MODEL, read, value_tree
from .source import Origin, model_source
from .trace import trace

How = Literal["column", "cast", "computed", "static", "stamp"]


@dataclass(frozen=True)
class Target:
    """A column of the destination table.

    Args:
        name: of it.
        how: what it gets: a column of the model, one that is cast (`lossy`), something computed, a
            static value, or what a run writes about itself.
        origins: the columns that its value is made of.
        expression: what computes it; empty where nothing does.
        is_key: it finds the row.
    """

    name: str
    how: How
    origins: tuple[Origin, ...] = ()
    expression: str = ""
    is_key: bool = False


def targets_of(
    sync: SyncConfig, lineage: Lineage, present: Iterable[str] | None = None
) -> tuple[Target, ...]:
    """What the columns of a destination table get.

    Args:
        sync: with its model in full.
        lineage: of its model.
        present: columns that the table has; None where that is not known.

    Returns:
        In the order of the model, then values, then stamps; a column that the table does not have
        is left out.
    """
    there = None if present is None else set(present)
    found = (*_mapped(sync, lineage, there), *_values(sync, lineage), *_stamps(sync))
    return tuple(target for target in found if there is None or target.name in there)


def _mapped(sync: SyncConfig, lineage: Lineage, there: set[str] | None) -> Iterator[Target]:
    names = lineage.model(sync.model).names
    # What the model returns may not be known: by name, it is what the table has.
    by_name = names or sync.model.columns or tuple(sorted(there or sync.model.key))
    stamps = {target.name for target in _stamps(sync)}
    mapping = sync.explicit_mapping or {
        name: name for name in by_name if name not in sync.values and name not in stamps
    }
    for name, target in mapping.items():
        if names and name not in names:
            continue
        yield Target(
            target,
            "cast" if name in sync.lossy else "column",
            ((model_source(sync.model_name), name),),
            "cast to the type there; may be rounded or cut" if name in sync.lossy else "",
            name in sync.model.key,
        )


def _values(sync: SyncConfig, lineage: Lineage) -> Iterator[Target]:
    for name, value in sync.values.items():
        cast = f"cast to {value.cast}" if value.cast else ""
        if value.sql is not None:
            yield Target(name, "computed", _origins(sync, lineage, value), value.sql)
        elif value.value is not None:
            yield Target(name, "static", (), "the same for every row")
        else:
            known = lineage.model(sync.model).names
            source = model_source(sync.model_name)
            origins = tuple((source, c) for c in value.columns if not known or c in known)
            yield Target(name, _how(value), origins, cast or ("jsonb" if value.jsonb else ""))


def _how(value: ValueConfig) -> How:
    return "column" if value.column is not None and value.cast is None else "computed"


def _origins(sync: SyncConfig, lineage: Lineage, value: ValueConfig) -> tuple[Origin, ...]:
    names = lineage.model(sync.model).names
    tree = read(lambda: value_tree(value.sql or ""), None)
    found = trace(tree, lineage.names({VALUE_MODEL: names})) or ()
    model = model_source(sync.model_name)
    return tuple(
        (model, column) if source.name == VALUE_MODEL else (source, column)
        for one in found
        for source, column in one.origins
        if lineage.existing((source, column))
        and (source.name != VALUE_MODEL or not names or column in names)
    )


def _stamps(sync: SyncConfig) -> Iterator[Target]:
    told = {
        sync.stamps.synced_at: "when it was written",
        sync.stamps.run_id: "by which run",
        sync.deleted_column: "when it left the model",
    }
    for name, what in told.items():
        if name is not None:
            yield Target(name, "stamp", (), what)
