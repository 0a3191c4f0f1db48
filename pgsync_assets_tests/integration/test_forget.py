"""A person is forgotten: nothing names them any more, and every run goes on to add up."""

from __future__ import annotations

from typing import Any

import pytest

from pgsync_assets import operations
from pgsync_assets.errors import (
    AlreadyRunning,
    ConfigurationError,
    InvalidKeysError,
    StalePlan,
    UnfinishedRun,
)
from pgsync_assets.failpoints import VARIABLE, FailpointReached
from pgsync_assets.outcome import RowForgotten
from pgsync_assets.plan import locked

from ..canaries import canary
from ..fix_databases import Side
from ..fix_identities import wrong_sums_of
from ..fix_syncs import Syncs

EVE, ADA = "eve@example.org", "eve@example.org.uk"  # one is the beginning of the other
OURS = """
    select format('%I.%I', schemaname, tablename) from pg_tables
    where schemaname like 'hightouch_%' or schemaname like 'pgsync_%' order by 1
"""
POLICY = {
    "level": "full",
    "values": {"mail": "hash"},
    "hash_key": "$AUDIT_KEY",
}
PLAIN = {"level": "full", "server_detail": True}


@pytest.fixture(autouse=True)
def hash_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """The key of the hash, in the environment."""
    monkeypatch.setenv("AUDIT_KEY", canary())


@pytest.fixture
def people(either: Syncs) -> Syncs:
    """Two people, found by their mail; the destination has a name that eve wants."""
    return _people(either)


@pytest.fixture
def some(syncs: Syncs) -> Syncs:
    """As `people`, of one engine."""
    return _people(syncs)


def _people(syncs: Syncs) -> Syncs:
    syncs.table("mail text primary key, name text unique")
    syncs.pair.destination.execute("insert into items values ('other', 'evil')")
    syncs.pair.source.execute(f"insert into items values ('{EVE}', 'e'), ('{ADA}', 'a')")
    syncs.fields = syncs.fields | {
        "model": {"table": "public.items", "key": ["mail"]},
        "delete": "delete_row",
    }
    return syncs


def forget(syncs: Syncs, *key: str, also_state: bool = False, **fields: Any) -> RowForgotten:
    """As the command does."""
    return operations.forget_row(
        syncs.config(**fields),
        *syncs.endpoints,
        platform=syncs.platform_endpoint,
        key=key,
        also_state=also_state,
        by="ada",
    )


def told(side: Side) -> str:
    """Everything that our schemas of a database hold, as text."""
    tables = [name for (name,) in side.rows(OURS)]
    return "\n".join(str(side.rows(f"select t::text from {name} as t")) for name in tables)  # noqa: S608


def where(syncs: Syncs, text: str) -> bool:
    """Whether anything of ours has a text that is not a part of a longer mail."""
    books = told(syncs.keeper) + told(syncs.pair.destination)
    return text in books.replace(ADA, "")


def test_a_person_who_left_the_model_is_gone_from_everywhere(people: Syncs) -> None:
    people.run(audit=PLAIN)
    people.pair.source.execute(f"update items set name = 'evil' where mail = '{EVE}'")
    refused = people.run(audit=PLAIN)
    assert EVE in refused.rejections[0].row_id and "evil" in refused.rejections[0].reason
    people.pair.source.execute(f"delete from items where mail = '{EVE}'")
    people.run(audit=PLAIN)
    assert where(people, EVE) and "(evil)" in told(people.keeper)
    found = forget(people, EVE, audit=PLAIN)
    assert found.removed == {"sync_changelog": 3, "rejections": 1} and not found.still
    assert not where(people, EVE) and "(evil)" not in told(people.keeper)
    assert wrong_sums_of(people.keeper) == []
    query = "select row_id, fields, op_type, failure_reason from hightouch_audit.sync_changelog"
    rows = people.keeper.rows(f"{query} where row_id <> '{ADA}' order by sync_run_id")
    assert [(row_id, fields, operation) for row_id, fields, operation, _ in rows] == [
        ("(forgotten)", None, operation) for operation in ("added", "changed", "removed")
    ]
    assert "items_name_key" in rows[1][3] and "the server" not in rows[1][3]
    kept = people.keeper.rows(
        "select sync_id, forgotten_by, removed from hightouch_audit.forgotten"
    )
    assert kept == [("items", "ada", found.removed)]
    again = forget(people, EVE, audit=PLAIN)
    assert not again.is_found
    assert people.run(audit=PLAIN).planned.total == 0


