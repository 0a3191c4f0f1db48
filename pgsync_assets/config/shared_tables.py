"""Tables that several syncs of a project write: where they have a key in common, the last run wins.

That may be wanted: shops with keys of their own in one table, or two syncs that each write columns
of their own. PostgreSQL cannot tell it from a mistake, and no run knows of the other one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations

from .sync import SyncConfig


@dataclass(frozen=True)
class SharedTable:
    """Two syncs that write the same columns of a table.

    Args:
        destination: name of the connection.
        table: as it is written there.
        syncs: their names.
        columns: that both write, beside those that rows are matched by; empty: all that are there,
            as one of them names none.
    """

    destination: str
    table: str
    syncs: tuple[str, str]
    columns: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """What it means, for people."""
        one, other = self.syncs
        what = f"column {', '.join(self.columns)} of " if self.columns else ""
        return (
            f"{one} and {other} both write {what}{self.table} in {self.destination}: of a key that "
            "both have, the last run decides, and each takes what the other wrote for its own"
        )


def shared_tables(syncs: Iterable[SyncConfig]) -> Iterator[SharedTable]:
    """Each two of some syncs that may write the same value.

    Args:
        syncs: of a project.
    """
    writers: dict[tuple[str, str], list[SyncConfig]] = defaultdict(list)
    for sync in syncs:
        writers[sync.destination, str(sync.table)].append(sync)
    for (destination, table), those in writers.items():
        for one, other in combinations(those, 2):
            names, ours, theirs = (one.name, other.name), _columns(one), _columns(other)
            if ours is None or theirs is None:
                yield SharedTable(destination, table, names, ())
            elif both := ours & theirs:
                yield SharedTable(destination, table, names, tuple(sorted(both)))


def _columns(sync: SyncConfig) -> frozenset[str] | None:
    """What a sync writes beside its key; None: all columns of its model."""
    mapped = sync.explicit_mapping
    if mapped is None:
        return None
    key = set(sync.model.key)
    return frozenset(target for source, target in mapped.items() if source not in key)
