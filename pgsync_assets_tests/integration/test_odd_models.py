"""Models that answer differently each time, or change while they are read.

Whatever a model says, what the state knows is what the destination has; and a run says so in words
where a model cannot be trusted.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

from pgsync_assets.errors import GuardError, PgsyncError, TerminalError
from pgsync_assets.outcome import Counts

from ..fix_databases import Pair, Side
from ..fix_syncs import ENGINES, Syncs
from ..invariants import log_writes, violations, writes

ROWS = 20
ANY: dict[str, Any] = {
    "delete": "delete_row",
    "guard": {"max_removed": "100%", "allow_empty_model": True},
}
UNSTABLE = "the model returned another row, or none, when it was read again"


def of(text: str) -> dict[str, Any]:
    """A sync of a statement; rows that leave it are deleted."""
    return {"model": {"sql": text, "key": ["id"]}, "delete": "delete_row"}


def fill(syncs: Syncs) -> Syncs:
    """Twenty rows with a column to play with."""
    syncs.table("id integer primary key, name text, extra text")
    log_writes(syncs)
    syncs.pair.source.execute(
        f"insert into items select n, 'item ' || n, null from generate_series(1, {ROWS}) as n"
    )
    return syncs


@pytest.fixture
def items(every: Syncs) -> Syncs:
    """Rows to be sent by every engine."""
    return fill(every)


@pytest.fixture(params=["lightning", "digest"])
def read_once(request: pytest.FixtureRequest, database_pair: Pair) -> Syncs:
    """Rows to be sent by the engine that reads a query once, as it keeps what it read."""
    return fill(Syncs(database_pair, fields=dict(ENGINES[request.param])))


def unsound(syncs: Syncs) -> list[str]:
    """What does not hold, whatever the model is: all but its agreement with the table `items`."""
    return [found for found in violations(syncs) if not found.startswith("I1")]


def there(syncs: Syncs, columns: str = "id") -> list[tuple[Any, ...]]:
    """What the destination has."""
    return syncs.pair.destination.rows(f"select {columns} from items order by id")


NEVER_THE_SAME = ["random()", "clock_timestamp()", "now()", "pg_current_wal_lsn() || ' ' || now()"]


@pytest.mark.parametrize("value", NEVER_THE_SAME)
def test_a_column_that_is_never_the_same_twice(read_once: Syncs, value: str) -> None:
    """Every run sends every row, once, and says why that may be."""
    syncs = read_once
    model = of(f"select id, name, ({value})::text as extra from items")
    first = syncs.run(**model)
    assert (first.succeeded, first.notes) == (Counts(added=ROWS), ())
    assert unsound(syncs) == []
    for _ in range(2):
        before = there(syncs, "extra")
        (note,) = syncs.plan(**model).notes
        outcome = syncs.run(**model)
        assert (outcome.succeeded, outcome.rejections) == (Counts(changed=ROWS), ())
        assert outcome.notes == (note,)
        assert f"all {ROWS} rows are others" in note
        assert set(there(syncs, "extra")).isdisjoint(before)
        assert unsound(syncs) == []
    assert set(writes(syncs).values()) == {1, 2}


def test_the_moment_of_a_run_is_one_for_all_its_rows(items: Syncs) -> None:
    """Even where changed rows are fetched after they were compared."""
    model = of("select id, name, now()::text as extra from items")
    items.run(**model)
    outcome = items.run(**model)
    assert (outcome.succeeded, outcome.rejections) == (Counts(changed=ROWS), ())
    assert len(set(there(items, "extra"))) == 1
    assert unsound(items) == []


def test_leaving_the_column_out_is_the_remedy(items: Syncs) -> None:
    model = of("select id, name, random()::text as extra from items")
    assert items.run(**model, columns=["id", "name"]).succeeded == Counts(added=ROWS)
    outcome = items.run(**model, columns=["id", "name"])
    assert (outcome.planned, outcome.notes) == (Counts(), ())
    names = "id, name"
    assert there(items, names) == items.pair.source.rows(f"select {names} from items order by 1")


def test_many_real_changes_and_a_few_rows_are_not_suspicious(items: Syncs) -> None:
    items.run()
    items.pair.source.execute("update items set extra = 'new' where id > 1")
    assert items.run().notes == ()
    items.pair.source.execute("delete from items where id > 9", "update items set extra = 'newer'")
    items.run(**ANY)
    items.pair.source.execute("update items set extra = 'newest'")
    outcome = items.run(**ANY)
    assert (outcome.succeeded, outcome.notes) == (Counts(changed=9), ())


def test_a_key_that_is_never_the_same_twice_is_stopped_by_the_guard(items: Syncs) -> None:
    model = of("select (random() * 2000000000)::int as id, name, extra from items")
    assert items.run(**model).succeeded == Counts(added=ROWS)
    before = there(items)
    with pytest.raises(GuardError, match=f"{ROWS} of {ROWS} rows"):
        items.run(**model)
    assert there(items) == before
    assert unsound(items) == []


MEMBERS = [
    "select * from items order by random() limit 10",
    "select * from items tablesample bernoulli (50)",
    "select * from items where random() < 0.5",
]


@pytest.mark.parametrize("text", MEMBERS)
def test_rows_that_are_in_the_model_by_chance(read_once: Syncs, text: str) -> None:
    """Each run makes the destination what the model said that time."""
    syncs = read_once
    model = of(text) | ANY
    counts = []
    for _ in range(5):
        outcome = syncs.run(**model)
        counts.append(outcome.succeeded.total)
        assert outcome.rejections == ()
        assert outcome.row_count == len(there(syncs))
        assert unsound(syncs) == []
        # Rows that are there are as they are at the source.
        assert set(there(syncs, "*")) <= set(syncs.pair.source.rows("select * from items"))
    assert sum(counts[1:]) > 0


@pytest.mark.parametrize("text", MEMBERS)
def test_such_rows_are_never_guessed_where_they_are_read_twice(standard: Syncs, text: str) -> None:
    """What is not there any more when it is fetched is refused, and tried again by the next run."""
    syncs = fill(standard)
    model = of(text) | ANY
    for _ in range(5):
        outcome = syncs.run(**model)
        assert {row.reason for row in outcome.rejections} <= {UNSTABLE}
        assert outcome.row_count == len(there(syncs))
        assert [v for v in unsound(syncs) if not v.startswith("I5")] == []
        assert set(there(syncs, "*")) <= set(syncs.pair.source.rows("select * from items"))


def test_a_limit_without_an_order_takes_what_comes(items: Syncs) -> None:
    model = of("select * from items limit 10") | ANY
    assert items.run(**model).succeeded == Counts(added=10)
    first = there(items)
    # Rows move behind the others in their table without a change that anybody sees.
    items.pair.source.execute(
        "delete from items where id <= 5",
        "insert into items select n, 'item ' || n, null from generate_series(1, 5) as n",
        "vacuum full items",
    )
    outcome = items.run(**model)
    assert outcome.succeeded.added == outcome.succeeded.removed > 0
    assert there(items) != first
    assert len(there(items)) == 10
    assert unsound(items) == []


def test_a_key_made_of_row_numbers_moves_to_other_rows(items: Syncs) -> None:
    text = "select row_number() over (order by name)::int as id, name, extra from items"
    items.run(**of(text))
    items.pair.source.execute("delete from items where name = 'item 1'")
    outcome = items.run(**of(text))
    assert outcome.succeeded == Counts(changed=ROWS - 1, removed=1)
    assert there(items, "*") == items.pair.source.rows(f"{text} order by 1")
    assert unsound(items) == []


ALWAYS_THE_SAME = [
    "select * from items tablesample bernoulli (50) repeatable (7)",
    "select id, name, current_setting('TimeZone') || current_user as extra from items",
    "select id, name, (timestamptz '2024-03-31 02:30+01')::text as extra from items",
    "select id, name, to_char(1234.5, 'FM9G999D99') as extra from items",
    "select g as id, 'item' as name, null::text as extra from generate_series(1, 20) as g",
    "with recursive r (id) as (select 1 union all select id + 1 from r where id < 20)"
    " select id, 'item' as name, null::text as extra from r",
    "select distinct on (name) id, name, extra from items order by name, id",
    "select id, name, string_agg(name, ',') over (order by id) as extra from items",
    "select i.id, i.name, x.extra from items i, lateral (select i.id::text as extra) x",
    "select unnest(array[1, 2, 3]) as id, 'item' as name, null::text as extra",
]


def test_odd_and_yet_the_same_each_time(items: Syncs) -> None:
    role = items.pair.source.user
    for text in ALWAYS_THE_SAME:
        model = of(text) | ANY
        items.pair.source.execute(f"alter role {role} set timezone to 'Asia/Tokyo'")
        assert items.run(**model).row_count > 0
        items.pair.source.execute(f"alter role {role} reset timezone")
        assert items.run(**model).planned == Counts(), text
        assert unsound(items) == [], text


def test_a_function_with_a_side_effect_is_called_once_for_each_row(read_once: Syncs) -> None:
    syncs = read_once
    syncs.pair.source.execute(
        "create sequence calls",
        "create function called() returns text language sql volatile security definer"
        " as $$ select nextval('public.calls')::text $$",
    )
    model = of("select id, name, called() as extra from items")
    for run in (1, 2):
        assert syncs.run(**model).succeeded.total == ROWS
        assert syncs.pair.source.rows("select last_value from calls") == [(run * ROWS,)]
    assert unsound(syncs) == []


WRITES = (
    "create table seen (id integer)",
    "create function written(n integer) returns text language sql volatile security definer"
    " as $$ insert into public.seen values (n) returning 'x' $$",
)


def test_what_a_function_writes_is_kept_with_the_plan(read_once: Syncs) -> None:
    """It is the owner's own code. It runs in the planner's transaction: no plan, no trace."""
    syncs = read_once
    syncs.pair.source.execute(*WRITES)
    model = of("select id, name, written(id) as extra from items")
    assert syncs.run(**model).succeeded == Counts(added=ROWS)
    assert syncs.pair.source.rows("select count(*) from seen") == [(ROWS,)]
    repeated = of("select 1 as id, name, written(id) as extra from items")
    with pytest.raises(TerminalError, match="on_duplicate_key"):
        syncs.run(**repeated, on_duplicate_key="fail")
    assert syncs.pair.source.rows("select count(*) from seen") == [(ROWS,)]
    assert unsound(syncs) == []


def test_a_function_that_writes_is_refused_where_the_source_is_only_read(standard: Syncs) -> None:
    fill(standard).pair.source.execute(*WRITES)
    with pytest.raises(TerminalError, match="read-only"):
        standard.run(**of("select id, name, written(id) as extra from items"))
    assert standard.pair.source.rows("select count(*) from seen") == [(0,)]
    assert there(standard) == []


def test_a_model_that_locks_rows_is_refused(items: Syncs) -> None:
    with pytest.raises(PgsyncError, match=r"permission denied|read-only"):
        items.run(**of("select * from items for update"))
    assert there(items) == []


def test_a_model_that_fails_in_the_middle_of_its_rows_sends_none(items: Syncs) -> None:
    text = "select id, name, (4711 / (id - 7))::text as extra from items"
    with pytest.raises(TerminalError, match="22012") as caught:
        items.run(**of(text))
    assert there(items) == []
    items.pair.source.execute("delete from items where id = 7")
    assert items.run(**of(text)).succeeded == Counts(added=ROWS - 1)
    before = there(items, "*")
    items.pair.source.execute("update items set name = 'new'", "insert into items values (7, 'x')")
    with pytest.raises(TerminalError, match="22012"):
        items.run(**of(text))
    assert there(items, "*") == before
    assert unsound(items) == []
    errors = items.keeper.rows(
        "select error from hightouch_audit.sync_runs where status = 'failed'"
    )
    assert {error for (error,) in errors} == {caught.value.message}


GATE = 4711
HELD = f"""
    create function held(n integer) returns integer language plpgsql volatile as $$
    begin
        if n = 10 then perform pg_advisory_xact_lock_shared({GATE}); end if;
        return n;
    end $$
