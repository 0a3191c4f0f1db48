"""A sync or a model gets another name: its state is found, moved or dropped, never orphaned."""

from __future__ import annotations

from typing import Any

import pytest

from pgsync_assets import operations
from pgsync_assets import sync as engine
from pgsync_assets.errors import AlreadyRunning, ConfigurationError, HistoryError
from pgsync_assets.failpoints import VARIABLE, FailpointReached
from pgsync_assets.outcome import Counts, Forgotten, Outcome
from pgsync_assets.plan import locked
from pgsync_assets.record import recent_runs
from pgsync_assets.steps.move import Moved

from ..fix_databases import AUDIT_SCHEMA, PLANNER_SCHEMA, Side
from ..fix_syncs import ENGINES, Syncs

COLUMNS = "id bigint primary key, name text, price numeric"
FILL = "insert into items select n, 'item ' || n, n from generate_series(1, 10) as n"
NO_LEDGER = {"schemas": {"ledger": None}}
HASHED: dict[str, Any] = {"partitions": {"hash": 2}}
NOBODY = ("articles",)
"""Names of a project whose sync `items` is named `articles` now."""


@pytest.fixture
def filled(syncs: Syncs) -> Syncs:
    """Ten rows in a table of the source, and none sent yet."""
    return with_rows(syncs)


def with_rows(syncs: Syncs) -> Syncs:
    syncs.table(COLUMNS)
    syncs.table(COLUMNS, "copies")
    syncs.pair.destination.execute("alter table items add constraint not_free check (price >= 0)")
    syncs.pair.source.execute(FILL)
    return syncs


def moved(syncs: Syncs, old: str = "items", name: str = "articles", **fields: Any) -> Moved:
    return operations.move(
        old,
        syncs.config(name=name, **fields),
        *syncs.endpoints,
        platform=syncs.platform_endpoint,
    )


def run_known(syncs: Syncs, known: tuple[str, ...] | None, **fields: Any) -> Outcome:
    platform = syncs.platform_endpoint
    return engine.run(syncs.config(**fields), *syncs.endpoints, platform=platform, known=known)


def place_of(syncs: Syncs) -> str:
    return "platform" if syncs.fields.get("engine") == "standard" else "shop"


def ledger_names(syncs: Syncs) -> list[tuple[Any, ...]]:
    query = "select sync, partition, run from {}.pgsync_ledger order by 1, 2"
    is_distant = "schemas" in syncs.destination
    side = syncs.keeper if is_distant else syncs.pair.destination
    return side.rows(query.format(PLANNER_SCHEMA if is_distant else "pgsync_ledger"))


def interrupted(syncs: Syncs, monkeypatch: pytest.MonkeyPatch, point: str, **fields: Any) -> None:
    with monkeypatch.context() as patch:
        patch.setenv(VARIABLE, f"{point}:raise")
        with pytest.raises(FailpointReached):
            syncs.run(**fields)


@pytest.mark.parametrize("destination", [{}, NO_LEDGER], ids=["ledger", "no ledger"])
def test_after_a_move_only_changes_are_sent(either: Syncs, destination: dict[str, Any]) -> None:
    either.destination = destination
    with_rows(either)
    assert either.run().succeeded == Counts(10)
    either.pair.source.execute(
        "update items set name = 'new' where id = 1", "delete from items where id = 2"
    )
    assert moved(either) == Moved("items", "articles", place_of(either), 1, 10)
    assert ledger_names(either) == [("articles", "", 1)]
    sent = run_known(either, NOBODY, name="articles", delete="delete_row")
    assert (sent.succeeded, sent.orphans) == (Counts(0, 1, 1), ())
    assert either.same()
    assert either.verify(name="articles", delete="delete_row").in_step


def test_partitions_move_together(filled: Syncs) -> None:
    names = ("0", "1")
    for name in names:
        filled.run(name, **HASHED)
    filled.pair.source.execute("update items set price = price + 1 where id = 3")
    assert moved(filled, **HASHED).states == 2
    outcomes = [filled.run(name, **HASHED, name="articles") for name in names]
    assert sorted(one.succeeded.changed for one in outcomes) == [0, 1]
    assert sum(one.succeeded.total for one in outcomes) == 1
    assert [name for name, _, _ in ledger_names(filled)] == ["articles", "articles"]


def test_partitions_that_differ_are_refused(filled: Syncs) -> None:
    filled.run()
    with pytest.raises(ConfigurationError, match="one state for all rows") as raised:
        moved(filled, **HASHED)
    assert "change them after the move" in str(raised.value)
    filled.run("0", name="hashed", **HASHED)
    with pytest.raises(ConfigurationError, match="a state of its own for partition '0'"):
        moved(filled, "hashed")
    with pytest.raises(ConfigurationError, match="a state of its own for partition '0'"):
        moved(filled, "hashed", partitions={"hash": 4})
    assert moved(filled).states == 1  # what was refused has changed nothing


