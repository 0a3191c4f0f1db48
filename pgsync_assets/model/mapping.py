"""Which column of the model goes into which column of the destination."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from ..config import SyncConfig
from ..errors import ConfigurationError
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
    wanted = sync.explicit_mapping or {
        name: name for name in relation.names if name in present or sync.drift != "ignore"
    }
    for source in wanted:
        if source not in relation.names:
            raise _unknown(f"sync {sync.name!r}, model", source, relation.names)
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
