"""The syncs of a code location, as Dagster's records name them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import dagster as dg

from ..checks import NO_REJECTED_ROWS
from ..translator import SYNC_TAG

_STEP = "sync_"


@dataclass(frozen=True)
class Watched:
    """A sync whose runs are looked at.

    Args:
        name: of the sync.
        key: of its destination table.
        step: name of the step that runs it.
        partitions: of the sync, where it has some.
    """

    name: str
    key: dg.AssetKey
    step: str
    partitions: dg.PartitionsDefinition | None

    def first_undone(self, tags: Mapping[str, str], done: set[str]) -> str | None:
        """The partition at which a run of this sync stopped: it does them in order.

        Args:
            tags: of the run, which say which partitions it was to do.
            done: those that it has done.
        """
        if self.partitions is None:
            return None
        key = tags.get("dagster/partition")
        start = tags.get("dagster/asset_partition_range_start")
        end = tags.get("dagster/asset_partition_range_end")
        if key is not None or start is None or end is None:
            return key
        try:
            keys = self.partitions.get_partition_keys_in_range(dg.PartitionKeyRange(start, end))
        except dg.DagsterError:  # the partitions are others now
            return f"{start}...{end}"
        return next((key for key in keys if key not in done), None)


def syncs_of(repository: dg.RepositoryDefinition) -> dict[str, Watched]:
    """Every sync of a code location, from YAML or Python, by name.

    Args:
        repository: what a tick of a sensor is given.
    """
    found: dict[str, Watched] = {}
    for definition in set(repository.assets_defs_by_key.values()):
        for check in definition.check_specs:
            if check.name == NO_REJECTED_ROWS:
                name = definition.tags_by_key[check.asset_key].get(SYNC_TAG)
                step = definition.node_def.name
                name = name or step.removeprefix(_STEP)
                found[name] = Watched(name, check.asset_key, step, definition.partitions_def)
    return found
