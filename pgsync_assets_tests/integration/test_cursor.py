"""With a cursor, what lies past it is compared; a full comparison finds what a cursor misses."""

from __future__ import annotations

from typing import Any

import pytest

from pgsync_assets import sync as engine
from pgsync_assets.errors import ConfigurationError
from pgsync_assets.outcome import Counts, Outcome

from ..fix_syncs import Syncs
from ..invariants import log_writes, violations, writes

CURSOR = {"column": "seen", "lag": "1 hour"}
FIELDS: dict[str, Any] = {"delete": "delete_row", "cursor": CURSOR}


@pytest.fixture
def filled(either: Syncs) -> Syncs:
    """A hundred rows are in, one a minute."""
    either.table("id int primary key, name text, seen timestamptz")
    either.pair.destination.execute("alter table items add constraint good check (name <> 'bad')")
    log_writes(either)
    either.pair.source.execute(
        "insert into items select n, 'item', timestamptz '2024-01-01' + n * interval '1 minute'"
        " from generate_series(1, 100) as n"
    )
    either.run(**FIELDS)
    either.pair.destination.execute("truncate writes")
    return either


def full(syncs: Syncs) -> Outcome:
    """A run that compares everything."""
    return engine.run(
        syncs.config(**FIELDS),
        *syncs.endpoints,
        platform=syncs.platform_endpoint,
        compare_all=True,
    )


def test_a_row_past_the_cursor_is_seen(filled: Syncs) -> None:
    filled.pair.source.execute(
        "update items set name = 'newer', seen = '2024-01-01 02:00' where id = 3",
        "insert into items values (101, 'new', '2024-01-01 02:00')",
    )
    outcome = filled.run(**FIELDS)
    assert outcome.succeeded == Counts(added=1, changed=1)
    assert "seen >= 2024-01-01 01:40:00+00 - 1 hour" in outcome.notes[0]
    assert filled.run(**FIELDS).planned == Counts()
    assert violations(filled) == []


def test_a_value_that_many_rows_share_loses_none(filled: Syncs) -> None:
    filled.pair.source.execute("update items set seen = '2024-01-02', name = 'a' where id < 10")
    assert filled.run(**FIELDS).succeeded == Counts(changed=9)
    filled.pair.source.execute(
        "update items set seen = '2024-01-02', name = 'b' where id between 5 and 20"
    )
    assert filled.run(**FIELDS).succeeded == Counts(changed=16)
    assert violations(filled) == []


def test_a_transaction_that_committed_late_is_seen_within_the_lag(filled: Syncs) -> None:
    with filled.pair.source.connect(autocommit=False) as late:
        late.execute("insert into items values (200, 'late', '2024-01-01 01:30')")
        filled.pair.source.execute("insert into items values (201, 'x', '2024-01-01 02:00')")
        assert filled.run(**FIELDS).succeeded == Counts(added=1)
        late.commit()
    assert filled.run(**FIELDS).succeeded == Counts(added=1)
    assert violations(filled) == []


def test_what_a_cursor_misses_is_found_by_a_full_comparison(filled: Syncs) -> None:
    filled.pair.source.execute(
        "update items set name = 'silent' where id = 1",  # behind the lag
        "delete from items where id = 100",
        "insert into items values (300, 'late', '2023-01-01'), (301, 'never', null)",
    )
    assert filled.run(**FIELDS).planned == Counts()
    assert full(filled).succeeded == Counts(added=2, changed=1, removed=1)
    assert violations(filled) == []


def test_a_full_comparison_comes_by_itself(filled: Syncs) -> None:
    filled.pair.source.execute("delete from items where id = 1")
    assert filled.run(**FIELDS).planned == Counts()
    filled.keeper.execute(
        "update hightouch_planner.states set full_at = now() - interval '25 hours'"
    )
    assert filled.run(**FIELDS).succeeded == Counts(removed=1)
    often = FIELDS | {"cursor": CURSOR | {"full_every": "1 second"}}
    filled.keeper.execute("update hightouch_planner.states set full_at = now() - interval '2 s'")
    filled.pair.source.execute("delete from items where id = 2")
    assert filled.run(**often).succeeded == Counts(removed=1)
    assert violations(filled) == []


