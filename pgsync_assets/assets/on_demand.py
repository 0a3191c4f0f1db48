"""Checks that are evaluated when somebody asks, and not by a run that materialises their table."""

from collections.abc import Collection

import dagster as dg

DESTINATION_IN_STEP = "destination_in_step"
CONNECTION = "connection"
ON_DEMAND = (DESTINATION_IN_STEP, CONNECTION)


def steps_aside(context: dg.OpExecutionContext, name: str, key: dg.AssetKey) -> bool:
    """Whether a check was only taken along. Dagster adds every check of a table to its run.

    Args:
        context: of the check's step.
        name: of the check.
        key: of the table.
    """
    if key not in context.job_def.asset_layer.executable_asset_keys:
        return False
    context.log.info(f"{name} is evaluated on demand only: execute it alone.")
    return True


def checks_of_a_run(
    repository: dg.RepositoryDefinition, keys: Collection[dg.AssetKey]
) -> list[dg.AssetCheckKey]:
    """The checks that belong into a run of some assets: all of theirs but those on demand.

    Args:
        repository: with the assets.
        keys: of the assets.
    """
    # Asked of each asset: all checks of a project, once for each of its runs, are a square.
    graph = repository.asset_graph
    found = {check for key in keys for check in graph.get(key).check_keys}
    return sorted(check for check in found if check.name not in ON_DEMAND)
