"""Rows are matched by a partial unique index: among those of its predicate, and no others."""

from __future__ import annotations

from typing import Any

import pytest

from pgsync_assets import operations
from pgsync_assets import sync as engine
from pgsync_assets.errors import ConfigurationError, DestinationError, PrivilegeError
from pgsync_assets.outcome import Counts
from pgsync_assets.write import read_target
from pgsync_assets.write.into import Into
from pgsync_assets.write.remove import delete_row
from pgsync_assets.write.update import lock, unmatched, update

from ..fix_syncs import Syncs

KEY: dict[str, Any] = {"model": {"table": "public.items", "key": ["tenant", "email"]}}
DELETES = KEY | {"delete": "delete_row", "guard": {"max_removed": "100%", "max_changed": "100%"}}
SOFT: dict[str, Any] = {
    "delete": "soft_delete",
    "deleted_column": "deleted_at",
    "guard": {"max_removed": "100%"},
}
LIVE = "create unique index live on items (tenant, email) where deleted_at is null"
ACTIVE = "create unique index active on items (email, tenant) where status not like 'dra%{}'"
MINE = "tenant, email, status"
EVERY_ROW = f"select {MINE}, deleted_at is null from items order by 1, 2, 4, 3"  # noqa: S608
OLD = (1, "a", "old", False)


def tables(syncs: Syncs, index: str = LIVE) -> Syncs:
    """Three rows; the destination has one that was there before, of the first one's key."""
    syncs.pair.source.execute(
        "create table items (tenant int, email text, status text, primary key (tenant, email))",
        "insert into items values (1, 'a', 'new'), (1, 'b', 'new'), (2, 'a', 'new')",
    )
    syncs.pair.destination.execute(
        "create table items (id int generated always as identity primary key, tenant int,"
        " email text, status text, deleted_at timestamptz)",
        "insert into items (tenant, email, status, deleted_at) values (1, 'a', 'old', now())",
        index,
    )
    syncs.grant()
    return syncs


def there(syncs: Syncs) -> list[tuple[Any, ...]]:
    """Rows of the destination, and whether each is live."""
    return syncs.pair.destination.rows(EVERY_ROW)


def test_rows_are_found_under_the_predicate_only(every: Syncs) -> None:
    tables(every)
    checks = engine.check(
        every.config(**DELETES), *every.endpoints, platform=every.platform_endpoint
    )
    assert [check.detail for check in checks if not check.passed] == []
    (index,) = (check.detail for check in checks if check.name == "unique index")
    assert "WHERE (deleted_at IS NULL) (live)" in index
    assert every.run(**DELETES).succeeded == Counts(added=3)
    assert every.verify(**DELETES).in_step
    every.pair.source.execute(
        "update items set status = 'newer' where tenant = 1", "delete from items where tenant = 2"
    )
    every.pair.destination.execute(  # theirs, with a key that is removed and one that is changed
        "insert into items (tenant, email, status, deleted_at)"
        " values (2, 'a', 'old', now()), (1, 'b', 'old', now())"
    )
    before = {(c.operation, c.row_id): c.before for c in every.plan(**DELETES).changes}
    assert {image and image["status"] for image in before.values()} == {"new"}
    assert every.run(**DELETES).succeeded == Counts(changed=2, removed=1)
    assert there(every) == [
        OLD,
        (1, "a", "newer", True),
        (1, "b", "old", False),
        (1, "b", "newer", True),
        (2, "a", "old", False),
    ]
    found = every.verify(values=True, **DELETES)
    assert (found.same, found.foreign, found.in_step) == (2, 0, True)
    every.pair.destination.execute("update items set status = 'x' where deleted_at is null")
    assert [d.destination for d in every.verify(values=True, **DELETES).differences] == [
        {"status": "x"},
        {"status": "x"},
    ]


def test_only_rows_under_the_predicate_are_adopted(syncs: Syncs) -> None:
    tables(syncs)
    syncs.pair.destination.execute(
        "insert into items (tenant, email, status) values (1, 'b', 'new')",
        "insert into items (tenant, email, status, deleted_at) values (2, 'a', 'new', now())",
    )
    ends = syncs.endpoints
    config = syncs.config(**DELETES)
    assert operations.adopt(config, *ends, platform=syncs.platform_endpoint).adopted == 1
    assert syncs.run(**DELETES).succeeded == Counts(added=2)
    assert syncs.verify(**DELETES).in_step


