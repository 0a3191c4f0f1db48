"""The log of a big run is a table of its own; who reads the log sees no difference."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from pgsync_assets.errors import PgsyncError
from pgsync_assets.outcome import Counts, Outcome
from pgsync_assets.record import own_table
from pgsync_assets.steps import settle

from ..fix_syncs import Syncs
from ..invariants import violations

PAGE = (Path(__file__).parents[2] / "docs" / "audit.md").read_text(encoding="utf-8")
LOG = "hightouch_audit.sync_changelog"
CHILDREN = """
    select inhrelid::regclass::text from pg_inherits
    where inhparent in (
        'hightouch_audit.changelog_rows'::regclass, 'hightouch_audit.changelog_columns'::regclass
    ) order by inhrelid
"""
LEFT = """
    select relname from pg_class
    where relkind = 'r' and (relname like 'early%' or relname like '%\\_new')
"""
SNAPSHOT = """
    select row_id, sync_run_id, op_type, status, fields->>'name'
    from hightouch_audit.sync_snapshot order by row_id
"""
REFUSE = (
    "create function public.refuse() returns trigger language plpgsql"
    " as $$ begin raise exception 'no audit today'; end $$",
    "create trigger refuse before insert on hightouch_audit.sync_runs"
    " for each row execute function public.refuse()",
)
FULL: dict[str, Any] = {"audit": "full", "batch_size": 2, "delete": "delete_row"}


def fill(syncs: Syncs) -> None:
    """Rows 1 to 6 to send; row 4 is refused."""
    syncs.table("id int primary key, name text")
    syncs.pair.destination.execute("alter table items add constraint good check (name <> 'bad')")
    syncs.pair.source.execute(
        "insert into items select n, case n when 4 then 'bad' else 'a' end"
        " from generate_series(1, 6) as n"
    )


def log(syncs: Syncs, run: int) -> list[tuple[Any, ...]]:
    """What it says of a run."""
    return syncs.keeper.rows(f"""
        select row_id, op_type, status, failure_reason is null, fields->>'name', plan_row, batch
        from {LOG} where sync_id = 'items' and sync_run_id = {run} and partition = ''
        order by plan_row
    """)  # noqa: S608


@pytest.mark.parametrize(("rows", "tables"), [(4, ["1", "4"]), (100, [])])
def test_the_log_says_the_same_wherever_its_rows_are(
    every: Syncs, monkeypatch: pytest.MonkeyPatch, rows: int, tables: list[str]
) -> None:
    monkeypatch.setattr(own_table, "OWN_TABLE", rows)
    fill(every)
    every.run(**FULL)
    assert log(every, 1) == [
        ("1", "added", "succeeded", True, "a", 1, 1),
        ("2", "added", "succeeded", True, "a", 2, 1),
        ("3", "added", "succeeded", True, "a", 3, 2),
        ("4", "added", "failed", False, "bad", 4, 2),
        ("5", "added", "succeeded", True, "a", 5, 3),
        ("6", "added", "succeeded", True, "a", 6, 3),
    ]
    every.pair.source.execute(
        "update items set name = 'b' where id = 1", "delete from items where id = 2"
    )
    every.run(**FULL)
    assert every.keeper.rows(SNAPSHOT) == [
        ("1", 2, "changed", "succeeded", "b"),
        ("3", 1, "added", "succeeded", "a"),
        ("4", 2, "added", "failed", "bad"),
        ("5", 1, "added", "succeeded", "a"),
        ("6", 1, "added", "succeeded", "a"),
    ]
    every.pair.source.execute("update items set name = 'good' where id = 4")
    every.run(**FULL)
    every.pair.source.execute("delete from items where id = 3")
    assert every.run(full_resync=True, **FULL).succeeded == Counts(0, 4, 1)
    assert [(row[0], row[1], row[2], row[5]) for row in log(every, 4)][:1] == [
        ("3", "removed", "succeeded", 1)
    ]
    assert [row[:3] for row in every.keeper.rows(SNAPSHOT)] == [
        (key, 4, "changed") for key in ("1", "4", "5", "6")
    ]
    names = [f"hightouch_audit.changelog_{run}" for run in tables]
    assert [name for (name,) in every.keeper.rows(CHILDREN)] == names
    assert every.keeper.rows(LEFT) == []
    assert violations(every) == []


@pytest.fixture
def big(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two rows are a big run."""
    monkeypatch.setattr(own_table, "OWN_TABLE", 2)


