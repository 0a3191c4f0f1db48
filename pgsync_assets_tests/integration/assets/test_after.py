"""`after`: a run for each time that something upstream succeeded, and none for anything else."""

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from pgsync_assets.plan import lock_key

from ...fix_syncs import Syncs
from .conftest import Project, made

TABLES = ("items", "later", "last")
START, END = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"


MEANWHILE: list[Callable[[], None]] = []


@dg.asset(key=["analytics", "orders"])
def orders(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
    """What dbt makes, say; what happens after it was made, the test says."""
    if MEANWHILE:
        context.log_event(dg.AssetMaterialization(["analytics", "orders"]))
        MEANWHILE.pop()()
    return dg.MaterializeResult()


def fail() -> None:
    raise dg.Failure("a test of the model failed")


@pytest.fixture
def chain(syncs: Syncs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """items; later after items and an asset; last, in partitions, after later."""
    with made(syncs, tmp_path, monkeypatch) as project:
        syncs.table("id bigint primary key, name text")
        for name in TABLES[1:]:
            syncs.table("id bigint primary key, name text", name=name)
        project.beside.append(orders)
        hashed = {"partitions": {"hash": 2}}
        project.write(
            "syncs",
            "PgSyncComponent",
            syncs=[
                sync("items"),
                sync("later", after=["items", "analytics/orders"]),
                sync("last", after=["later"], **hashed),
            ],
        )
        yield project


def sync(name: str, after: list[str] | None = None, **more: Any) -> dict[str, Any]:
    table = f"public.{name}"
    written = {"name": name, "source": "shop", "destination": "crm", "table": table}
    schedule = {"schedule": {"after": after}} if after else {}
    return {**written, "model": {"table": table, "key": ["id"]}, **schedule, **more}


class Sensor:
    """Its ticks, one after the other."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self.cursor: str | None = None
        self.told: str | None = None
        self.requests: list[dg.RunRequest] = []

    def tick(self) -> list[str]:
        """Names of the syncs that are requested."""
        definitions = self._project.definitions
        context = dg.build_sensor_context(
            instance=self._project.instance, cursor=self.cursor, definitions=definitions
        )
        with context:
            found = definitions.resolve_sensor_def("after_others").evaluate_tick(context)
        self.cursor, self.told = found.cursor, found.skip_message
        self.requests = list(found.run_requests or [])
        return [one.tags["pgsync/sync"] for one in self.requests]


def make(project: Project, name: str, **tags: str) -> bool:
    key = name if "/" in name else f"crm/public/{name}"
    return project.run(key, tags=tags).success


def test_once_for_each_run_that_succeeded(chain: Project) -> None:
    assert make(chain, "items")
    sensor = Sensor(chain)
    assert sensor.tick() == []  # what was before says nothing
    assert make(chain, "items")  # although nothing had changed
    assert sensor.tick() == ["later"]
    assert sensor.tick() == []
    assert sensor.told == "no run has succeeded upstream since the last look"
    assert make(chain, "items")
    assert make(chain, "items")
    assert sensor.tick() == ["later"]  # which begins after both
    assert sensor.requests[0].run_key
    assert make(chain, "later")
    assert sensor.tick() == ["last"]
    tags = sensor.requests[0].tags
    assert (tags[START], tags[END]) == ("0", "1")
    assert make(chain, "last", **{START: "0", END: "1"})
    assert sensor.tick() == []


def test_what_failed_is_passed_over(chain: Project) -> None:
    sensor = Sensor(chain)
    sensor.tick()
    MEANWHILE.append(fail)
    assert not make(chain, "analytics/orders")
    assert sensor.tick() == []
    chain.pair.destination.execute("drop table later")
    assert make(chain, "analytics/orders")
    assert sensor.tick() == ["later"]
    assert not make(chain, "later")
    assert sensor.tick() == []
    chain.instance.report_runless_asset_event(dg.AssetMaterialization(["analytics", "orders"]))
    assert sensor.tick() == ["later"]


def test_a_run_that_found_the_sync_at_work_is_requested_again(
    chain: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    sensor = Sensor(chain)
    sensor.tick()
    assert make(chain, "items")
    assert sensor.tick() == ["later"]
    tags = {"dagster/sensor_name": "after_others", "pgsync/sync": "later"}
    with chain.syncs.keeper.connect() as session:
        key = lock_key("hightouch_planner", "later", "")
        session.execute("select pg_advisory_lock(%s)", [key])  # as `pgsync-assets run` does
        beside = chain.run("crm/public/later", tags=tags)
    assert beside.success
    assert sensor.tick() == []
    monkeypatch.setattr("pgsync_assets.assets.undone.AGAIN_AFTER", dt.timedelta(0))
    assert sensor.tick() == ["later"]
    assert sensor.requests[0].run_key == f"later again/{beside.run_id}"
    assert chain.run("crm/public/later", tags=tags).success
    assert sensor.tick() == ["last"]
    assert sensor.tick() == []


def test_success_upstream_waits_for_the_first_partition(chain: Project) -> None:
    def followed_by(**partitions: Any) -> None:
        syncs = [sync("items"), sync("later", after=["items"], partitions=partitions)]
        chain.write("syncs", "PgSyncComponent", syncs=syncs)

    followed_by(column="day", every="day", start="2099-01-01")
    sensor = Sensor(chain)
    sensor.tick()
    assert make(chain, "items")
    assert (sensor.tick(), sensor.told) == ([], "later: its first partition is yet to come")
    followed_by(hash=2)
    assert sensor.tick() == ["later"]


def test_runs_that_have_not_ended_are_waited_for(chain: Project) -> None:
    sensor = Sensor(chain)
    sensor.tick()
    seen: list[tuple[list[str], str | None]] = []
    MEANWHILE.append(lambda: seen.append((sensor.tick(), sensor.told)))
    assert make(chain, "analytics/orders")
    assert seen == [([], "later: a run upstream has not ended")]
    job = chain.definitions.resolve_implicit_global_asset_job_def()
    keys = {dg.AssetKey(["crm", "public", "later"])}
    run = chain.instance.create_run_for_job(job, asset_selection=keys)
    assert (sensor.tick(), sensor.told) == ([], "later: its last run has not ended")
    chain.instance.delete_run(run.run_id)
    chain.instance.create_run_for_job(job, asset_selection={dg.AssetKey(["analytics", "orders"])})
    assert sensor.tick() == ["later"]  # or it would never come, where upstream runs all the time
    assert sensor.tick() == []