def test_an_unfinished_run_goes_on_under_the_new_name(
    filled: Syncs, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled.pair.destination.execute("alter table items add constraint few check (id <> 3)")
    interrupted(filled, monkeypatch, "batch committed", batch_size=4)
    assert filled.pair.destination.rows("select count(*) from items") == [(3,)]
    assert moved(filled, batch_size=4).rows == 0  # nothing was settled yet
    filled.pair.destination.execute("alter table items drop constraint few")
    sent = run_known(filled, NOBODY, name="articles", batch_size=4)
    assert sent.recovered is not None
    assert (sent.recovered.succeeded, sent.recovered.failed) == (Counts(9), Counts(1))
    assert sent.succeeded == Counts(1)  # the one that was refused, under the old name
    assert filled.same()


def test_a_run_that_wrote_nothing_is_given_up(
    filled: Syncs, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled.run()
    filled.pair.source.execute("update items set price = 77 where id = 7")
    interrupted(filled, monkeypatch, "plan stored")
    moved(filled)
    assert filled.run(name="articles").succeeded == Counts(0, 1)
    (failed,) = filled.keeper.rows(
        f"select sync_id, error from {AUDIT_SCHEMA}.sync_runs where status = 'failed'"
    )
    assert failed == ("items", "the sync was renamed before its first row was written")


def test_refused_rows_and_a_held_plan_move_along(filled: Syncs) -> None:
    filled.pair.source.execute("update items set price = -1 where id in (1, 2)")
    assert filled.run(retry_rejected=False).rejected == 2
    filled.pair.source.execute("update items set name = 'held' where id = 5")
    number = filled.plan(retry_rejected=False).run_id
    moved(filled)
    applied = filled.apply(number, name="articles", retry_rejected=False)
    assert (applied.succeeded, applied.parked) == (Counts(0, 1), 2)
    released = operations.retry(filled.config(name="articles"), *filled.endpoints)
    assert released.rows == 2
    filled.pair.destination.execute("alter table items drop constraint not_free")
    assert filled.run(name="articles").succeeded == Counts(2)
    assert filled.same()


def test_history_is_found_under_the_new_name_and_says_the_old(filled: Syncs) -> None:
    filled.run(audit="keys")
    moved(filled)
    filled.run(name="articles", audit="keys")
    filled.run(name="items", table="public.copies", audit="keys")  # another one of that name
    with filled.endpoints[0].session("test") as session:
        runs = recent_runs(session, AUDIT_SCHEMA, "articles")
        assert [(one.run_id, one.sync) for one in runs] == [(2, "articles"), (1, "items")]
    rows = filled.keeper.rows(
        f"select distinct sync_id from {AUDIT_SCHEMA}.sync_snapshot where sync_run_id < 3"
    )
    assert rows == [("articles",)]
    moved(filled, "articles", "wares")
    with filled.endpoints[0].session("test") as session:
        assert [one.run_id for one in recent_runs(session, AUDIT_SCHEMA, "wares")] == [2, 1]


def test_a_move_that_was_made_is_not_made_again(filled: Syncs) -> None:
    filled.run()
    assert moved(filled).states == 1
    assert moved(filled) == Moved("items", "articles", "shop", 0, 0)


def test_an_engine_that_is_switched_with_the_name(filled: Syncs, platform_side: Side) -> None:
    filled.platform = platform_side
    filled.run()
    assert moved(filled, **ENGINES["standard"]).planner == "shop"
    sent = run_known(filled, NOBODY, name="articles", **ENGINES["standard"])
    assert (sent.carried, sent.succeeded) == (10, Counts())


def test_what_cannot_be_moved(filled: Syncs) -> None:
    filled.run()
    with pytest.raises(ConfigurationError, match="no state is named 'itens'.*'items'"):
        moved(filled, "itens")
    with pytest.raises(ConfigurationError, match="destination table is public.items, that of"):
        moved(filled, table="public.others")
    key = {"table": "public.items", "key": ["id", "name"]}
    with pytest.raises(ConfigurationError, match="key is id, that of the sync id, name"):
        moved(filled, model=key)
    filled.destination = NO_LEDGER
    with pytest.raises(ConfigurationError, match="its destination is another database"):
        moved(filled)
    filled.destination = {}
    shop, _ = filled.endpoints
    for name in ("items", "articles"):
        with (
            shop.session("test") as session,
            locked(session, PLANNER_SCHEMA, name, ""),
            pytest.raises(AlreadyRunning),
        ):
            moved(filled)
    filled.run(name="articles")
    with pytest.raises(ConfigurationError, match="'articles' has a state already") as raised:
        moved(filled)
    assert "pgsync-assets state drop items; or pgsync-assets drop articles" in str(raised.value)
    assert filled.run().succeeded == Counts()  # all of that has changed nothing


def test_a_name_that_sent_nothing_has_nothing_to_move(filled: Syncs) -> None:
    filled.plan()
    with pytest.raises(ConfigurationError, match="'items' has sent nothing"):
        moved(filled)


def test_a_ledger_that_knows_more_than_the_planner(filled: Syncs) -> None:
    filled.run(name="articles")
    filled.keeper.execute(
        f"delete from {PLANNER_SCHEMA}.runs", f"delete from {PLANNER_SCHEMA}.states"
    )
    filled.run()
    with pytest.raises(HistoryError, match="knows runs of 'articles' that the planner"):
        moved(filled)
    operations.drop(filled.config(name="articles"), *filled.endpoints)
    assert moved(filled).states == 1


@pytest.mark.parametrize("fields", ENGINES.values(), ids=list(ENGINES))
def test_a_first_run_beside_a_state_that_nobody_has_is_refused(
    filled: Syncs, platform_side: Side, fields: dict[str, str]
) -> None:
    filled.platform, filled.fields = platform_side, fields
    filled.run()
    filled.pair.destination.execute("truncate items")  # so that a write would show
    for do in (lambda: run_known(filled, NOBODY, name="articles"), lambda: plan_known(filled)):
        with pytest.raises(ConfigurationError, match="Was the sync renamed") as raised:
            do()
        assert f"planner at {place_of(filled)}" in raised.value.message
        assert "'items' (10 rows, last run 20" in raised.value.message
        assert "pgsync-assets state move items articles\n" in str(raised.value.remedy)
        assert "pgsync-assets state drop items\n" in str(raised.value.remedy)
    assert filled.pair.destination.rows("select * from items") == []
    assert moved(filled).states == 1  # what the refused run has noted is not in the way
    assert run_known(filled, NOBODY, name="articles").succeeded == Counts()


def plan_known(syncs: Syncs) -> Any:
    config, platform = syncs.config(name="articles"), syncs.platform_endpoint
    return engine.plan(config, *syncs.endpoints, platform=platform, known=NOBODY)


def test_an_interrupted_first_run_of_the_old_name_is_found(
    filled: Syncs, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted(filled, monkeypatch, "batch committed", batch_size=4)
    with pytest.raises(ConfigurationError, match="Was the sync renamed"):
        run_known(filled, NOBODY, name="articles")


def test_who_is_not_refused(filled: Syncs) -> None:
    """Two syncs of a project that write one table; a sync with a state; one for other rows."""
    filled.run()
    both = run_known(filled, ("items", "articles"), name="articles")
    assert (both.status, both.orphans, both.notes) == ("succeeded", (), ())
    deleted = run_known(filled, NOBODY, name="articles")  # it has a state of its own
    assert (deleted.status, deleted.orphans) == ("succeeded", ("items",))
    operations.reset(filled.config(name="articles"), *filled.endpoints)
    assert run_known(filled, NOBODY, name="articles").status == "succeeded"
    other = run_known(filled, ("copies",), name="copies", table="public.copies")
    assert other.orphans == ("articles", "items")


def test_where_no_names_are_known_it_is_a_note(filled: Syncs) -> None:
    filled.run()
    sent = filled.run(name="articles")
    (note,) = sent.notes
    assert "If 'articles' is its new name, `pgsync-assets state move`" in note
    assert filled.run(name="articles").notes == ()


def test_a_state_of_another_engine_is_no_rename(filled: Syncs, platform_side: Side) -> None:
    filled.platform = platform_side
    filled.run(name="articles", engine="standard")
    filled.run()
    assert run_known(filled, NOBODY, name="articles").carried == 10


def test_a_model_that_is_renamed_keeps_the_state(filled: Syncs) -> None:
    model = {"table": "public.items", "key": ["id"]}
    assert filled.run(model=model | {"name": "old_name"}).succeeded == Counts(10)
    filled.pair.source.execute("update items set name = 'new' where id = 1")
    assert filled.run(model=model | {"name": "new_name"}).succeeded == Counts(0, 1)
    query = f"select sync_run_id, model_name from {AUDIT_SCHEMA}.sync_runs order by 1"
    assert filled.keeper.rows(query) == [(1, "old_name"), (2, "new_name")]


def test_what_nobody_has_is_dropped(filled: Syncs) -> None:
    filled.run()
    shop, crm = filled.endpoints
    assert operations.drop_left("items", shop, crm) == Forgotten("items", 1, 10)
    assert (ledger_names(filled), states(filled)) == ([], [])
    filled.run()
    assert operations.drop_left("items", shop, None) == Forgotten("items", 1, 10)
    assert (ledger_names(filled), states(filled)) == ([("items", "", 2)], [])
    assert filled.pair.destination.rows("select count(*) from items") == [(10,)]


def states(syncs: Syncs) -> list[tuple[Any, ...]]:
    return syncs.keeper.rows(f"select sync from {PLANNER_SCHEMA}.states")
