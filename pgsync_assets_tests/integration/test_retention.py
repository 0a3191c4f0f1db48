"""Retention takes what is old, and nothing that anybody needs still."""

from __future__ import annotations

import datetime as dt
from importlib import import_module
from typing import Any

import pytest

from pgsync_assets import operations
from pgsync_assets.config import RetentionConfig
from pgsync_assets.errors import Contention
from pgsync_assets.failpoints import VARIABLE, FailpointReached
from pgsync_assets.plan import Planner
from pgsync_assets.steps.retention import DatabasePass, Retention

from ..fix_databases import PLANNER_SCHEMA, Side
from ..fix_syncs import Syncs

KEPT = {"runs": "300 days", "changelog": "30 days", "statements": "7 days"}
own_table = import_module("pgsync_assets.record.own_table")
module = import_module("pgsync_assets.record.prune")


@pytest.fixture
def filled(syncs: Syncs) -> Syncs:
    """Rows 1 to 4 to send; row 4 is refused."""
    syncs.table("id int primary key, name text")
    syncs.pair.destination.execute("alter table items add constraint good check (name <> 'bad')")
    syncs.pair.source.execute("insert into items values (1, 'a'), (2, 'b'), (3, 'c'), (4, 'bad')")
    return syncs


def age(side: Side, days: int) -> None:
    """All that has ended until now did so some days earlier."""
    older = f"- interval '{days} days'"
    side.execute(
        f"update hightouch_audit.sync_runs set finished_at = finished_at {older},"
        f" looked_at = looked_at {older}",
        f"update hightouch_planner.runs set closed_at = closed_at {older}",
    )


def passes(syncs: Syncs, *configs: Any, dry_run: bool = False, **kept: Any) -> list[DatabasePass]:
    default = RetentionConfig.model_validate({**KEPT, **kept})
    ends = [*syncs.endpoints, syncs.platform_endpoint]
    retention = Retention(configs or [syncs.config()], default, print, dry_run)
    return list(retention.over(end for end in ends if end is not None))


def prune(syncs: Syncs, *configs: Any, **kept: Any) -> dict[str, int]:
    """As `prune_all`, without what was sent: every run has that, and one test is about it."""
    went = prune_all(syncs, *configs, **kept)
    return {table: rows for table, rows in went.items() if table not in module.SENT}


def prune_all(syncs: Syncs, *configs: Any, **kept: Any) -> dict[str, int]:
    """Rows that went, by table; those of planner and audit have names of their own."""
    (only,) = passes(syncs, *configs, **kept)
    assert only.error is None and only.pruned is not None
    return {one.name.partition(".")[2]: one.deleted for one in only.pruned.tables if one.deleted}


def logged(side: Side) -> list[tuple[int, str]]:
    """Runs and rows in the log."""
    query = "select sync_run_id, row_id from hightouch_audit.sync_changelog order by 1, 2"
    return side.rows(query)


def stands(side: Side) -> list[tuple[str, str]]:
    """How each row stands."""
    return side.rows("select row_id, status from hightouch_audit.sync_snapshot order by 1")


def runs(side: Side, schema: str = "hightouch_audit") -> list[int]:
    table = "sync_runs" if schema == "hightouch_audit" else "runs"
    column = "sync_run_id" if schema == "hightouch_audit" else "id"
    return [run for (run,) in side.rows(f"select {column} from {schema}.{table} order by 1")]


def change(syncs: Syncs, row: int = 1) -> None:
    syncs.pair.source.execute(f"update items set name = name || 'x' where id = {row}")


