"""Loading costs the same for each sync, however many there are: nothing looks at all pairs."""

from __future__ import annotations

import cProfile
import datetime as dt
import gc
import pstats
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import dagster as dg
import pytest
import yaml
from dagster._core.definitions.reconstruct import ReconstructableRepository

from pgsync_assets import definitions
from pgsync_assets.assets.defs_folder import load_folder
from pgsync_assets.project import read_project

Trace = Callable[[FrameType, str, Any], Any]
FEW, MANY = 20, 60
TOLERATED = 1.1
"""Calls for each sync among many, compared with those among a few."""


def write(folder: Path, syncs: int, files: int) -> Path:
    """A project: half of its syncs read tables, half SQL; one schedule for each file."""
    connections = {
        name: {"host": "db", "database": name, "user": "u", "password": "$PW"}
        for name in ("shop", "crm")
    }
    component(folder / "connections", "PgConnectionsComponent", connections=connections)
    for file in range(files):
        numbers = range(file, syncs, files)
        component(folder / f"team_{file:02}", "PgSyncComponent", syncs=list(map(sync, numbers)))
        component(
            folder / f"hourly_{file:02}",
            "PgScheduleComponent",
            name=f"hourly_{file:02}",
            schedule={"cron": "0 * * * *"},
            syncs=[f"sync_{number}" for number in numbers],
        )
    return folder


def component(folder: Path, kind: str, /, **attributes: object) -> None:
    folder.mkdir(parents=True)
    document = {"type": f"pgsync_assets.{kind}", "attributes": attributes}
    (folder / "defs.yaml").write_text(yaml.safe_dump(document))


def sync(number: int) -> dict[str, object]:
    sql = f"select o.id, c.name from orders_{number} as o join customers as c on c.id = o.customer"
    model = {"table": f"public.orders_{number}"} if number % 2 else {"sql": sql}
    return {
        "name": f"sync_{number}",
        "source": "shop",
        "model": {**model, "key": ["id"]},
        "destination": "crm",
        "table": f"public.orders_{number}",
        "delete": "delete_row",
    }


def load(folder: Path) -> None:
    load_folder(folder).get_repository_def()


def calls(function: Callable[[Path], object], folder: Path) -> int:
    """How many functions are called: a measure that a busy machine does not change."""
    profile = cProfile.Profile()
    gc.collect()
    gc.disable()  # what other tests have left is torn down by calls, too
    try:
        profile.runcall(function, folder)
    finally:
        gc.enable()
    return int(pstats.Stats(profile).total_calls)  # type: ignore[attr-defined]


@pytest.mark.nightly(
    "each kind of files and each reader is met by one of these",
    but=(
        "in many files-Dagster",
        "in long files-command line",
    ),
)
@pytest.mark.parametrize("function", [load, read_project], ids=["Dagster", "command line"])
@pytest.mark.parametrize("files", [2, 6], ids=["in long files", "in many files"])
def test_each_sync_costs_the_same(
    tmp_path: Path, function: Callable[[Path], object], files: int
) -> None:
    tiny, few = write(tmp_path / "tiny", 2, 2), write(tmp_path / "few", FEW, 2)
    many = write(tmp_path / "many", MANY, files)
    function(tiny)  # what is imported or made once is there from now on
    base = calls(function, tiny)
    each_of_few = (calls(function, few) - base) / (FEW - 2)
    each_of_many = (calls(function, many) - base) / (MANY - 2)
    assert each_of_many < TOLERATED * each_of_few


def test_a_tick_costs_the_same_for_each_of_its_runs(tmp_path: Path) -> None:
    """Lines, not calls: a loop that passes over what is not wanted calls nothing."""
    own = str(Path(definitions.__file__).parent)
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        each = []
        for syncs in (FEW, MANY):
            folder = write(tmp_path / str(syncs), syncs, 1)
            repository = load_folder(folder).get_repository_def()
            (schedule,) = repository.schedule_defs
            assert len(repository.asset_graph.asset_check_keys) >= syncs
            moment = dt.datetime(2026, 1, 5, 6, tzinfo=dt.timezone.utc)
            context = dg.build_schedule_context(instance, moment, repository_def=repository)
            found = lines(own, partial(schedule.evaluate_tick, context))
            each.append(found / syncs)
    assert each[1] < TOLERATED * each[0]


def lines(folder: str, function: Callable[[], dg.SchedulerExecutionData]) -> int:
    """How many lines of files below a folder are executed; of a tick that asks for runs."""
    counted = 0

    def trace(frame: FrameType, event: str, _: object) -> Trace | None:
        nonlocal counted
        counted += event == "line"
        return trace if frame.f_code.co_filename.startswith(folder) else None

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        tick = function()
    finally:
        sys.settrace(before)
    assert tick.run_requests
    return counted


def test_the_process_of_a_run_loads_the_project_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dagster asks for the job, then for the part of it that was selected: twice for all."""
    folder = write(tmp_path / "few", 2, 1)
    monkeypatch.setenv("PGSYNC_DEFS", str(folder))
    asked: list[Path] = []

    def loaded(folder: Path) -> dg.Definitions:
        asked.append(folder)
        return load_folder(folder)

    monkeypatch.setattr(definitions, "load_folder", loaded)
    whole = ReconstructableRepository.for_module("pgsync_assets.definitions", "defs")
    job = whole.get_reconstructable_job("__ASSET_JOB")
    assert job.get_definition().name == "__ASSET_JOB"
    chosen = frozenset({dg.AssetKey(["models", "sync_0"])})
    part = job.get_subset(asset_selection=chosen, asset_check_selection=frozenset())
    assert part.get_definition().asset_layer.selected_asset_keys >= chosen
    assert asked == [folder]
    component(folder / "late", "PgSyncComponent", syncs=[sync(3)])
    assert (
        dg.AssetKey(["models", "sync_3"]) in whole.get_definition().asset_graph.get_all_asset_keys()
    )
    monkeypatch.setenv("PW", "other")
    whole.get_definition()
    assert asked == [folder] * 3
