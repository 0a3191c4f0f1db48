"""The schemas of ours are made once, by numbered migrations; a newer one is refused."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType

import pytest

from pgsync_assets import log, plan, record, write
from pgsync_assets.connect import migrate
from pgsync_assets.errors import SchemaVersionError, TerminalError
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


OLD_LOG = (
    "insert into {}.sync_runs (sync_id, sync_run_id, status, started_at, finished_at,"
    " num_planned_add, num_attempted_add, num_succeeded_add, num_failed_add)"
    " values ('items', 7, 'succeeded', now(), now(), 2, 2, 1, 1)",
    "insert into {}.sync_changelog (sync_id, sync_run_id, row_id, op_type, status, failure_reason,"
    " plan_row) values ('items', 7, '1', 'added', 'succeeded', null, 1),"
    " ('items', 7, '2', 'added', 'failed', 'too small', 2)",
    "insert into {}.sync_snapshot (sync_id, sync_run_id, row_id, op_type, status, failure_reason)"
    " select sync_id, sync_run_id, row_id, op_type, status, failure_reason from {}.sync_changelog",
)


@pytest.fixture
def old_audit(syncs: Syncs, monkeypatch: pytest.MonkeyPatch) -> Syncs:
    """The audit of a version that wrote `sync_snapshot` row by row, with a run in it."""
    of_version(syncs, monkeypatch, 4)
    for statement in OLD_LOG:
        syncs.pair.source.execute(statement.replace("{}", "hightouch_audit"))
    return syncs


STANDS = "select row_id, sync_run_id, status from hightouch_audit.sync_snapshot order by row_id"


def test_how_rows_stand_is_known_after_an_upgrade(old_audit: Syncs) -> None:
    source = old_audit.pair.source
    source.execute("insert into items values (3)")
    run = old_audit.run().run_id
    assert source.rows(STANDS) == [("1", 7, "succeeded"), ("3", run, "succeeded")]
    log = "select row_id, failure_reason from hightouch_audit.sync_changelog where sync_run_id = 7"
    assert sorted(source.rows(log)) == [("1", None), ("2", "too small")]


def test_a_view_of_somebody_on_the_old_tables_is_named(old_audit: Syncs) -> None:
    source = old_audit.pair.source
    source.execute("create view public.ours as select row_id from hightouch_audit.sync_snapshot")
    with pytest.raises(TerminalError, match=r"views read them: (public\.)?ours; drop these"):
        old_audit.run()
    assert len(source.rows(STANDS)) == 2
    source.execute("drop view public.ours")
    old_audit.run()
    source.execute("create view public.ours as select row_id from hightouch_audit.sync_snapshot")
    old_audit.run()


def of_version(syncs: Syncs, monkeypatch: pytest.MonkeyPatch, newest: int) -> Syncs:
    """The audit of an older version, with a run in it."""
    syncs.table("id bigint primary key")
    source, _ = syncs.endpoints
    with monkeypatch.context() as patch, source.session("older") as session:
        steps = migrate.__globals__["_steps"]
        first = lambda *place: {n: f for n, f in steps(*place).items() if n <= newest}  # noqa: E731
        patch.setitem(migrate.__globals__, "_steps", first)
        migrate(session, "hightouch_audit", record.__name__)
    return syncs


BIG_RUN = (
    *OLD_LOG[:2],
    "create table {}.changelog_7 (like {}.sync_changelog including defaults including constraints)",
    "insert into {}.changelog_7 (sync_id, sync_run_id, row_id, op_type, status, fields, plan_row)"
    """ values ('items', 7, '3', 'added', 'succeeded', '{{"id": 3}}', 3)""",
    "alter table {}.changelog_7 inherit {}.sync_changelog",
    "update {}.sync_runs set num_planned_add = 3, num_attempted_add = 3, num_succeeded_add = 2",
    "grant select on {}.sync_changelog to pg_monitor",
)


def test_a_log_that_was_a_table_is_shown_by_the_view(
    syncs: Syncs, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = of_version(syncs, monkeypatch, 9).pair.source
    with source.connect_as_role(autocommit=True) as connection:
        for statement in BIG_RUN:
            connection.execute(statement.format("hightouch_audit", "hightouch_audit").encode())
    syncs.run()
    log = "select row_id, status, fields from hightouch_audit.sync_changelog order by plan_row"
    assert source.rows(log) == [
        ("1", "succeeded", None),
        ("2", "failed", None),
        ("3", "succeeded", {"id": 3}),
    ]
    assert [row for row, *_ in source.rows(STANDS)] == ["1", "3"]
    may = "has_table_privilege('pg_monitor', 'hightouch_audit.sync_changelog', 'select')"
    assert source.rows(f"select {may}") == [(True,)]


def test_a_view_of_somebody_on_the_log_is_named(
    syncs: Syncs, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = of_version(syncs, monkeypatch, 9).pair.source
    theirs = "create view public.theirs as select row_id from hightouch_audit.sync_changelog"
    source.execute(theirs)
    with pytest.raises(TerminalError, match=r"views read the table: (public\.)?theirs; drop these"):
        syncs.run()
    source.execute("drop view public.theirs")
    syncs.run()
    source.execute(theirs)
    syncs.run()


@pytest.mark.parametrize("room", [plan, record, write, log])
def test_no_number_is_given_twice_or_left_out(room: ModuleType) -> None:
    folder = Path(str(room.__file__)).parent / "migrations"
    numbers = sorted(int(file.name[:3]) for file in folder.glob("*.sql"))
    assert numbers == list(range(1, len(numbers) + 1))