def test_a_person_who_stands_at_the_destination_stays_in_the_state(some: Syncs) -> None:
    some.run(audit=POLICY)
    plan = some.plan(full_resync=True, audit=POLICY)
    found = forget(some, EVE, audit=POLICY)
    assert found.removed == {"held plans": 1, "sync_changelog": 1, "sync_snapshot": 1}
    assert "delete it at the source" in found.still[0]
    standing = some.keeper.rows("select row_id from hightouch_audit.sync_snapshot")
    assert len(standing) == 1 and standing != [("(forgotten)",)]
    with pytest.raises(StalePlan, match="a row of it was forgotten"):
        some.apply(plan.run_id, audit=POLICY)
    some.pair.source.execute(f"delete from items where mail = '{EVE}'")
    assert some.run(audit=POLICY).succeeded.removed == 1
    assert not forget(some, EVE, audit=POLICY).still
    assert not where(some, EVE)


def test_a_state_that_forgets_a_row_knows_of_one_less(some: Syncs) -> None:
    some.run(audit=POLICY)
    found = forget(some, EVE, also_state=True, audit=POLICY)
    assert found.removed["snapshot"] == 1 and "no run will remove it" in found.still[0]
    assert not where(some, EVE)
    outcome = some.run(audit=POLICY)  # the model still has it
    assert (outcome.succeeded.added, outcome.row_count) == (1, 2)
    assert some.verify(audit=POLICY).in_step


def test_by_its_public_name_a_row_is_found_where_it_still_has_its_plain_one(some: Syncs) -> None:
    some.run(audit=PLAIN)
    some.pair.source.execute(f"update items set name = 'evil' where mail = '{EVE}'")
    public = some.run(audit=POLICY).rejections[0].row_id
    assert len(public) == 64
    found = forget(some, public, also_state=True, audit=POLICY)
    assert found.removed == {
        "refused_rows": 1,
        "rejections": 1,
        "pgsync_rejects": 1,
        "snapshot": 1,
        "sync_changelog": 2,
        "sync_snapshot": 1,
    }
    assert any("refused it again" in one for one in found.still)
    assert not where(some, EVE) and public not in told(some.keeper)


def test_a_run_that_named_a_key_names_it_no_longer(some: Syncs) -> None:
    some.pair.source.execute(
        "alter table items drop constraint items_pkey, drop constraint items_name_key",
        "insert into items select mail, name from items",
    )
    with pytest.raises(InvalidKeysError):
        some.run(on_duplicate_key="fail")
    assert forget(some, EVE).removed == {"sync_runs": 1}
    ((error,),) = some.keeper.rows("select error from hightouch_audit.sync_runs")
    assert f"mail={ADA}" in error and "(forgotten)" in error and EVE not in error.replace(ADA, "")


def test_former_names_and_the_other_engine_are_looked_at(some: Syncs, platform_side: Side) -> None:
    some.run(audit=PLAIN)
    ends = some.endpoints
    operations.move("items", some.config(name="people"), *ends)
    some.pair.source.execute(f"delete from items where mail = '{EVE}'")
    some.platform = platform_side
    some.fields = some.fields | {"engine": "standard", "name": "people"}
    some.run(audit=PLAIN)
    found = forget(some, EVE)
    assert found.removed["sync_changelog"] == 2
    assert EVE not in (told(some.pair.source) + told(some.keeper)).replace(ADA, "")


def test_a_key_of_several_columns_is_given_by_column_or_as_it_is_listed(
    syncs: Syncs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pgsync_assets.record.own_table.OWN_TABLE", 1)
    syncs.table("tenant int, mail text, primary key (tenant, mail)")
    syncs.pair.source.execute("insert into items values (1, 'a'), (1, 'b'), (2, 'a'), (2, '2')")
    syncs.fields = {"model": {"table": "public.items", "key": ["tenant", "mail"]}}
    syncs.run()
    syncs.run(audit=POLICY, full_resync=True)
    for key in (("01", "a"), ('[2,"a"]',), ("mail=2", "tenant=2")):
        found = forget(syncs, *key, audit=POLICY)
        assert found.removed == {"sync_changelog": 2, "sync_snapshot": 1}, key
    with pytest.raises(ConfigurationError, match="the key has 2 columns: tenant, mail"):
        forget(syncs, "a")


def test_nothing_is_touched_while_a_run_is_on_or_interrupted(
    some: Syncs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "fenced:raise")
    with pytest.raises(FailpointReached):
        some.run()
    monkeypatch.delenv(VARIABLE)
    with pytest.raises(UnfinishedRun):
        forget(some, EVE)
    some.run()
    source, _ = some.endpoints
    with (
        source.session("lock") as session,
        locked(session, "hightouch_planner", "items", ""),
        pytest.raises(AlreadyRunning),
    ):
        forget(some, EVE)
