"""Dagster's own daemon, one look at a time: it makes runs and launches them, in this process."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import dagster as dg
from dagster._core.execution.backfill import PartitionBackfill
from dagster._core.remote_origin import InProcessCodeLocationOrigin
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import InProcessWorkspaceLoadTarget
from dagster._daemon.sensor import execute_sensor_iteration

from .conftest import Project

LOG = logging.getLogger("daemon")
AT_ONCE = {  # runs are launched as soon as they are made, in this process
    "run_coordinator": {
        "module": "dagster._core.run_coordinator",
        "class": "DefaultRunCoordinator",
    },
    "run_launcher": {
        "module": "dagster._core.launcher.sync_in_memory_run_launcher",
        "class": "SyncInMemoryRunLauncher",
    },
}


@contextmanager
def daemon(instance: dg.DagsterInstance, folder: Path) -> Iterator[WorkspaceProcessContext]:
    """What Dagster's daemon knows: the instance, and a code location that it loads by itself.

    The definitions are those of the folder that `PGSYNC_DEFS` names.
    """
    module = folder / "location.py"  # a name of its own: Dagster keeps what it has loaded
    module.write_text("from pgsync_assets.definitions import defs\n")
    origin = LoadableTargetOrigin(python_file=str(module), attribute="defs")
    target = InProcessWorkspaceLoadTarget(InProcessCodeLocationOrigin(origin))
    with WorkspaceProcessContext(instance, target) as context:
        yield context


def ask_for_backfill(project: Project, name: str, key: dg.AssetKey, partitions: list[str]) -> None:
    """Asks for a backfill of some partitions of one asset, as the UI does."""
    asked = PartitionBackfill.from_asset_partitions(
        backfill_id=name,
        asset_graph=project.definitions.resolve_asset_graph(),
        partition_names=partitions,
        asset_selection=[key],
        backfill_timestamp=time.time(),
        tags={},
        dynamic_partitions_store=project.instance,
        all_partitions=False,
        title=None,
        description=None,
        run_config=None,
    )
    project.instance.add_backfill(asked)


def look(context: WorkspaceProcessContext, dies_at: str | None = None) -> None:
    """One look at every sensor, whenever the last one was; what it requests is run at once.

    Args:
        context: of the daemon.
        dies_at: the place, in Dagster's words, where the daemon is stopped. What it has not written
            by then is lost, as after a kill: to Dagster, an interrupt is no end of a tick.

    Raises:
        KeyboardInterrupt: it has died.
    """

    def die(_flags: object, at: str) -> None:
        if at == dies_at:
            raise KeyboardInterrupt

    with (
        mock.patch("dagster._daemon.sensor.is_under_min_interval", return_value=False),
        mock.patch("dagster._daemon.sensor.check_for_debug_crash", die),
    ):
        for error in execute_sensor_iteration(context, LOG, None, None):
            assert error is None, error