@pytest.mark.usefixtures("big")
def test_a_run_that_is_given_up_shows_what_it_delivered(syncs: Syncs) -> None:
    fill(syncs)
    with pytest.raises(PgsyncError):
        syncs.run(**FULL, max_rejected_rows=0)
    shown = [("1", "succeeded"), ("2", "succeeded")]
    assert [(row[0], row[2]) for row in log(syncs, 1)] == [
        *shown,
        *((key, "aborted") for key in "3456"),
    ]
    assert syncs.keeper.rows(LEFT) == []
    own = "select row_id, status from hightouch_audit.changelog_1 order by 1"
    assert syncs.keeper.rows(own) == shown


@pytest.mark.usefixtures("big")
def test_what_a_failed_settlement_wrote_early_is_shown_by_none_and_dropped(syncs: Syncs) -> None:
    syncs.table("id int primary key, name text")
    syncs.run()
    syncs.pair.source.execute("insert into items values (1, 'a'), (2, 'b'), (3, 'c')", *REFUSE)
    with pytest.raises(PgsyncError):
        syncs.run(**FULL)
    assert log(syncs, 2) == []
    assert len(syncs.keeper.rows(LEFT)) > 0
    syncs.pair.source.execute("drop trigger refuse on hightouch_audit.sync_runs")
    syncs.run(**FULL)
    assert [row[0] for row in log(syncs, 2)] == ["1", "2", "3"]
    syncs.pair.source.execute("update items set name = 'd'")
    syncs.run(**FULL)
    assert syncs.keeper.rows(LEFT) == []
    assert [row[1:] for row in syncs.keeper.rows(SNAPSHOT)] == [
        (4, "changed", "succeeded", "d")
    ] * 3


@pytest.mark.usefixtures("big")
def test_the_log_is_written_at_the_end_where_no_session_is_left_for_it(syncs: Syncs) -> None:
    fill(syncs)
    source = syncs.pair.source
    syncs.run(audit="off", row_limit=1)
    source.execute(f"alter database {source.database} connection limit 2")
    source.leave()
    assert syncs.run(**FULL).failed.total == 1
    assert len(source.rows(CHILDREN)) == 1


@pytest.mark.usefixtures("big")
def test_the_settlement_of_a_big_run_keeps_nobody_waiting(
    syncs: Syncs, monkeypatch: pytest.MonkeyPatch
) -> None:
    syncs.source = {"lock_timeout_s": 1}
    fill(syncs)
    syncs.table("id int primary key, name text", "others")
    syncs.pair.source.execute("insert into others values (1, 'a')")
    other: dict[str, Any] = {
        "name": "others",
        "model": {"table": "public.others", "key": ["id"]},
        "table": "public.others",
    }
    settling: list[str] = []
    during: list[Outcome] = []

    def meanwhile(name: str) -> None:
        settling.append(name)
        if settling == ["audit written"]:
            during.append(syncs.run(**other))
            assert syncs.keeper.rows(f"select sync_id from {LOG}") == [("others",)]  # noqa: S608

    monkeypatch.setattr(settle, "failpoint", meanwhile)
    syncs.run(**FULL)
    assert [outcome.succeeded for outcome in during] == [Counts(1)]
    assert len(log(syncs, 1)) == 6


def test_what_the_page_asks_is_answered_by_an_index(syncs: Syncs) -> None:
    fill(syncs)
    syncs.run(**FULL, name="customers")
    asked = re.findall(r"```sql\n(.*?)```", PAGE.split("## In the destination")[0], re.DOTALL)
    one_row, failures = (query.replace("'42'", "'4'") for query in asked[:2])
    assert [row[:3] for row in syncs.keeper.rows(one_row)] == [(1, "added", "failed")]
    assert [row[:2] for row in syncs.keeper.rows(failures)] == [("4", "added")]
    plan = " ".join(line for (line,) in syncs.keeper.rows(f"explain {failures}"))
    assert "changelog" not in plan
