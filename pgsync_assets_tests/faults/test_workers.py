"""Runs on workers of several hosts: hosts that die, and brokers; nothing lost, nothing twice."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import dagster as dg
import pytest

from pgsync_assets.assets.workers.claims import WORKER_TAG

from ..fix_syncs import Syncs
from ..fix_workers import Host, Site
from ..invariants import log_writes, violations, writes
from .test_one_run_per_sync import WAITS

pytestmark = [
    pytest.mark.needs("redis-server"),
    pytest.mark.filterwarnings("ignore:Function `AssetSelection.sources` is deprecated"),
    pytest.mark.filterwarnings("ignore:The 'warn' method is deprecated"),  # Dagster's daemon
]
ROWS = 480
LOST_AFTER_S, POLL_S = 8, 1
SLACK_S = 10
"""Of a machine that has a lot to do: a look is late, a beat may come a moment after the kill."""
QUICK: dict[str, Any] = {
    "run_launcher": {"config": {"lost_after_seconds": LOST_AFTER_S}},
    "run_monitoring": {"poll_interval_seconds": POLL_S, "start_timeout_seconds": 60},
}


def partitioned(count: int) -> dict[str, Any]:
    return {"partitions": {"hash": count}, "delete": "delete_row", "batch_size": 10}


def fill(syncs: Syncs) -> None:
    syncs.table("id int primary key, name text")
    log_writes(syncs)
    syncs.pair.source.execute(
        f"insert into items select n, 'name ' || n from generate_series(1, {ROWS}) as n"
    )


def are_waiting(site: Site, runs: int) -> bool:
    return site.syncs.pair.destination.rows(WAITS) == [(runs,)]


def lost_and_found(site: Site, lost: list[dg.DagsterRun]) -> list[dg.DagsterRun]:
    """For each run that failed: the one that was made in its place."""
    return [next(run for run in site.runs() if run.parent_run_id == one.run_id) for one in lost]


@pytest.mark.parametrize("kind", ["postgresql", "redis"])
def test_a_host_is_lost_in_a_batch_and_the_broker_restarts(
    syncs: Syncs, site_of: Callable[..., Site], kind: str
) -> None:
    fill(syncs)
    site = site_of(kind, partitioned(4), **QUICK)
    first, second = site.start_hosts(2)
    with syncs.pair.destination.connect(autocommit=False) as blocker:
        blocker.execute("lock table items in share mode")
        site.backfill([str(n) for n in range(4)])
        site.until(lambda: are_waiting(site, 2), "two runs are in a batch")
        first.lose()
        lost_at = time.time()
        site.until(lambda: bool(failed(site)), "the lost worker is noticed")
        blocker.execute("rollback")
    site.broker.restart()
    site.until_ended()
    (dead,) = failed(site)
    assert first.has(dead.tags[WORKER_TAG])
    noticed_after_s = ended_at(site, dead) - lost_at
    assert LOST_AFTER_S <= noticed_after_s + POLL_S
    assert noticed_after_s <= LOST_AFTER_S + 2 * POLL_S + SLACK_S
    (retried,) = lost_and_found(site, [dead])
    assert retried.status is dg.DagsterRunStatus.SUCCESS
    assert second.has(retried.tags[WORKER_TAG])
    assert_all_is_there_once(site)


def failed(site: Site) -> list[dg.DagsterRun]:
    return [run for run in site.runs() if run.status is dg.DagsterRunStatus.FAILURE]


def ended_at(site: Site, run: dg.DagsterRun) -> float:
    record = site.instance.get_run_record_by_id(run.run_id)
    assert record is not None and record.end_time is not None
    return record.end_time


def assert_all_is_there_once(site: Site) -> None:
    assert violations(site.syncs) == []
    assert writes(site.syncs) == {("INSERT", str(n)): 1 for n in range(1, ROWS + 1)}