def test_the_log_goes_first_then_runs_and_the_last_ones_stay(filled: Syncs) -> None:
    source = filled.pair.source
    source.execute("delete from items where id = 4")
    for _ in range(3):
        filled.run()
        change(filled)
    assert prune(filled) == {}
    age(source, 31)
    filled.run()
    before = stands(source)
    assert prune(filled, dry_run=True) == {"sync_changelog": 3, "runs": 3}
    assert len(logged(source)) == 6
    assert prune(filled) == {"sync_changelog": 3, "runs": 3}
    assert logged(source) == [(1, "2"), (1, "3"), (4, "1")]  # the newest of each row
    assert stands(source) == before
    assert runs(source) == [1, 2, 3, 4] and runs(source, "hightouch_planner") == [4]
    pruned = "select sync_run_id from hightouch_audit.sync_runs where pruned_at is not null"
    assert [run for (run,) in source.rows(pruned)] == [1, 2, 3]
    age(source, 300)
    assert prune(filled, dry_run=True) == {"sync_runs": 2}
    assert prune(filled) == {"sync_runs": 2}
    assert (runs(source), stands(source)) == ([1, 4], before)
    assert prune(filled) == {}
    change(filled)
    assert filled.run().succeeded.changed == 1
    assert filled.verify().in_step


def test_a_removal_stays_as_long_as_it_hides_what_was_there(filled: Syncs) -> None:
    source = filled.pair.source
    delete: dict[str, Any] = {"delete": "delete_row", "guard": {"max_removed": "100%"}}
    filled.run(**delete)
    source.execute("delete from items where id < 3", "update items set name = 'd' where id = 3")
    filled.run(**delete)
    age(source, 31)
    assert prune(filled) == {"sync_changelog": 3}
    assert logged(source) == [(1, "4"), (2, "1"), (2, "2"), (2, "3"), (2, "4")]
    assert [row for row, _ in stands(source)] == ["3", "4"]
    age(source, 31)
    assert prune(filled) == {"sync_changelog": 2}
    assert [row for row, _ in stands(source)] == ["3", "4"]


