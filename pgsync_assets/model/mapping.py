"""Which column of the model goes into which column of the destination."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from ..config import SyncConfig
from ..errors import ConfigurationError
from .computed import computed_by, own_columns
from .describe import Relation


@dataclass(frozen=True)
class ColumnMapping:
    """Columns of the model and of the destination, pairwise in the order of the model.

    Args:
        sources: columns of the model that travel; no other column counts as a change.
        targets: the destination columns they go to.
        key: columns of the model that identify a row.
        match: the destination columns they go to.
    """

    sources: tuple[str, ...]
    targets: tuple[str, ...]
    key: tuple[str, ...]
    match: tuple[str, ...]


def wanted_columns(sync: SyncConfig, relation: Relation) -> dict[str, str]:
    """Column of the model -> column of the destination, as the sync wants it.

    A value wins over a column of the model that has the name of its destination column.

    Args:
        sync: its `columns`; by name where there is none. Its model has the columns it computes.
        relation: the described model.
    """
    computed = computed_by(sync.model)
    targets = {one.target for one in computed}
    replaced = {one.source for one in computed}
    added = {one.name: one.target for one in computed}
    own = own_columns(sync.model, relation.names)
    mapped = sync.explicit_mapping or {name: name for name in own if name not in targets}
    return {name: target for name, target in mapped.items() if name not in replaced} | added


def map_columns(sync: SyncConfig, relation: Relation, targets: Iterable[str]) -> ColumnMapping:
    """Resolves the mapping of a sync against what both sides really have.

    Args:
        sync: its `columns`; by name where there is none.
        relation: the described model.
        targets: names of the destination's columns.

    Raises:
        ConfigurationError: a column is missing on either side, or a key column is not mapped.
    """
    present = list(targets)
    wanted = wanted_columns(sync, relation)
    own = own_columns(sync.model, relation.names)
    if sync.drift == "ignore" and sync.explicit_mapping is None:
        wanted = {n: t for n, t in wanted.items() if t in present or n not in own}
    for source in sync.explicit_mapping or ():
        if source not in own:
            raise _unknown(f"sync {sync.name!r}, model", source, own)
    for target in wanted.values():
        if target not in present:
            raise _unknown(f"sync {sync.name!r}, table {sync.table}", target, present)
    for name in relation.key:
        if name not in wanted:
            raise ConfigurationError(
                f"sync {sync.name!r}: key column {name!r} is not mapped",
                "the key finds the row at the destination: add it to columns",
            )
    sources = tuple(name for name in relation.names if name in wanted)
    return ColumnMapping(
        sources,
        tuple(wanted[name] for name in sources),
        relation.key,
        tuple(wanted[name] for name in relation.key),
    )


def _unknown(where: str, name: str, candidates: Iterable[str]) -> ConfigurationError:
    known = list(candidates)
    close = difflib.get_close_matches(name, known, 1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    return ConfigurationError(
        f"{where}: there is no column {name!r}",
        f"{hint}It has: {', '.join(known)}. Map with columns: {{model column: table column}}",
    )
