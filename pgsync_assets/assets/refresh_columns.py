"""Looking up the columns of a project, outside of `dg`: any folder of definitions will do."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import dagster as dg

from ..errors import ConfigurationError, PgsyncError
from .components.columns import PgColumnsComponent
from .defs_folder import component_tree
from .known_columns import Entry

MISSING = """\
---
type: pgsync_assets.PgColumnsComponent"""


@dataclass(frozen=True)
class Refreshed:
    """What is known now.

    Args:
        entries: the columns, by `model NAME` and `sync NAME`.
        error: what could not be looked up, if anything; what was known of it is kept.
    """

    entries: Mapping[str, Entry]
    error: PgsyncError | None = None


def refresh_columns(folder: Path, instance: dg.DagsterInstance | None = None) -> Refreshed:
    """Does what `dg utils refresh-defs-state` does for the columns of a project.

    Args:
        folder: of definitions.
        instance: where columns are kept; default: the one of `DAGSTER_HOME`.

    Raises:
        ConfigurationError: the project is not right, has no `PgColumnsComponent`, or there is no
            instance to keep columns with.
    """
    tree = component_tree(folder)
    found = tree.get_all_components(of_type=PgColumnsComponent) if tree else []
    if not found:
        raise ConfigurationError(
            f"{folder} has no PgColumnsComponent, which says where columns are kept",
            f"add to a defs.yaml:\n{MISSING}",
        )
    component = found[0]
    with instance or _instance(component):
        try:
            asyncio.run(component.refresh_state(folder.resolve().parent))
        except ConfigurationError:
            raise
        except PgsyncError as error:
            return Refreshed(component.looked_up, error)
    return Refreshed(component.looked_up)


def _instance(component: PgColumnsComponent) -> dg.DagsterInstance:
    if os.environ.get("DAGSTER_HOME"):
        return dg.DagsterInstance.get()
    if component.defs_state.management_type == "LOCAL_FILESYSTEM":
        return dg.DagsterInstance.ephemeral()
    raise ConfigurationError(
        "columns are kept with the Dagster instance, and DAGSTER_HOME is not set",
        "export it; beside `pgsync-assets up`: set -a; . .pgsync/up.env; set +a",
    )
