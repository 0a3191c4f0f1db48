"""Rows of any shape: nothing but NULL, one column, megabytes, batches at their edges."""

from __future__ import annotations

import pytest

from pgsync_assets.outcome import Counts

from ..fix_syncs import Syncs


def test_rows_of_nothing_but_null_and_of_one_column(every: Syncs) -> None:
    syncs = every
    syncs.table("id integer primary key, a text, b jsonb")
    syncs.table("id integer primary key", "thin")
    syncs.pair.source.execute("insert into items values (1), (2)", "insert into thin values (1)")
    assert syncs.run().succeeded == Counts(added=2)
    outcome = syncs.run(
        name="thin", model={"table": "public.thin", "key": ["id"]}, table="public.thin"
    )
    assert outcome.succeeded == Counts(added=1)
    assert syncs.same()
    assert syncs.same("thin")


@pytest.mark.parametrize("rows", [0, 1, 9, 10, 11, 20])
def test_batches_of_ten_lose_no_row_at_their_edges(syncs: Syncs, rows: int) -> None:
    syncs.table("id integer primary key")
    syncs.pair.source.execute(f"insert into items select generate_series(1, {rows})")
    assert syncs.run(batch_size=10).succeeded == Counts(added=rows)
    assert syncs.same()


def test_a_row_of_ten_megabytes(syncs: Syncs) -> None:
    syncs.table("id integer primary key, note text")
    syncs.pair.source.execute("insert into items values (1, repeat(E'\\\\x\\n', 3500000))")
    assert syncs.run().succeeded == Counts(added=1)
    query = "select length(note), md5(note) from items"
    assert syncs.pair.destination.rows(query) == syncs.pair.source.rows(query)
