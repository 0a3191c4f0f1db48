"""A comparison has the memory that its snapshot needs, in its own transaction only."""

from __future__ import annotations

from typing import Any

import pytest

from pgsync_assets.outcome import Counts
from pgsync_assets.sql import statement

from ..fix_databases import Side
from ..fix_syncs import ENGINES, Syncs
from ..invariants import violations

SETTINGS = ("parallel_tuple_cost", "parallel_setup_cost", "work_mem")


def compared_with(side: Side, *before: str) -> dict[str, str]:
    """The settings of a comparison with `snapshot_7`, behind some statements."""
    query = statement("pgsync_assets.plan", "comparison_settings.sql")
    values: dict[str, Any] = {"schema": "public", "state": 7}
    with side.connect(autocommit=False) as connection:
        for text in before:
            connection.execute(text.encode())
        connection.execute(query, values)
        found = connection.execute(
            "select name, current_setting(name) from unnest(%s::text[]) as name", [list(SETTINGS)]
        )
        return {name: value for name, value in found}  # noqa: C416 - rows are tuples of anything


def kilobytes(spelled: str) -> int:
    """Of a setting."""
    return int(spelled[:-2]) * {"kB": 1, "MB": 1024}[spelled[-2:]]


@pytest.fixture
def snapshot(syncs: Syncs) -> Side:
    """A database with a table named like a snapshot, of about 40 MB."""
    side = syncs.pair.source
    side.execute(
        "create unlogged table snapshot_7 with (fillfactor = 10) as"
        " select n, repeat('x', 700) as pad from generate_series(1, 5000) as n"
    )
    return side


def test_the_snapshot_fits(snapshot: Side) -> None:
    ((bytes_,),) = snapshot.rows("select pg_relation_size('snapshot_7')")
    memory = "set local work_mem = '1MB'", "set local hash_mem_multiplier = 2"
    # One process and two workers share the hash table of a FULL JOIN.
    found = compared_with(snapshot, *memory, "set local max_parallel_workers_per_gather = 2")
    assert kilobytes(found["work_mem"]) == pytest.approx(1.5 * bytes_ / 1024 / 6, abs=1)
    found = compared_with(snapshot, *memory, "set local max_parallel_workers_per_gather = 0")
    assert kilobytes(found["work_mem"]) == pytest.approx(1.5 * bytes_ / 1024 / 2, abs=1)


def test_a_server_that_has_more_keeps_it(snapshot: Side) -> None:
    found = compared_with(snapshot, "set local work_mem = '5GB'")
    assert found == {"parallel_tuple_cost": "0", "parallel_setup_cost": "0", "work_mem": "5GB"}


@pytest.mark.parametrize("engine", ENGINES)
def test_several_processes_find_what_one_does(
    syncs: Syncs, platform_side: Side, engine: str
) -> None:
    syncs.platform = platform_side
    syncs.fields |= ENGINES[engine] | {"delete": "delete_row"}
    keeper = syncs.keeper
    # However small the tables are here.
    keeper.execute(
        f'alter role "{keeper.user}" set min_parallel_table_scan_size = 0',
        f'alter role "{keeper.user}" set debug_parallel_query = regress',
    )
    try:
        syncs.table("id int primary key, name text, tags text[]")
        source = syncs.pair.source
        source.execute(
            "insert into items select n, 'n' || n, array['t' || n] from generate_series(1, 2000) n"
        )
        assert syncs.run().succeeded == Counts(added=2000)
        source.execute(
            "update items set name = name || '!' where id % 100 = 0",
            "update items set tags = tags || null::text where id % 100 = 1",
            "delete from items where id % 100 = 2",
            "insert into items select n, 'new', null from generate_series(2001, 2007) n",
        )
        assert syncs.run().succeeded == Counts(added=7, changed=40, removed=20)
        assert syncs.same()
        assert violations(syncs) == []
    finally:
        keeper.execute(
            f'alter role "{keeper.user}" reset min_parallel_table_scan_size',
            f'alter role "{keeper.user}" reset debug_parallel_query',
        )
