"""Conversions that may lose something, where the sync declares them: made at the source.

What is compared is what arrives, so that rounding never makes a row look changed for ever
(trap 20).
"""

from __future__ import annotations

from ..config import SyncConfig
from ..errors import ConfigurationError
from ..model import Computed, Relation, cast, free_name, own_columns, wanted_columns
from .target import Target
from .types import lossy_type


def lossy_columns(sync: SyncConfig, relation: Relation, target: Target) -> tuple[Computed, ...]:
    """The casts of those columns of `lossy` that would not arrive exactly without one.

    Args:
        sync: with its `lossy`.
        relation: what it sends, described.
        target: the destination table.

    Raises:
        ConfigurationError: a column is none of the model, or is not mapped.
    """
    wanted = wanted_columns(sync, relation)
    own = own_columns(sync.model, relation.names)  # a value has a cast of its own
    types = {column.name: column.type for column in relation.columns if column.name in own}
    found: list[Computed] = []
    for name in sync.lossy:
        if name not in types or name not in wanted:
            why = "is not mapped" if name in types else "is no column of the model"
            mapped = ", ".join(n for n in wanted if n in types and n not in relation.key)
            raise ConfigurationError(
                f"sync {sync.name!r}: lossy: {name!r} {why}", f"it can name: {mapped}"
            )
        into = target.columns.get(wanted[name])
        spelled = lossy_type(types[name], into) if into else None
        if spelled is not None:
            taken = {*relation.names, *(one.name for one in found)}
            made = free_name(wanted[name], taken)
            place = f"lossy, column {name!r} as {spelled}"
            found.append(Computed(made, wanted[name], place, cast(name, spelled), source=name))
    return tuple(found)
