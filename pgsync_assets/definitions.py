"""The code location: everything below the folder of definitions, and how runs are executed.

`PGSYNC_DEFS` names another folder than `pgsync_assets/defs`, as `pgsync-assets demo` does.
"""

import os
from collections.abc import Hashable
from functools import lru_cache
from pathlib import Path

import dagster as dg

from .assets.defs_folder import chosen_folder, load_folder, stamps


@dg.definitions
def defs() -> dg.Definitions:
    """All assets, resources, schedules and sensors. Loads with every database down.

    The process of a run asks twice: for its job, and for the part of it that was selected. What it
    made of the same files in the same environment is the same: it is made once.
    """
    folder = chosen_folder()
    return _loaded(folder, (stamps(folder), frozenset(os.environ.items())))


@lru_cache(maxsize=1)
def _loaded(folder: Path, _of: Hashable) -> dg.Definitions:
    # A sync is one step: a process of its own would only cost its start.
    own = dg.Definitions(executor=dg.in_process_executor)
    return dg.Definitions.merge(load_folder(folder), own)
