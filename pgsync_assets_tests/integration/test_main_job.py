"""The main job: rows of a model appear in a table of another server, changed rows only."""

from __future__ import annotations

from pgsync_assets.outcome import Counts

from ..fix_syncs import Syncs

DEFINITION = "id bigint primary key, name text, price numeric(10,2), tags text[]"


def fill(syncs: Syncs, rows: int = 100) -> None:
    syncs.table(DEFINITION)
    syncs.pair.source.execute(
        f"insert into items select n, 'item ' || n, n * 1.5, array['a', null, n::text]"
        f" from generate_series(1, {rows}) as n"
    )


def test_a_first_run_sends_every_row(syncs: Syncs) -> None:
    fill(syncs)
    outcome = syncs.run()
    assert outcome.succeeded == Counts(added=100)
    assert (outcome.row_count, outcome.rejected) == (100, 0)
    assert syncs.same()


def test_a_second_run_sends_nothing(syncs: Syncs) -> None:
    fill(syncs)
    syncs.run()
    outcome = syncs.run()
    assert outcome.planned == Counts()
    assert (outcome.row_count, outcome.bytes) == (100, 0)


def test_only_changed_rows_travel(syncs: Syncs) -> None:
    fill(syncs)
    syncs.run(delete="delete_row")
    syncs.pair.source.execute(
        "update items set name = 'renamed' where id in (3, 5)",
        "delete from items where id = 7",
        "insert into items values (1000, null, 0, '{}')",
    )
    writes = "select n_tup_ins, n_tup_upd, n_tup_del from pg_stat_user_tables where relname='items'"
    outcome = syncs.run(delete="delete_row")
    assert outcome.succeeded == Counts(added=1, changed=2, removed=1)
    assert syncs.same()
    assert outcome.row_count == 100
    assert len(syncs.pair.destination.rows(writes)) == 1


def test_a_removed_row_stays_where_delete_is_do_nothing(syncs: Syncs) -> None:
    fill(syncs, 10)
    syncs.run()
    syncs.pair.source.execute("delete from items where id = 7")
    outcome = syncs.run()
    assert outcome.succeeded == Counts(removed=1)
    assert syncs.pair.destination.rows("select count(*) from items") == [(10,)]
    assert outcome.row_count == 9


def test_a_bad_row_at_the_head_of_a_large_batch_costs_one_row(syncs: Syncs) -> None:
    """The destination refuses while the source still sends: reading has to end cleanly."""
    fill(syncs, 50_000)
    syncs.pair.destination.execute("alter table items add check (id <> 3)")
    outcome = syncs.run(batch_size=50_000)
    assert outcome.succeeded == Counts(added=49_999)
    assert [(r.row_id, r.sqlstate) for r in outcome.rejections] == [("3", "23514")]


def test_the_destination_counts_what_succeeded(syncs: Syncs) -> None:
    """Two counts from two databases: the planner's rows by fate, the ledger's rows by commit."""
    fill(syncs, 10)
    syncs.pair.destination.execute("alter table items add check (id <> 3)")
    first = syncs.run(batch_size=3)
    assert (first.applied, first.succeeded.total, first.failed.total) == (9, 9, 1)
    again = syncs.run()
    assert (again.applied, again.succeeded.total, again.failed.total) == (0, 0, 1)