def test_a_first_row_outside_is_refused(standard: Syncs) -> None:
    """It would be inserted again by every run, as no index finds it."""
    tables(standard, ACTIVE)
    standard.pair.destination.execute("update items set status = 'dra{}'")
    standard.pair.source.execute("update items set status = 'dra{}' where email = 'b'")
    draft = (1, "a", "dra{}", False)
    for _ in range(2):
        outcome = standard.run(**KEY)
        assert [(r.row_id, r.reason[:8]) for r in outcome.rejections] == [('[1, "b"]', "outside:")]
        assert there(standard) == [draft, (1, "a", "new", True), (2, "a", "new", True)]
    standard.pair.source.execute("update items set status = 'new'")
    assert standard.run(**KEY).succeeded == Counts(added=1)
    assert standard.verify(**KEY).in_step


@pytest.mark.parametrize("mode", ["upsert", "update", "mirror"])
def test_a_row_that_would_move_out_stays_as_it_was(syncs: Syncs, mode: str) -> None:
    """The row that is there does not hide that another one would be inserted beside it."""
    tables(syncs, ACTIVE)
    syncs.pair.destination.execute(
        "delete from items",
        "insert into items (tenant, email, status) select tenant, email, 'old'"
        " from (values (1, 'a'), (1, 'b'), (2, 'a')) as k (tenant, email)",
    )
    assert syncs.run(**KEY, mode=mode).succeeded == Counts(added=3)
    syncs.pair.source.execute(
        "update items set status = case tenant when 1 then 'newer' else 'dra{}' end"
    )
    outcome = syncs.run(**KEY, mode=mode)
    assert outcome.succeeded == Counts(changed=2)
    assert [(r.row_id, r.reason[:8]) for r in outcome.rejections] == [('[2, "a"]', "outside:")]
    states = [(1, "a", "newer"), (1, "b", "newer"), (2, "a", "new")]
    assert syncs.pair.destination.rows(f"select {MINE} from items order by 1, 2") == states  # noqa: S608


def test_update_matches_no_row_outside(syncs: Syncs) -> None:
    tables(syncs)
    syncs.pair.destination.execute("insert into items (tenant, email) values (1, 'b')")
    outcome = syncs.run(**KEY, mode="update")
    assert outcome.succeeded == Counts(added=1)
    assert {r.row_id: r.reason[:8] for r in outcome.rejections} == {
        '[1, "a"]': "no_match",
        '[2, "a"]': "no_match",
    }
    assert there(syncs) == [OLD, (1, "b", "new", True)]


def test_soft_delete_may_take_a_row_out_of_the_index(syncs: Syncs) -> None:
    tables(syncs)
    soft = KEY | SOFT
    syncs.run(**soft)
    syncs.pair.source.execute("delete from items where tenant = 1")
    syncs.pair.destination.execute("delete from items where email = 'b'")  # is not missed
    assert syncs.run(**soft).succeeded == Counts(removed=2)
    gone = (1, "a", "new", False)
    assert there(syncs) == [gone, OLD, (2, "a", "new", True)]
    syncs.pair.source.execute("insert into items values (1, 'a', 'back')")
    assert syncs.run(**soft).succeeded == Counts(added=1)
    assert there(syncs) == [gone, OLD, (1, "a", "back", True), (2, "a", "new", True)]
    assert syncs.verify(**soft).in_step


def test_a_removal_that_a_trigger_swallows_is_refused(syncs: Syncs) -> None:
    tables(syncs)
    syncs.run(**KEY)
    syncs.pair.destination.execute(
        "create function keep() returns trigger language plpgsql as 'begin return null; end'",
        "create trigger keep before delete or update on items for each row"
        " when (old.email = 'b') execute function keep()",
    )
    syncs.pair.source.execute("delete from items where tenant = 1")
    soft = KEY | SOFT
    outcome = syncs.run(**soft)
    assert (outcome.succeeded, outcome.failed) == (Counts(removed=1), Counts(removed=1))


def test_what_would_not_be_found_again_cannot_be_cleared(syncs: Syncs) -> None:
    tables(syncs, ACTIVE)
    with pytest.raises(DestinationError, match="status cannot be cleared: .*'dra%{}'") as caught:
        syncs.run(**KEY, delete="clear_fields")
    assert caught.value.remedy is not None


def test_several_partial_indexes_are_refused_until_one_is_left(syncs: Syncs) -> None:
    tables(syncs)
    syncs.pair.destination.execute(ACTIVE, LIVE.replace("live", "same"))
    with pytest.raises(DestinationError, match="several partial") as caught:
        syncs.run(**KEY)
    for told in ("active", "status !~~ 'dra%{}'", "live", "deleted_at IS NULL"):
        assert told in caught.value.message
    syncs.pair.destination.execute("drop index active")  # the others have one predicate
    assert syncs.run(**KEY).succeeded == Counts(added=3)


