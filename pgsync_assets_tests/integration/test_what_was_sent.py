"""The debugger's record: what each batch sent, in the audit; and never a value of a row."""

from __future__ import annotations

import os
import signal
import time
from typing import Any

import pytest

from pgsync_assets.errors import Contention, StatementTimeout

from ..fix_children import Child
from ..fix_syncs import Syncs
from ..invariants import violations

BATCHES = (
    "select batch, attempt, rows, removals, rejected, status, sqlstate"
    " from hightouch_audit.sync_batches where sync_run_id = {} order by 1, 2"
)
STEPS = (
    "select action, first_row, last_row, rows, sqlstate from hightouch_audit.sync_statements"
    " where sync_run_id = {} and batch = {} order by attempt, step"
)
EVERYTHING = (
    "select b::text from hightouch_audit.sync_batches as b"
    " union all select s::text from hightouch_audit.sync_statements as s"
    " union all select t::text from hightouch_audit.sync_statement_texts as t"
)
FILL = "insert into items select n, n from generate_series(1, 30) as n"
MARK = "zebra"  # in every value
Row = tuple[Any, ...]


def batches(syncs: Syncs, run: int) -> list[Row]:
    return syncs.keeper.rows(BATCHES.format(run))


def steps(syncs: Syncs, run: int, batch: int) -> list[Row]:
    return syncs.keeper.rows(STEPS.format(run, batch))


@pytest.fixture
def filled(syncs: Syncs) -> Syncs:
    """Thirty rows, which are in."""
    syncs.table("id int primary key, place int check (place < 900)")
    syncs.pair.source.execute("alter table items drop constraint items_place_check", FILL)
    assert syncs.run(batch_size=10).succeeded.added == 30
    return syncs


def test_what_a_first_sync_sends(filled: Syncs) -> None:
    copied = [("claim", None), ("copy", 10), ("constraints", None), ("commit", None)]
    for batch in (1, 2, 3):
        sent = steps(filled, 1, batch)
        assert [(action, rows) for action, _, _, rows, _ in sent] == copied
        assert {row[1:3] for row in sent} == {(10 * batch - 10, 10 * batch)}
    assert batches(filled, 1) == [(n, 1, 10, 0, 0, "committed", None) for n in (1, 2, 3)]
    found = filled.keeper.rows(
        "select t.text, sum(s.bytes) from hightouch_audit.sync_statements as s"
        " join hightouch_audit.sync_statement_texts as t using (sync_run_id, statement)"
        " where action = 'copy' group by 1"
    )
    (size,) = filled.keeper.rows("select sum(bytes) from hightouch_audit.sync_batches")[0]
    assert found == [('COPY "public"."items" ("id", "place") FROM STDIN (FORMAT binary)', size)]


def test_a_bad_row_shows_how_it_was_found(filled: Syncs) -> None:
    filled.pair.source.execute(
        "update items set place = case id when 17 then 900 else -id end",
        "delete from items where id = 3",
    )
    outcome = filled.run(delete="delete_row")
    assert batches(filled, outcome.run_id) == [(1, 1, 30, 1, 1, "committed", None)]
    sent = steps(filled, outcome.run_id, 1)
    writes = [row for row in sent if row[0] in ("write", "remove") and row[4] is None]
    undone = [row for row in writes if row[1:3] == (0, 30)]  # with the savepoint of the whole
    assert sum(row[3] for row in writes) - sum(row[3] for row in undone) == 29
    refused = [row[1:3] for row in sent if row[4] == "23514"]
    assert refused[0] == (0, 30)
    assert refused[-1][1] - refused[-1][0] == 1
    for (before, end), (first, last) in zip(refused, refused[1:], strict=False):
        assert before <= first < last <= end
    assert violations(filled, {"17"}) == []


