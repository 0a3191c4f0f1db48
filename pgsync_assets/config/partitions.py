"""The four kinds of partitions as one type, told apart by the key that each of them has."""

from __future__ import annotations

import difflib
from typing import Annotated, Any

from pydantic import BaseModel, Discriminator, Tag

from .static_partitions import HashPartitions, ListPartitions, RangePartitions
from .time_windows import TimeWindows

_KINDS: dict[str, type[BaseModel]] = {
    "every": TimeWindows,
    "hash": HashPartitions,
    "ranges": RangePartitions,
    "values": ListPartitions,
}


def _kind(value: Any) -> str:
    """Name of the kind that is meant, by its own key, be it misspelt; time windows by default."""
    if isinstance(value, BaseModel):
        return type(value).__name__
    written = [key for key in value if isinstance(key, str)] if isinstance(value, dict) else []
    found = next((key for key in written if key in _KINDS), None)
    for key in written if found is None else ():
        found = found or next(iter(difflib.get_close_matches(key, _KINDS, n=1)), None)
    return _KINDS[found or "every"].__name__


PartitionsConfig = Annotated[
    Annotated[TimeWindows, Tag("TimeWindows")]
    | Annotated[HashPartitions, Tag("HashPartitions")]
    | Annotated[RangePartitions, Tag("RangePartitions")]
    | Annotated[ListPartitions, Tag("ListPartitions")],
    Discriminator(_kind),
]
"""`partitions:` of a sync: `{column, every, start}`, `{hash}`, `{column, ranges}` or
`{column, values}`. The tags are names of classes: an error's place then names the kind."""
