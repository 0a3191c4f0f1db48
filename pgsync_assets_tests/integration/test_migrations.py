"""The schemas of ours are made once, by numbered migrations; a newer one is refused."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pgsync_assets import plan, record
from pgsync_assets.connect import migrate
from pgsync_assets.errors import SchemaVersionError
from pgsync_assets.record import recent_runs, run_report
from pgsync_assets.write import Ledger

from ..fix_syncs import Syncs

SCHEMAS = {
    "hightouch_planner": ("source", "migrations"),
    "hightouch_audit": ("source", "migrations"),
    "pgsync_ledger": ("destination", "pgsync_migrations"),
}


@pytest.mark.parametrize("schema", SCHEMAS)
def test_a_newer_version_is_refused_and_nothing_is_written(syncs: Syncs, schema: str) -> None:
    syncs.table("id bigint primary key")
    syncs.run()
    syncs.pair.source.execute("insert into items values (1)")
    place, table = SCHEMAS[schema]
    side = getattr(syncs.pair, place)
    side.execute(f"insert into {schema}.{table} (number, name) values (999, 'of tomorrow')")
    with pytest.raises(SchemaVersionError, match=f"{schema} has version 999, this code knows"):
        syncs.run()
    assert syncs.pair.destination.rows("select count(*) from items") == [(0,)]


def test_a_second_run_migrates_nothing(syncs: Syncs) -> None:
    syncs.table("id bigint primary key")
    query = "select number, applied_at from hightouch_planner.migrations"
    syncs.run()
    applied = syncs.pair.source.rows(query)
    syncs.run()
    assert syncs.pair.source.rows(query) == applied


def test_two_processes_migrate_one_database_one_after_the_other(syncs: Syncs) -> None:
    source, destination = syncs.endpoints

    def prepared(number: int) -> None:
        with source.session(f"test {number}") as session:
            migrate(session, "hightouch_planner", plan.__name__)
            migrate(session, "hightouch_audit", record.__name__)
        with destination.session(f"test {number}") as session:
            Ledger.prepare(session, "pgsync_ledger")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(prepared, range(4)))
    known = sorted(path.name for path in Path(plan.__file__).parent.glob("migrations/*.sql"))
    applied = syncs.pair.source.rows("select name from hightouch_planner.migrations order by name")
    assert applied == [(name,) for name in known]


def test_the_audit_is_read_back_run_by_run(syncs: Syncs) -> None:
    syncs.table("id bigint primary key")
    syncs.pair.destination.execute("alter table items add check (id <> 2)")
    syncs.pair.source.execute("insert into items values (1), (2)")
    run_id = syncs.run().run_id
    source, _ = syncs.endpoints
    with source.session("test") as session:
        (run,) = recent_runs(session, "hightouch_audit", sync="items")
        report = run_report(session, "hightouch_audit", run_id)
        assert run_report(session, "hightouch_audit", run_id + 1) is None
    assert report is not None
    assert report.run == run
    assert (run.run_id, run.planned.added, run.succeeded.added, run.failed) == (run_id, 2, 1, 1)
    assert [(row.row_id, row.status) for row in report.failed] == [("2", "failed")]
