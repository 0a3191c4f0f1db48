"""What `sync_runs` says of a run beside its rows: who, how, how long, how much, and its error."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from psycopg.rows import dict_row

import pgsync_assets
from pgsync_assets.config import code_version
from pgsync_assets.errors import GuardError, ModelError, TerminalError

from ..fix_syncs import Syncs


@pytest.fixture
def items(either: Syncs) -> Syncs:
    """Five rows to send."""
    either.table("id int primary key, name text")
    either.pair.source.execute("insert into items select n, 'x' from generate_series(1, 5) as n")
    return either


def last_run(syncs: Syncs) -> dict[str, Any]:
    """All columns of the last run."""
    with syncs.keeper.connect() as connection:
        cursor = connection.cursor(row_factory=dict_row)
        query = "select * from hightouch_audit.sync_runs order by sync_run_id desc limit 1"
        found = cursor.execute(query).fetchone()
    assert found is not None
    return found


def test_a_run_says_how_it_was(items: Syncs) -> None:
    outcome = items.run(batch_size=2, audit="full")
    run = last_run(items)
    config = items.config()
    versions = ("source_version", "destination_version")
    for side, name in zip((items.pair.source, items.pair.destination), versions, strict=True):
        assert side.rows("show server_version")[0][0].startswith(run[name])
    told = {"mode": config.mode, "plan": "full", "attempts": 1, "run_by": "ada", "batches": 3}
    assert told.items() <= run.items()
    version = (pgsync_assets.__version__, code_version(config))
    assert (run["version"], run["code_version"]) == version
    assert (run["audit_level"], run["approved_at"], run["error_type"]) == ("full", None, None)
    assert (run["bytes"], run["bytes_read"]) == (outcome.bytes, outcome.bytes_read)
    assert outcome.bytes > 0
    assert run["duration"] == run["finished_at"] - run["started_at"] > dt.timedelta()
    assert {"connect", "plan", "write", "advance"} <= run["seconds"].keys()
    assert 0 < sum(run["seconds"].values()) <= outcome.seconds["total"] + 0.1
    items.pair.source.execute("update items set name = 'y' where id = 1")
    items.run()
    after = last_run(items)
    assert (after["plan"], after["audit_level"]) == ("changes", "keys")
    assert 0 < after["bytes"] < run["bytes"]


def test_a_held_plan_says_who_approved_it_and_its_wait_is_no_work(items: Syncs) -> None:
    items.run()
    items.pair.source.execute("delete from items")
    with pytest.raises(GuardError) as caught:
        items.run(delete="delete_row")
    held = last_run(items)
    assert (held["status"], held["error_type"], held["plan"]) == ("held", "GuardError", "changes")
    items.keeper.execute(
        "update hightouch_planner.runs set started_at = started_at - interval '1 day'"
    )
    assert caught.value.plan_id is not None
    items.apply(caught.value.plan_id, delete="delete_row")
    run = last_run(items)
    assert (run["sync_run_id"], run["status"]) == (held["sync_run_id"], "succeeded")
    assert (run["approved_by"], run["error_type"], run["attempts"]) == ("ada", None, 1)
    assert run["duration"] == run["finished_at"] - run["approved_at"] < dt.timedelta(minutes=5)


def test_a_failed_run_says_what_kind_of_error_it_was(items: Syncs) -> None:
    items.run()
    items.pair.source.execute("drop table items")
    with pytest.raises(ModelError):
        items.run()
    run = last_run(items)
    assert (run["error_type"], run["plan"], run["run_by"]) == ("ModelError", None, "ada")


def test_what_postgresql_said_of_a_failed_run(syncs: Syncs) -> None:
    syncs.table("id int primary key, name text")
    syncs.run()
    sql = "select id, (1 / (id - id))::text as name from items"
    syncs.pair.source.execute("insert into items values (1, 'x')")
    with pytest.raises(TerminalError):
        syncs.run(model={"sql": sql, "key": ["id"]})
    assert last_run(syncs)["sqlstate"] == "22012"
