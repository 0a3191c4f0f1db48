"""Runs that write to one destination wait for each other where its pool says so."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import dagster as dg
import pytest
import yaml

from pgsync_assets.assets.listener import Listener, listening
from pgsync_assets.outcome import Progress

from .conftest import Project

POOLS = {"concurrency": {"pools": {"default_limit": 4, "granularity": "op"}}}
# Syncs, and where they write.
SYNCS = {"items": "crm", "others": "crm", "elsewhere": "second"}


@pytest.fixture
def syncs_of_two(project: Project) -> Iterator[Project]:
    """Two syncs to a connection that takes one run at once, one to another; an instance."""
    pair = project.pair
    pair.source.execute("create table items (id int primary key)", "insert into items values (1)")
    pair.source.grant_table("items")
    written = []
    for name, destination in SYNCS.items():
        pair.destination.execute(f"create table {name} (id int primary key)")
        pair.destination.grant_table(name, "select", "insert", "update", "delete")
        written.append(
            {
                "name": name,
                "source": "shop",
                "model": {"name": f"model_{name}", "table": "public.items", "key": ["id"]},
                "destination": destination,
                "table": f"public.{name}",
            }
        )
    project.write("syncs", "PgSyncComponent", syncs=written)
    limit(project, 1)
    with dg.instance_for_test(overrides=POOLS) as instance:
        project.instance = instance
        yield project


def limit(project: Project, max_runs: int) -> None:
    """Writes the connections, with a limit for the first one."""
    known = yaml.safe_load((project.folder / "connections" / "defs.yaml").read_text())
    connections = known["attributes"]["connections"]
    crm = connections["crm"] | {"max_runs": max_runs}
    second = {name: value for name, value in crm.items() if name != "max_runs"}
    project.write(
        "connections",
        "PgConnectionsComponent",
        connections=connections | {"crm": crm, "second": second},
    )


def limits(project: Project) -> dict[str, int]:
    return {one.name: one.limit for one in project.instance.event_log_storage.get_pool_limits()}


def test_one_destination_waits_and_the_other_does_not(syncs_of_two: Project) -> None:
    """The other run is a slot that is taken: two runs in one process deadlock in logging."""
    project = syncs_of_two
    assert project.run().success
    assert limits(project)["dest_crm"] == 1
    storage, moments = project.instance.event_log_storage, dict[str, float]()
    assert storage.claim_concurrency_slot("dest_crm", "another run", "step").is_claimed

    def free() -> None:
        moments["freed"] = time.monotonic()
        storage.free_concurrency_slots_for_run("another run")

    def note(progress: Progress) -> None:
        moments.setdefault(progress.sync, time.monotonic())

    with listening(Listener(on_progress=note)):
        assert project.run("second/public/elsewhere").success
        timer = threading.Timer(2, free)
        timer.start()
        assert project.run("crm/public/others").success
        timer.join()
    assert moments["elsewhere"] < moments["freed"] < moments["others"]
    assert limits(project)["dest_second"] == 4  # the instance's default


def test_the_file_is_the_last_word_and_without_it_the_ui_is(syncs_of_two: Project) -> None:
    project = syncs_of_two
    limit(project, 3)
    assert project.run().success
    assert limits(project)["dest_crm"] == 3
    project.instance.event_log_storage.set_concurrency_slots("dest_second", 2)
    assert project.run("second/public/elsewhere").success
    assert limits(project)["dest_second"] == 2
