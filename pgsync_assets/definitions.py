"""The code location: everything below the folder of definitions, and how runs are executed.

`PGSYNC_DEFS` names another folder than `pgsync_assets/defs`, as `pgsync-assets demo` does.
"""

import dagster as dg

from .assets.defs_folder import chosen_folder, load_folder


@dg.definitions
def defs() -> dg.Definitions:
    """All assets, resources, schedules and sensors. Loads with every database down."""
    # A sync is one step: a process of its own would only cost its start.
    return dg.Definitions.merge(
        load_folder(chosen_folder()), dg.Definitions(executor=dg.in_process_executor)
    )
