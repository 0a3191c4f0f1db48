"""The code location: everything below the folder of definitions, and how runs are executed.

`PGSYNC_DEFS` names another folder than `pgsync_assets/defs`, as `pgsync-assets demo` does.
"""

import os
from pathlib import Path

import dagster as dg

from .assets.defs_folder import load_folder

DEFS_VARIABLE = "PGSYNC_DEFS"
OWN_DEFS = Path(__file__).parent / "defs"


@dg.definitions
def defs() -> dg.Definitions:
    """All assets, resources, schedules and sensors. Loads with every database down."""
    folder = Path(os.environ.get(DEFS_VARIABLE) or OWN_DEFS)
    # A sync is one step: a process of its own would only cost its start.
    return dg.Definitions.merge(
        load_folder(folder), dg.Definitions(executor=dg.in_process_executor)
    )