def test_a_batch_that_waits_too_long_is_tried_again(
    filled: Syncs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pgsync_assets.connect.retry.PAUSES_S", ())
    filled.pair.source.execute("update items set place = -id")
    with filled.pair.destination.connect() as other, other.transaction():
        other.execute("select from items where id = 15 for update")
        with pytest.raises(Contention, match=r"show 2 --batch 2$"):
            filled.run(batch_size=10, lock_timeout_s=0.05)
    first = batches(filled, 2)
    assert first[1] == (2, 1, 10, 0, 0, "rolled_back", "55P03")
    outcome = filled.run(batch_size=10)
    again = [(n, 2 if n == 2 else 1, 10, 0, 0, "committed", None) for n in (2, 3)]
    assert batches(filled, 2) == [*first, *again]
    assert outcome.recovered is not None
    assert [(one.batch, one.attempt) for one in outcome.recovered.sent.shown] == [
        (1, 1),
        (2, 1),
        (2, 2),
        (3, 1),
    ]
    failing = [row for row in steps(filled, 2, 2) if row[4] == "55P03"]
    assert [row[0] for row in failing] == ["write"]
    assert violations(filled) == []


def test_a_statement_that_takes_too_long_is_named(filled: Syncs) -> None:
    filled.pair.destination.execute(
        "create function slow() returns trigger language plpgsql as"
        " $$ begin perform pg_sleep(0.1); return new; end $$",
        "create trigger slow before update on items for each row execute function slow()",
    )
    filled.pair.source.execute("update items set place = -id where id <= 5")
    with pytest.raises(StatementTimeout, match=r"statement_timeout_s; .* show 2 --batch 1$"):
        filled.run(statement_timeout_s=0.2)
    assert batches(filled, 2) == [(1, 1, 5, 0, 0, "rolled_back", "57014")]
    assert steps(filled, 2, 1)[-1] == ("write", 0, 5, None, "57014")


def test_a_run_that_is_killed_and_the_one_that_goes_on(filled: Syncs, child: Child) -> None:
    """Lines of batches before the last second are there; COMMITs in doubt are decided."""
    filled.pair.source.execute("update items set place = -id")
    child.start(filled, "batch claimed:stop", batch_size=10)
    what, pid = child.answer()
    assert what == "stopped"
    time.sleep(1.1)
    os.kill(pid, signal.SIGCONT)
    assert child.answer() == ("stopped", pid)  # in batch 2
    os.kill(pid, signal.SIGKILL)
    assert child.answer() == ("exit", -signal.SIGKILL)
    assert batches(filled, 2) == [(1, 1, 10, 0, 0, "committed", None)]
    filled.pair.source.execute(
        "update hightouch_audit.sync_batches set status = 'unknown' where sync_run_id = 2",
        "insert into hightouch_audit.sync_batches select sync_id, 2, 2, 1, '', now(), '1 s', 10,"
        " 20, 10, 0, 0, 0, 'unknown', null, null, 0 from hightouch_audit.sync_batches limit 1",
    )
    filled.run(batch_size=10)
    assert [(*row[:2], row[5]) for row in batches(filled, 2)] == [
        (1, 1, "committed"),
        (2, 1, "rolled_back"),
        (2, 2, "committed"),
        (3, 1, "committed"),
    ]
    assert violations(filled) == []


def test_hooks_are_before_and_behind_the_batches(filled: Syncs) -> None:
    filled.pair.source.execute("update items set place = -id where id = 1")
    hooks = {"before": ["set local work_mem = '8MB'", "select 1"], "after": ["select 2"]}
    outcome = filled.run(hooks=hooks)
    run = outcome.run_id
    assert [row[0] for row in steps(filled, run, 0)] == ["hooks.before", "hooks.before", "commit"]
    assert [row[0] for row in steps(filled, run, 2)] == ["hooks.after", "commit"]
    assert [row[:3] for row in batches(filled, run)] == [(0, 1, 0), (1, 1, 1), (2, 1, 0)]


def test_level_off_records_nothing(filled: Syncs) -> None:
    filled.pair.source.execute("update items set place = -id")
    outcome = filled.run(audit="off")
    assert (batches(filled, outcome.run_id), outcome.sent.total) == ([], 0)
    filled.pair.source.execute("update items set place = id")
    assert filled.run(audit="failures_only").sent.total == 1


def test_a_record_that_cannot_be_written_costs_a_note(filled: Syncs) -> None:
    filled.pair.source.execute(
        "update items set place = -id",
        f"revoke insert on hightouch_audit.sync_batches from {filled.pair.source.user}",
    )
    outcome = filled.run(batch_size=10)
    assert (outcome.succeeded.changed, outcome.sent.total) == (30, 0)
    (note,) = [note for note in outcome.notes if "not recorded" in note]
    assert "permission denied for table sync_batches" in note
    assert violations(filled) == []


SEEN = {
    "upsert": {"create", "stage", "analyze", "remove", "write", "keep", "narrow", "release"},
    "update": {"create", "stage", "analyze", "remove", "lock", "unmatched", "write"},
    "insert": {"copy"},
}
"""Actions that a mode is sure to have."""


@pytest.mark.parametrize("mode", list(SEEN))
def test_no_value_is_in_it(syncs: Syncs, mode: str) -> None:
    """Whatever refuses a row, in every mode; and every mode is in the record."""
    syncs.pair.source.execute("create table items (id text primary key, name text)")
    syncs.pair.destination.execute(
        "create table items (id text primary key, name varchar(60) unique,"
        " check (name !~ 'checked'))",
        "create function say() returns trigger language plpgsql as $$ begin"
        " if new.name ~ 'said' then raise 'no % here', new.name; end if; return new; end $$",
        "create trigger say before insert or update on items for each row execute function say()",
    )
    syncs.grant()
    fill = "insert into items select '{}' || n, '{}' || n from generate_series(1, 20) as n"
    syncs.pair.source.execute(fill.format(MARK, MARK))
    syncs.pair.destination.execute(fill.format(MARK, MARK))
    fields: dict[str, Any] = {"mode": mode, "max_rejected_rows": "100%"}
    if mode != "insert":
        fields["delete"] = "delete_row"
    syncs.run(**fields)
    syncs.pair.source.execute(
        "update items set name = name || repeat('x', 60) where id like '%3'",
        "update items set name = name || ' checked' where id like '%5'",
        "update items set name = name || ' said' where id like '%6'",
        f"update items set name = '{MARK}1' where id like '%7'",
        "delete from items where id like '%2'",
        f"insert into items values ('{MARK}new', '{MARK}said')",
    )
    outcome = syncs.run(**fields)
    assert outcome.rejected > 0
    found = [text for (text,) in syncs.keeper.rows(EVERYTHING)]
    assert len(found) > 10
    assert [text for text in found if MARK in text] == []
    seen = {a for (a,) in syncs.keeper.rows("select action from hightouch_audit.sync_statements")}
    assert SEEN[mode] <= seen, seen