def test_a_full_index_comes_before_a_partial_one(syncs: Syncs) -> None:
    tables(syncs)
    syncs.pair.destination.execute("create unique index on items (email, tenant)")
    assert syncs.run(**KEY).succeeded == Counts(added=3)
    assert there(syncs)[0] == (1, "a", "new", False)


def test_another_predicate_is_another_set_of_rows(syncs: Syncs) -> None:
    tables(syncs)
    syncs.run(**KEY)
    syncs.pair.destination.execute(
        "drop index live", LIVE.replace("deleted_at is null", "status <> 'old'")
    )
    with pytest.raises(ConfigurationError, match="deleted_at IS NULL.*status <> 'old'"):
        syncs.run(**KEY)
    found = syncs.verify(**KEY)
    assert any("what of the table is this sync's is not known" in p for p in found.problems)


DEEP = (
    "create schema t",
    "create type t.mood as enum ('ok', 'bad')",
    "create function t.fine(text) returns bool immutable language sql as $$select $1 <> 'bad'$$",
    "create table items (id int, status text, \"No\" t.mood default 'ok', note text,"
    " tags text[] default '{a}') partition by range (id)",
    "create table low partition of items for values from (0) to (30)",
    "create table high (tags text[] default '{a}', note text, status text,"
    " \"No\" t.mood default 'ok', id int)",  # its columns are in another order
    "alter table items attach partition high for values from (30) to (100)",
    "create unique index on items (id) where t.fine(status) and \"No\" = 'ok'"
    " and case when note = 'out' then false else true end and tags && array['a']",
)


def test_any_predicate_in_a_partitioned_table(syncs: Syncs) -> None:
    syncs.pair.source.execute(
        "create table items (id int, status text, note text)",
        "insert into items select n, 'x', 'old' from generate_series(1, 50) as n",
    )
    destination = syncs.pair.destination
    destination.execute(*DEEP, f"grant usage on schema t to {destination.user}")
    syncs.grant()
    keyed: dict[str, Any] = {
        "model": {"sql": "select * from items", "key": ["id"]},
        "delete": "delete_row",
    }
    assert syncs.run(**keyed).succeeded == Counts(added=50)
    syncs.pair.source.execute(
        "update items set note = 'out' where id in (5, 45)",
        "update items set note = 'new' where id in (6, 46)",
        "delete from items where id in (7, 47)",
    )
    outcome = syncs.run(**keyed)
    assert outcome.succeeded == Counts(changed=2, removed=2)
    assert outcome.failed == Counts(changed=2)
    assert syncs.run(**keyed, mode="update").failed == Counts(changed=2)
    assert syncs.verify(**keyed).rejected == 2
    assert destination.rows("select count(*) from items") == [(48,)]


def test_the_columns_of_the_predicate_have_to_be_read(syncs: Syncs) -> None:
    tables(syncs)
    destination = syncs.pair.destination
    destination.execute(
        f"revoke all on items from {destination.user}",
        f"grant select ({MINE}), insert ({MINE}), update ({MINE}) on items to {destination.user}",
    )
    with pytest.raises(PrivilegeError, match="lacks SELECT .*deleted_at"):
        syncs.run(**KEY)
    destination.execute(f"grant select (deleted_at) on items to {destination.user}")
    assert syncs.run(**KEY).succeeded == Counts(added=3)
    assert syncs.verify(**KEY).in_step


def test_the_index_is_used(syncs: Syncs) -> None:
    tables(syncs, ACTIVE)
    syncs.pair.destination.execute(
        "insert into items (tenant, email, status)"
        " select n, n::text, 'x' from generate_series(10, 5000) as n",
        "analyze items",
    )
    with syncs.endpoints[1].session("pgsync/test") as session:
        target = read_target(session, "public.items")
        predicate = next(i.predicate for i in target.indexes if i.name == "active")
        names = ("tenant", "email", "status")
        into = Into(target, names, names[:2], predicate=predicate)
        with session.transaction("looking at plans") as connection:
            connection.execute(into.stage.create(target, names))
            connection.execute("insert into pg_temp.pgsync_stage values (1, 'c', 10, '10', 'y')")
            connection.execute(into.stage.analyze())
            for statement in (delete_row, lock, unmatched, update):
                explained = connection.execute(b"EXPLAIN " + statement(into).as_bytes(None))
                assert any("active" in line for (line,) in explained), statement
