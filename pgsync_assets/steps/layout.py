"""The partitions of a sync are others than when it ran last: its states are about other rows."""

from __future__ import annotations

from ..config import SyncConfig
from ..errors import ConfigurationError
from .turn import state_name
from .work import Work


def check_layout(work: Work) -> None:
    """Makes sure that the states of a sync are those of its partitions as they are now.

    Args:
        work: locked and claimed.

    Raises:
        ConfigurationError: what was sent is known by other partitions.
    """
    others = left_over(work)
    if not others and not (is_other_slice(work) and work.state.row_count):
        return
    names = ", ".join(name or "the whole model" for name in others) or work.slice
    raise ConfigurationError(
        f"sync {work.sync.name!r}: its partitions are others than when it ran last; what was sent "
        f"is known by the old ones ({names})",
        "run it once more as it was, so that nothing is pending; then pgsync-assets adopt "
        f"{work.sync.name} takes the destination as it is, and nothing is sent again",
    )


def is_other_slice(work: Work) -> bool:
    """Whether the state is about other rows of the model than its partition is now."""
    return work.state.shape is not None and work.state.shape.slice != work.shape.slice


def left_over(work: Work) -> list[str]:
    """Names of states with rows that belong to no partition of the sync as it is now."""
    filled = work.planner.partitions_of(work.sync.name, filled=True)
    if not state_name(work.partition):
        return [name for name in filled if name]
    return [name for name in filled if not _is_known(work.sync, name)]


def _is_known(sync: SyncConfig, name: str) -> bool:
    if sync.partitions is None:  # the caller makes its own
        return bool(name)
    try:
        return bool(name) and sync.partition_named(name).is_of_key
    except ConfigurationError:
        return False
