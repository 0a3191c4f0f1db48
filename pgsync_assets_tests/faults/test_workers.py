"""Runs on workers of several hosts: hosts that die, and brokers; nothing lost, nothing twice."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import dagster as dg
import pytest

from pgsync_assets.assets.workers.broker import broker_of, celery_app
from pgsync_assets.assets.workers.claims import WORKER_TAG

from ..fix_syncs import Syncs
from ..fix_workers import Site
from ..invariants import log_writes, violations, writes
from .test_one_run_per_sync import WAITS

pytestmark = [
    pytest.mark.needs("redis-server"),
    pytest.mark.filterwarnings("ignore:Function `AssetSelection.sources` is deprecated"),
    pytest.mark.filterwarnings("ignore:The 'warn' method is deprecated"),  # Dagster's daemon
]
ROWS = 480
LOST_AFTER_S, POLL_S = 8, 1
NOTICED_S = 60
"""What docs/workers.md says of the settings in dagster.celery.yaml."""
QUEUE_TAG = "dagster-celery/queue"
SLACK_S = 10
"""Of a machine that has a lot to do: a look is late, a beat may come a moment after the kill."""
QUICK: dict[str, Any] = {
    "run_launcher": {"config": {"lost_after_seconds": LOST_AFTER_S}},
    "run_monitoring": {"poll_interval_seconds": POLL_S, "start_timeout_seconds": 600},
}


def partitioned(count: int) -> dict[str, Any]:
    return {"partitions": {"hash": count}, "delete": "delete_row", "batch_size": 10}


def fill(syncs: Syncs) -> None:
    syncs.table("id int primary key, name text")
    log_writes(syncs)
    syncs.pair.source.execute(
        f"insert into items select n, 'name ' || n from generate_series(1, {ROWS}) as n"
    )


@pytest.mark.nightly("each broker is met by one of these two by day", but=("postgresql",))
@pytest.mark.parametrize("kind", ["postgresql", "redis"])
def test_a_host_is_lost_in_a_batch_and_the_broker_restarts(
    syncs: Syncs, site_of: Callable[..., Site], kind: str
) -> None:
    fill(syncs)
    site = site_of(kind, partitioned(2), **QUICK)
    first, second = site.start_hosts(2)
    with in_a_batch(site, ["0", "1"]):
        first.lose()
        lost_at = time.time()
        site.until(lambda: bool(failed(site)), "the lost worker is noticed")
        site.until(lambda: len(in_the_broker(site)) == 1, "it is not tried again")
        site.broker.restart()  # while the run waits for the worker that is left
    site.until_ended()
    (dead,) = failed(site)
    assert first.has(dead.tags[WORKER_TAG])
    assert ended_at(site, dead) - lost_at <= LOST_AFTER_S + 2 * POLL_S + SLACK_S
    (retried,) = [run for run in site.runs() if run.parent_run_id == dead.run_id]
    assert site.status(retried) is dg.DagsterRunStatus.SUCCESS
    assert second.has(worker_of(site, retried))
    assert_all_is_there_once(site)
    assert_nothing_is_left(site)


@pytest.mark.nightly("each broker is met by one of these two by day", but=("redis",))
@pytest.mark.parametrize("kind", ["postgresql", "redis"])
def test_runs_are_ended_by_their_users_and_taken_once(
    syncs: Syncs, site_of: Callable[..., Site], kind: str
) -> None:
    fill(syncs)
    site = site_of(kind, partitioned(2) | {"tags": {QUEUE_TAG: "heavy"}}, **QUICK)
    (host,) = site.start_hosts(1, "--queue", "heavy")
    with in_a_batch(site, ["0"]):
        (running,) = site.runs()
        waiting = site.launch("1")
        for run in (waiting, running):
            assert site.instance.run_coordinator.cancel_run(run.run_id)
        assert site.status(waiting) is dg.DagsterRunStatus.CANCELED
        site.until(lambda: site.status(running) is dg.DagsterRunStatus.CANCELED, "never ended", 60)
    again = [site.launch(partition) for partition in ("0", "1")]
    for run in again:  # while the one is done, and after the other one is
        site.hand_out_again(run)
    site.until_ended()
    site.until(lambda: waiting_in(site, "heavy") == 0, "a message was not taken")
    for one in again:
        assert site.status(one) is dg.DagsterRunStatus.SUCCESS
        starts = site.instance.all_logs(one.run_id, of_type=dg.DagsterEventType.RUN_START)
        assert len(starts) == 1
    assert_all_is_there_once(site)
    host.press_ctrl_c()
    assert host.process.wait(60) == 0
    assert_nothing_is_left(site)


@pytest.mark.nightly("sixteen runs on two and on four hosts take minutes")
@pytest.mark.parametrize("count", [2, 4])
@pytest.mark.parametrize("kind", ["postgresql", "redis"])
def test_sixteen_partitions_through_everything_that_may_happen_to_workers(
    syncs: Syncs, site_of: Callable[..., Site], kind: str, count: int
) -> None:
    """With the times that users have: `dagster.celery.yaml` as it is."""
    fill(syncs)
    site = site_of(kind, partitioned(16), concurrency={"runs": {"max_concurrent_runs": count}})
    hosts = site.start_hosts(count)
    lost_at = []
    with in_a_batch(site, [f"{n:02}" for n in range(16)], count):
        hosts[0].kill_worker()  # it is started again
        lost_at.append(time.time())
    site.until(lambda: bool(failed(site)), "the killed worker is noticed", NOTICED_S + SLACK_S)
    site.broker.restart()
    with in_a_batch(site, []):
        hosts[1].lose()
        lost_at.append(time.time())
    site.until(lambda: len(failed(site)) == 2, "the lost host is noticed", NOTICED_S + SLACK_S)
    site.until_ended()
    killed, lost = sorted(failed(site), key=lambda run: ended_at(site, run))
    for dead, at in zip((killed, lost), lost_at, strict=True):
        assert ended_at(site, dead) - at <= NOTICED_S + SLACK_S
        assert site.status(retry_of(site, dead)) is dg.DagsterRunStatus.SUCCESS
    assert hosts[0].has(worker_of(site, killed))  # another process has its name since
    assert hosts[1].has(worker_of(site, lost))
    assert not hosts[1].has(worker_of(site, retry_of(site, lost)))
    assert_all_is_there_once(site)
    assert_nothing_is_left(site)


@contextmanager
def in_a_batch(site: Site, partitions: list[str], runs: int | None = None) -> Iterator[None]:
    """Asks for partitions; in the block so many runs wait for the destination in a batch, or one
    of those that were asked for before."""
    with site.syncs.pair.destination.connect(autocommit=False) as blocker:
        blocker.execute("lock table items in share mode")
        if partitions:
            site.backfill(partitions)
        expected = len(partitions) if runs is None else runs
        site.until(lambda: waiting_for_a_lock(site) >= max(expected, 1), "nobody is in a batch")
        yield


def in_the_broker(site: Site) -> list[dg.DagsterRun]:
    return [run for run in site.runs() if run.status is dg.DagsterRunStatus.STARTING]


def waiting_for_a_lock(site: Site) -> int:
    ((found,),) = site.syncs.pair.destination.rows(WAITS)
    return int(found)


def failed(site: Site) -> list[dg.DagsterRun]:
    return [run for run in site.runs() if run.status is dg.DagsterRunStatus.FAILURE]


def retry_of(site: Site, dead: dg.DagsterRun) -> dg.DagsterRun:
    (retried,) = [run for run in site.runs() if run.parent_run_id == dead.run_id]
    return retried


def worker_of(site: Site, run: dg.DagsterRun) -> str:
    found = site.instance.get_run_by_id(run.run_id)
    assert found is not None
    return found.tags[WORKER_TAG]


def ended_at(site: Site, run: dg.DagsterRun) -> float:
    record = site.instance.get_run_record_by_id(run.run_id)
    assert record is not None and record.end_time is not None
    return record.end_time


def waiting_in(site: Site, queue: str) -> int:
    """Messages that no worker has taken."""
    with celery_app(broker_of(site.instance, site.variables)).connection() as connection:
        told = connection.default_channel.queue_declare(queue=queue)
        return int(told.message_count)


def assert_nothing_is_left(site: Site) -> None:
    """No claim, no message, and no slot of a pool: that of a run that died goes after a while."""
    storage = site.instance.event_log_storage
    assert storage.get_concurrency_keys() == {"dest_crm"}
    site.until(
        lambda: storage.get_concurrency_info("dest_crm").active_slot_count == 0, "a slot is taken"
    )
    broker_of(site.instance).sweep()
    with site.storage.connect(site.variables["DAGSTER_PG_DB"]) as connection:
        assert connection.execute("select run_id from pgsync_run_workers").fetchall() == []
        if not site.variables.get("PGSYNC_BROKER"):
            assert connection.execute("select payload from kombu_message").fetchall() == []


def assert_all_is_there_once(site: Site) -> None:
    assert violations(site.syncs) == []
    assert writes(site.syncs) == {("INSERT", str(n)): 1 for n in range(1, ROWS + 1)}
