"""Functions that a model calls: they may take long, and change the settings of their session."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from pgsync_assets.errors import ModelError, TerminalError
from pgsync_assets.model import describe
from pgsync_assets.outcome import Counts

from ..fix_syncs import Syncs
from .test_odd_models import ROWS, fill, of, there, until_read

ASLEEP = "select pid from pg_stat_activity where wait_event = 'PgSleep'"


def test_describing_a_model_does_not_wait_for_it(syncs: Syncs) -> None:
    model = of("select id, name, pg_sleep(3600)::text as extra from items, pg_sleep(3600)")
    with fill(syncs).endpoints[0].session("test") as session:
        found = describe(session, syncs.config(**model).model)
    assert found.names == ("id", "name", "extra")


def test_a_model_that_takes_long_is_waited_for_until_somebody_ends_it(syncs: Syncs) -> None:
    """No statement of ours has a limit where models are read: they may take hours."""
    source = fill(syncs).pair.source
    with ThreadPoolExecutor() as pool:
        running = pool.submit(
            syncs.run, **of("select id, name, pg_sleep(60)::text as extra from items")
        )
        until_read(source, f"select count(*) > 0 from ({ASLEEP}) as model")
        source.execute(f"select pg_cancel_backend(pid) from ({ASLEEP}) as model")
        with pytest.raises(TerminalError, match="canceling statement due to user request"):
            running.result()
    assert there(syncs) == []


RESTYLED = """
    create function restyled() returns text volatile language sql as $$
        select set_config('datestyle', 'German', false)
            || set_config('extra_float_digits', '-10', true)
    $$
"""
STYLED = "id integer primary key, style text, d date, f float8"
STYLES = "select id, restyled() as style, d, f from styles"


@pytest.fixture
def styles(every: Syncs) -> Syncs:
    """A date and a number that can be written in many ways."""
    every.table(STYLED, "styles")
    every.pair.source.execute(
        "insert into styles select n, '', '2024-02-03', 1.0 / 3 from generate_series(1, 3) as n",
        RESTYLED,
    )
    return every


def test_a_function_that_changes_how_values_are_written(styles: Syncs) -> None:
    """What arrives is what the model says; where values would travel otherwise, nothing does."""
    model: dict[str, Any] = of(STYLES) | {"table": "public.styles"}
    there = styles.pair.destination
    if styles.platform is styles.keeper:
        with pytest.raises(ModelError, match="changes DateStyle, extra_float_digits") as caught:
            styles.run(**model)
        assert "CREATE FUNCTION .. SET" in (caught.value.remedy or "")
        assert there.rows("select count(*) from styles") == [(0,)]
        styles.pair.source.execute(
            "create or replace function restyled() returns text volatile language sql"
            " set datestyle to 'German' set extra_float_digits to 0"
            " as $$ select 1.0::float8 / 3 || ' ' || date '2024-02-03' $$"
        )
    styles.run(**model)
    rows = "select id, d, f from styles order by id"
    assert there.rows(rows) == styles.pair.source.rows(rows)


def test_a_table_that_changes_below_a_star(syncs: Syncs) -> None:
    """`select *` has the columns of today: each run describes the model again."""
    fill(syncs)
    model = of("select * from items")
    assert syncs.run(**model).succeeded == Counts(added=ROWS)
    syncs.pair.source.execute("alter table items add colour text default 'red'")
    with pytest.raises(TerminalError, match="colour"):
        syncs.run(**model)
    syncs.pair.destination.execute("alter table items add colour text")
    assert syncs.run(**model).succeeded == Counts(changed=ROWS)
    syncs.pair.source.execute("alter table items drop extra")
    syncs.run(**model)
    assert there(syncs, "id, name, colour") == syncs.pair.source.rows("select * from items")


OURS = {
    "role": "current_user",
    "search_path": "'public'",
    "synchronous_commit": "'off'",
    "row_security": "'on'",
}


@pytest.mark.parametrize("name", OURS)
def test_a_function_that_changes_what_the_transaction_relies_on(every: Syncs, name: str) -> None:
    """The planner's own transaction reads the model, in engine lightning: it is rolled back."""
    fill(every)
    for is_local in ("true", "false"):
        every.pair.source.execute(
            "create or replace function changed() returns text volatile language sql as $$"  # noqa: S608 - ours
            f" select set_config('{name}', {OURS[name]}, {is_local}) $$"
        )
        with pytest.raises(ModelError, match=f"a function that the model calls changes {name}"):
            every.run(**of("select id, name, changed() as extra from items"))
        assert there(every) == []
    every.run(**of("select id, name, 'same' as extra from items"))
    assert len(there(every)) == ROWS