"""
WAITING = "select count(*) > 0 from pg_locks where locktype = 'advisory' and not granted"


@contextmanager
def gate(side: Side) -> Iterator[None]:
    """Holds a model up at its tenth row for the length of the block."""
    with side.connect(autocommit=False) as keeper:
        keeper.execute("select pg_advisory_xact_lock(%s)", [GATE])
        yield


def until_read(side: Side, waiting: str = WAITING) -> None:
    """Returns when somebody waits at the gate."""
    deadline = time.monotonic() + 30
    while side.rows(waiting) != [(True,)]:
        assert time.monotonic() < deadline, "nobody reads the model"
        time.sleep(0.02)


@pytest.mark.parametrize("runs_before", [0, 1])
def test_rows_that_change_while_the_model_is_read_belong_to_the_next_run(
    items: Syncs, runs_before: int
) -> None:
    source = items.pair.source
    source.execute(HELD)
    model = of("select held(id) as id, name, extra from items") | ANY
    if runs_before:
        items.run(**model)
        source.execute("update items set extra = 'seen' where id in (9, 11)")
    moment = source.rows("select * from items order by id")
    with ThreadPoolExecutor() as pool:
        with gate(source):
            running = pool.submit(items.run, **model)
            until_read(source)
            source.execute(
                "update items set extra = 'late' where id in (1, 20)",
                "update items set id = -id where id in (2, 19)",
                "delete from items where id in (3, 18)",
                "insert into items values (0, 'new'), (21, 'new')",
            )
        outcome = running.result()
    changed = {0: Counts(added=ROWS), 1: Counts(changed=2)}[runs_before]
    assert (outcome.succeeded, outcome.rejections) == (changed, ())
    assert there(items, "*") == moment
    assert unsound(items) == []
    assert items.run(**model).succeeded == Counts(added=4, changed=2, removed=4)
    assert violations(items) == []
    assert there(items, "*") == source.rows("select * from items order by id")