def test_a_table_of_a_big_run_is_dropped_when_nothing_of_it_is_new(
    filled: Syncs, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = filled.pair.source
    tables = "select relname from pg_class where relname ~ '^changelog_[0-9]+$' order by 1"
    monkeypatch.setattr(own_table, "OWN_TABLE", 3)
    filled.run()
    change(filled)
    filled.run()
    age(source, 31)
    assert prune(filled) == {"sync_changelog": 1}  # row 1, of the table of run 1
    assert logged(source) == [(1, "2"), (1, "3"), (1, "4"), (2, "1"), (2, "4")]
    filled.run(full_resync=True)
    before = stands(source)
    age(source, 31)
    assert source.rows(tables) == [("changelog_1",), ("changelog_3",)]
    assert prune(filled, dry_run=True)["sync_changelog"] == 3
    assert prune(filled) == {"sync_changelog": 3, "runs": 1, "rejections": 1}
    assert source.rows(tables) == [("changelog_3",)]
    assert stands(source) == before
    assert (1, "4") in logged(source)  # refused since then


def test_what_is_refused_now_stays_back_to_its_first_attempt(filled: Syncs) -> None:
    source = filled.pair.source
    for _ in range(3):
        filled.run(retry_rejected=False)
        change(filled)
        filled.pair.source.execute("update items set name = 'bad', id = 4 where id = 4")
    assert logged(source) == [(1, "1"), (1, "2"), (1, "3"), (1, "4"), (2, "1"), (3, "1")]
    age(source, 400)
    assert prune(filled) == {"sync_changelog": 2, "sync_runs": 1, "runs": 1}
    assert logged(source) == [(1, "2"), (1, "3"), (1, "4"), (3, "1")]
    assert runs(source) == [1, 3]
    assert source.rows("select row_id from hightouch_audit.sync_snapshot where status = 'failed'")
    assert prune(filled) == {}
    source.execute("update items set name = 'good' where id = 4")
    filled.run()
    age(source, 400)
    assert prune(filled) == {
        "sync_changelog": 2,
        "sync_runs": 1,
        "runs": 2,
        "rejections": 1,
    }


def twice(syncs: Syncs, **fields: Any) -> None:
    """All rows are sent, and sent again: what the first run logged is the newest of no row."""
    syncs.run(**fields)
    syncs.run(full_resync=True, **fields)


def test_a_sync_says_how_long_and_goes_on_saying_it_when_it_is_deleted(filled: Syncs) -> None:
    source = filled.pair.source
    for_ever: dict[str, Any] = {"audit": {"keep": {"changelog": -1}}}
    short: dict[str, Any] = {"name": "short", "audit": {"keep": {"changelog": "5 days"}}}
    twice(filled, **for_ever)
    twice(filled, **short)
    age(source, 6)
    mine = filled.config(**for_ever), filled.config(**short)
    twice(filled, name="unsaid")  # somebody else's, or deleted yesterday
    assert prune(filled, *mine) == {"sync_changelog": 3}
    age(source, 60)
    assert [row for run, row in logged(source) if run == 3] == ["4"]  # it is refused still
    assert prune(filled, filled.config(name="another")) == {"sync_changelog": 3}
    assert [row for run, row in logged(source) if run in (1, 5)] == ["1", "2", "3", "4", "4"]
    age(source, 300)
    assert prune(filled, filled.config(name="another")) == {}
    assert runs(source) == [1, 2, 3, 4, 5, 6]


def test_another_projects_sync_is_left_alone_while_it_runs(filled: Syncs) -> None:
    source, mine = filled.pair.source, filled.config(name="mine")
    filled.run(name="theirs")
    age(source, 40)
    filled.run(full_resync=True, name="theirs")
    assert prune(filled, mine) == {}
    age(source, 31)
    assert prune(filled, mine) == {"sync_changelog": 3}


def test_what_was_dropped_goes_altogether(filled: Syncs) -> None:
    source, other = filled.pair.source, filled.config(name="other")
    filled.run()
    source.execute("create table kept as table hightouch_audit.snapshot_failures")
    operations.drop(filled.config(), *filled.endpoints)
    # As a version left it that did not forget how rows stood.
    source.execute("insert into hightouch_audit.snapshot_failures table kept")
    age(source, 20)
    assert prune(filled, other) == {}
    age(source, 20)
    assert prune(filled, other, dry_run=True) == {"sync_changelog": 4, "snapshot_failures": 1}
    assert prune(filled, other) == {"sync_changelog": 4, "snapshot_failures": 1}
    assert (stands(source), runs(source)) == ([], [1])
    age(source, 300)
    assert prune(filled, other) == {"sync_runs": 1}


def test_runs_of_a_former_name_are_kept_as_those_of_the_new_one(filled: Syncs) -> None:
    source = filled.pair.source
    twice(filled)
    articles = filled.config(name="articles", audit={"keep": {"changelog": "100 days"}})
    operations.move("items", articles, *filled.endpoints)
    before = stands(source)
    age(source, 50)
    assert prune(filled, articles) == {}
    age(source, 60)
    assert prune(filled, articles) == {"sync_changelog": 3}
    age(source, 300)
    assert prune(filled, articles) == {}
    assert (runs(source), stands(source)) == ([1, 2], before)


def test_an_open_plan_keeps_what_it_was_made_of(
    filled: Syncs, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = filled.pair.source
    source.execute("delete from items where id = 4")
    filled.run()
    change(filled)
    plan = filled.plan()
    age(source, 1000)
    assert prune(filled) == {}
    assert filled.apply(plan.run_id).succeeded.changed == 1
    change(filled)
    with monkeypatch.context() as patch, pytest.raises(FailpointReached):
        patch.setenv(VARIABLE, "audit written:raise")
        filled.run()
    age(source, 1000)
    assert prune(filled) == {"sync_changelog": 1, "runs": 1}
    change(filled, 2)
    assert filled.run().succeeded.changed == 1
    assert filled.verify().in_step


def test_a_run_that_settles_meanwhile_loses_nothing_and_waits_for_nobody(
    filled: Syncs, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = filled.pair.source
    filled.run()
    change(filled)
    filled.run()
    age(source, 50)
    settled = []

    def meanwhile(name: str) -> None:
        """The transaction of the pass is open, and has deleted rows."""
        change(filled, 2)
        settled.append(filled.run().run_id)

    with monkeypatch.context() as patch:
        patch.setattr(module, "failpoint", meanwhile)
        patch.setattr(module, "ROWS", 2)
        prune(filled)
    assert len(settled) > 1
    rows = [row for row in logged(source) if row[0] in settled]
    assert rows == sorted((run, row) for run in settled for row in ("2", "4"))
    assert filled.verify().in_step


def test_a_pass_that_was_killed_is_gone_on_with(
    filled: Syncs, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = filled.pair.source
    twice(filled)
    age(source, 50)
    monkeypatch.setattr(module, "ROWS", 1)
    for left in (2, 1):
        with monkeypatch.context() as patch, pytest.raises(FailpointReached):
            patch.setenv(VARIABLE, "rows gone:raise")
            prune(filled)
        assert len([run for run, _ in logged(source) if run == 1]) == left + 1
        assert filled.verify().in_step  # the log of a run is less than its counts say, and says so
    assert prune(filled) == {"sync_changelog": 1}
    assert [row for run, row in logged(source) if run == 1] == ["4"]


def test_the_time_is_shared_and_what_is_left_is_the_next_ones(filled: Syncs) -> None:
    twice(filled)
    age(filled.pair.source, 50)
    at_once = RetentionConfig.model_validate(KEPT).model_copy(update={"at_most": dt.timedelta()})
    (stopped,) = Retention([filled.config()], at_once, print).over(filled.endpoints)
    assert stopped.pruned is not None and not stopped.pruned.is_done
    assert len(logged(filled.pair.source)) == 8
    assert prune(filled) == {"sync_changelog": 3}


def test_what_was_sent_goes_with_its_texts(filled: Syncs) -> None:
    source = filled.pair.source
    filled.run()
    filled.run()
    source.execute("""
        insert into hightouch_audit.sync_batches (sync_id, sync_run_id, batch, attempt, started_at,
            duration, first_row, last_row, rows, removals, rejected, bytes, status, statements)
        select 'items', run, 99, 1, now() - interval '40 days', '1 s', 0, 1, 1, 0, 0, 1,
            'committed', 1
        from unnest(array[1, 2, 3]) as run
    """)
    source.execute("""
        insert into hightouch_audit.sync_statements (sync_run_id, batch, attempt, step, action,
            started_at, duration, statement)
        select run, 99, 1, 1, 'copy', now(), '1 s', 99 from unnest(array[1, 2, 3]) as run
    """)
    source.execute("""
        insert into hightouch_audit.sync_statement_texts
        select run, 99, 'COPY' from unnest(array[1, 2, 3]) as run
    """)
    source.execute("""
        update hightouch_audit.sync_runs set finished_at = finished_at - interval '8 days'
        where sync_run_id = 1
    """)
    gone = prune_all(filled)  # run 3 was given up: it is as old as its batches
    names = ("sync_batches", "sync_statements", "sync_statement_texts")
    left = [source.rows(f"select sync_run_id from hightouch_audit.{name}") for name in names]
    assert all({run for (run,) in rows} == {2} for rows in left)
    assert all(gone[name] >= 2 for name in names)


def test_locked_rows_are_left_to_the_next_pass(
    filled: Syncs, monkeypatch: pytest.MonkeyPatch
) -> None:
    twice(filled)
    age(filled.pair.source, 50)
    monkeypatch.setattr(module, "LOCK_WAIT", "50ms")
    with filled.pair.source.connect(autocommit=False) as other:
        other.execute("select from hightouch_audit.changelog_rows for update")
        (only,) = passes(filled)
    assert isinstance(only.error, Contention)
    assert prune(filled) == {"sync_changelog": 3}


def test_a_number_is_never_given_again(filled: Syncs) -> None:
    """Neither of a run that retention took, nor of one that a dropped state had."""
    filled.run()
    filled.run(name="short")
    operations.drop(filled.config(name="short"), *filled.endpoints)
    source, _ = filled.endpoints
    with source.session("pgsync/test") as session, session.transaction("numbering") as connection:
        planner = Planner(session, PLANNER_SCHEMA)
        values = {"schema": PLANNER_SCHEMA, "run": 1}
        connection.execute(planner.statement("number_runs.sql"), values)
    assert filled.run().run_id > 2


def test_what_was_forgotten_goes_with_its_run(filled: Syncs) -> None:
    source = filled.pair.source
    filled.run()
    source.execute(
        "update hightouch_audit.changelog_rows set row_id = '(forgotten)' where plan_row = 1"
    )
    age(source, 31)
    assert prune(filled) == {"sync_changelog": 1}
    assert [row for _, row in logged(source)] == ["2", "3", "4"]