def test_a_refused_row_is_not_left_behind(filled: Syncs) -> None:
    filled.pair.source.execute("insert into items values (102, 'bad', '2024-01-01 03:00')")
    assert filled.run(**FIELDS).failed == Counts(added=1)
    for hour in (6, 9):
        filled.pair.source.execute(
            f"insert into items values ({hour}00, 'x', '2024-01-01 0{hour}:00')"  # noqa: S608
        )
        assert filled.run(**FIELDS).failed == Counts(added=1)
    filled.pair.destination.execute("alter table items drop constraint good")
    assert filled.run(**FIELDS).succeeded == Counts(added=1)
    assert violations(filled) == []


def test_nothing_past_the_cursor(filled: Syncs) -> None:
    filled.pair.source.execute("delete from items where seen > '2024-01-01'")
    assert filled.run(**FIELDS).planned == Counts()
    assert not writes(filled)


def test_another_mapping_is_sent_for_every_row(filled: Syncs) -> None:
    for side in (filled.pair.source, filled.pair.destination):
        side.execute("alter table items add extra int default 7")
    outcome = filled.run(**FIELDS)
    assert outcome.succeeded == Counts(changed=100)
    assert outcome.notes == ("column 'extra' is new: every row is sent once",)


@pytest.mark.parametrize(
    ("spelled", "lag", "first", "second"),
    [
        ("bigint", 5, "10", "20"),
        ("numeric", 0.5, "1.25", "1.5"),
        ("date", "2 days", "2024-01-01", "2024-01-05"),
        ("timestamp", "1 hour", "2024-01-01", "2024-01-05"),
    ],
)
def test_any_type_that_grows(
    syncs: Syncs, spelled: str, lag: object, first: str, second: str
) -> None:
    syncs.table(f"id int primary key, at {spelled}, name text")
    syncs.pair.source.execute(f"insert into items values (1, '{first}', 'x')")  # noqa: S608
    fields: dict[str, Any] = {"cursor": {"column": "at", "lag": lag}}
    syncs.run(**fields)
    syncs.pair.source.execute(f"insert into items values (2, '{second}', 'x')")  # noqa: S608
    assert syncs.run(**fields).succeeded == Counts(added=1)
    assert syncs.run(**fields).notes != ()


def test_the_column_need_not_travel(either: Syncs) -> None:
    for side, more in ((either.pair.source, ", version bigint"), (either.pair.destination, "")):
        side.execute(f"create table items (id int primary key, name text{more})")
    either.grant()
    either.pair.source.execute("insert into items values (1, 'a', 1), (2, 'b', 2)")
    fields: dict[str, Any] = {"columns": ["id", "name"], "cursor": {"column": "version", "lag": 0}}
    either.run(**fields)
    either.pair.source.execute("update items set name = 'c', version = 3 where id = 1")
    assert either.run(**fields).succeeded == Counts(changed=1)


@pytest.mark.parametrize(
    ("cursor", "told"),
    [
        ({"column": "nothing", "lag": "1 hour"}, "'nothing' is not a column"),
        ({"column": "name", "lag": "1 hour"}, "a cursor is a date"),
        ({"column": "seen", "lag": 5}, "lag: '10 minutes'"),
        ({"column": "id", "lag": "1 hour"}, "lag: 1000"),
    ],
)
def test_a_cursor_that_cannot_be_is_refused(
    filled: Syncs, cursor: dict[str, Any], told: str
) -> None:
    with pytest.raises(ConfigurationError, match=told):
        filled.run(cursor=cursor)


def test_a_lag_is_a_duration(syncs: Syncs) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        syncs.config(cursor={"column": "seen", "lag": "soon"})


def test_a_refused_row_behind_the_cursor_is_tried_again(filled: Syncs) -> None:
    filled.pair.source.execute("update items set name = 'bad' where id = 1")  # behind the lag
    assert full(filled).failed == Counts(changed=1)
    filled.pair.source.execute("update items set name = 'good' where id = 1")
    assert filled.run(**FIELDS).succeeded == Counts(changed=1)
    assert "were compared" in filled.run(**FIELDS).notes[0]  # past the cursor again
    assert violations(filled) == []
