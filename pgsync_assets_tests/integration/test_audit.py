"""The audit tells the truth of each run: counts, changelog and snapshot, at each level."""

from __future__ import annotations

import pytest

from ..fix_syncs import Syncs

Told = list[tuple[str, str, str]]


@pytest.fixture
def told(syncs: Syncs) -> Syncs:
    """Rows 1 to 3 to send; row 3 is refused."""
    syncs.table("id int primary key, name text")
    syncs.pair.destination.execute("alter table items add constraint good check (name <> 'bad')")
    syncs.pair.source.execute("insert into items values (1, 'a'), (2, 'b'), (3, 'bad')")
    return syncs


def changelog(syncs: Syncs) -> Told:
    """Of the last run."""
    return syncs.pair.source.rows("""
        select row_id, op_type, status from hightouch_audit.sync_changelog
        where sync_run_id = (select max(sync_run_id) from hightouch_audit.sync_runs) order by 1
    """)


def snapshot(syncs: Syncs) -> Told:
    return syncs.pair.source.rows(
        "select row_id, op_type, status from hightouch_audit.sync_snapshot order by 1"
    )


def counts(syncs: Syncs) -> tuple[object, ...]:
    """Of the last run: planned, attempted, succeeded and failed, of each operation."""
    return syncs.pair.source.rows("""
        select status,
            array[num_planned_add, num_planned_change, num_planned_remove],
            array[num_attempted_add, num_attempted_change, num_attempted_remove],
            array[num_succeeded_add, num_succeeded_change, num_succeeded_remove],
            array[num_failed_add, num_failed_change, num_failed_remove]
        from hightouch_audit.sync_runs order by sync_run_id desc limit 1
    """)[0]


FIRST = [("1", "added", "succeeded"), ("2", "added", "succeeded"), ("3", "added", "failed")]
LEVELS: dict[str, Told] = {
    "off": [],
    "failures_only": FIRST[2:],
    "keys": FIRST,
    "full": FIRST,
}


@pytest.mark.parametrize("level", LEVELS)
def test_a_level_keeps_what_it_says(told: Syncs, level: str) -> None:
    told.run(audit=level, delete="delete_row")
    assert changelog(told) == snapshot(told) == LEVELS[level]
    assert counts(told) == ("succeeded", [3, 0, 0], [3, 0, 0], [2, 0, 0], [1, 0, 0])
    fields = "select distinct fields is null from hightouch_audit.sync_changelog"
    assert told.pair.source.rows(fields) == ([(level != "full",)] if LEVELS[level] else [])
    told.pair.source.execute("delete from items where id = 1", "update items set name = 'c'")
    told.run(audit=level, delete="delete_row")
    assert counts(told) == ("succeeded", [1, 1, 1], [1, 1, 1], [1, 1, 1], [0, 0, 0])
    keeps = level in ("keys", "full")
    after = [("2", "changed", "succeeded"), ("3", "added", "succeeded")]
    assert snapshot(told) == (after if keeps else [])
    removed = [("1", "removed", "succeeded")]
    assert changelog(told) == (removed + after if keeps else [])


def test_level_full_keeps_the_fields_and_never_in_the_reason(told: Syncs) -> None:
    told.run(audit="full")
    query = "select fields, failure_reason from hightouch_audit.sync_changelog where row_id = '3'"
    ((fields, reason),) = told.pair.source.rows(query)
    assert fields == {"id": 3, "name": "bad"}
    assert "constraint good" in reason
    assert "'bad'" not in reason and "(3," not in reason


def test_level_full_keeps_fields_of_any_name_and_number(syncs: Syncs) -> None:
    more = ", ".join(f"c{n} int" for n in range(120))
    syncs.table(f'id int primary key, f json, "a""b" text[], "%" numeric, {more}')
    syncs.pair.source.execute("""insert into items values (1, '{"b": "\\u0000"}', '{x}', 1.50)""")
    syncs.run(audit="full")
    ((fields,),) = syncs.pair.source.rows("select fields from hightouch_audit.sync_changelog")
    nothing = {f"c{n}": None for n in range(120)}
    named = {"id": 1, "f": '{"b": "\\u0000"}', 'a"b': "{x}", "%": 1.5}
    assert fields == named | nothing


@pytest.mark.parametrize("level", ["failures_only", "keys", "full"])
@pytest.mark.parametrize(
    "mend",
    [
        "update items set name = 'good' where id = 3",
        "delete from items where id = 3",
    ],
)
def test_a_failure_that_was_mended_is_listed_no_longer(told: Syncs, level: str, mend: str) -> None:
    told.run(audit=level, delete="delete_row")
    told.pair.source.execute(mend)
    told.run(audit=level, delete="delete_row")
    assert [row for row in snapshot(told) if row[2] != "succeeded"] == []


@pytest.mark.parametrize("level", ["failures_only", "keys"])
def test_a_change_taken_back_is_listed_no_longer(told: Syncs, level: str) -> None:
    told.run(audit=level)
    told.pair.source.execute("update items set name = 'bad' where id = 1")
    told.run(audit=level)
    assert ("1", "changed", "failed") in snapshot(told)
    told.pair.source.execute("update items set name = 'a' where id = 1")
    told.run(audit=level)
    listed = [row for row in snapshot(told) if row[0] == "1"]
    assert listed == ([("1", "added", "succeeded")] if level == "keys" else [])
