"""`setup-sql`: pasted into a fresh database it is all that a run needs, and nothing more."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from psycopg import sql

from pgsync_assets import sync as engine
from pgsync_assets.config import ModelConfig, UsedAs, resolved_models, uses_of
from pgsync_assets.config.mode import MODES
from pgsync_assets.embedded import Cluster
from pgsync_assets.errors import PrivilegeError
from pgsync_assets.grants.grant import GIVE, TAKE, Grant
from pgsync_assets.outcome import Counts

from ..fix_administrators import Administered, Scripts, administered
from ..fix_databases import Pair
from ..fix_syncs import ENGINES, Syncs
from .test_missing_rights import MATRIX

BEHAVIOURS = [(name, delete) for name, mode in MODES.items() for delete in mode.deletes]
OWN_COLUMNS: dict[str, Any] = {"stamps": {"synced_at": "synced_at", "run_id": "run_id"}}
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Shop:
    """Two databases that nobody has been let into yet, and a sync between them."""

    source: Administered
    destination: Administered
    syncs: Syncs

    def scripts(self, **fields: Any) -> tuple[tuple[Administered, Scripts], ...]:
        """What each administrator gets."""
        sync = (self.syncs.config(**fields),)
        return (
            (self.source, Scripts(self.source.side, "shop", sync)),
            (
                self.destination,
                Scripts(self.destination.side, "crm", sync, connection=self.syncs.destination),
            ),
        )

    def set_up(self, **fields: Any) -> None:
        """Pastes both scripts, twice."""
        for place, scripts in self.scripts(**fields) * 2:
            place.paste(scripts.setup())


@pytest.fixture(scope="module")
def places(
    source_server: Cluster, destination_server: Cluster
) -> Iterator[tuple[Administered, Administered]]:
    with administered(source_server) as source, administered(destination_server) as destination:
        source.execute(
            "create schema app", "create table app.items (id int primary key, name text)"
        )
        destination.execute(
            "create schema app",
            "create table app.items (id int primary key, name text, gone_at timestamptz,"
            " synced_at timestamptz, run_id bigint, number serial, other int generated always as"
            " identity)",
        )
        yield source, destination


@pytest.fixture
def shop(places: tuple[Administered, Administered]) -> Shop:
    """Two rows of the source, of which the destination has none; a sync of its own."""
    source, destination = places
    for place in places:
        place.forget()
        place.execute("truncate app.items")
    source.execute("insert into app.items values (1, 'a'), (2, 'b')")
    fields = {
        "name": f"sync_{next(_numbers)}",
        "model": {"table": "app.items", "key": ["id"]},
        "table": "app.items",
    }
    return Shop(source, destination, Syncs(Pair(source.side, destination.side), fields=fields))


def fields_of(mode: str, delete: str) -> dict[str, Any]:
    own = {"deleted_column": "gone_at"} if delete == "soft_delete" else {}
    return {"mode": mode, "delete": delete, **own, **OWN_COLUMNS}


def fill(shop: Shop, mode: str) -> None:
    if mode == "update":
        shop.destination.execute("insert into app.items (id) values (1), (2)")


@pytest.mark.parametrize(("mode", "delete"), BEHAVIOURS)
def test_every_mode_runs_under_exactly_that_role(shop: Shop, mode: str, delete: str) -> None:
    fields = fields_of(mode, delete)
    fill(shop, mode)
    shop.set_up(**fields)
    checked = engine.check(shop.syncs.config(**fields), *shop.syncs.endpoints)
    assert [line for line in checked if not line.passed] == []
    assert shop.syncs.run(**fields).succeeded == Counts(added=2)
    shop.source.execute("delete from app.items where id = 1", "update app.items set name = 'x'")
    done = shop.syncs.run(**fields)
    assert (done.succeeded, done.failed) == (done.planned, Counts())

    side = shop.destination.side
    held = side.rows(
        "select privilege_type from aclexplode((select relacl from pg_class where oid ="
        " 'app.items'::regclass)) as given where pg_get_userbyid(grantee) !~ '^administrator'"
    )
    assert {right for (right,) in held} == set(MATRIX[mode, delete])

    for place, scripts in reversed(shop.scripts(**fields)):
        for _ in range(2):
            place.paste(scripts.revoke())
        with pytest.raises(PrivilegeError, match=r"(?s)lacks|may not connect") as refused:
            shop.syncs.run(**fields)
        assert "GRANT" in (refused.value.remedy or "")
        place.paste(scripts.setup())
    assert shop.syncs.run(**fields).planned == Counts()


LEAST: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    **{
        f"{mode} {delete}": (fields_of(mode, delete), {})
        for mode, delete in (
            ("upsert", "delete_row"),
            ("insert", "do_nothing"),
            ("update", "soft_delete"),
        )
    },
    "a ledger in a ready-made schema": ({}, {"schemas": {"ledger": "app"}}),
    "a staging schema": ({}, {"schemas": {"staging": "stage"}}),
    "no ledger": ({}, {"schemas": {"ledger": None}}),
}


@pytest.mark.parametrize(("fields", "connection"), LEAST.values(), ids=LEAST.keys())
def test_without_any_one_of_them_no_run_begins(
    shop: Shop, fields: dict[str, Any], connection: dict[str, Any]
) -> None:
    syncs = replace(shop.syncs, destination=connection, fields=shop.syncs.fields | fields)
    shop = replace(shop, syncs=syncs)
    fill(shop, fields.get("mode", ""))
    for place, scripts in shop.scripts():
        place.execute(scripts.setup())  # any client will do
    for place, scripts in shop.scripts()[1:] if connection else shop.scripts():
        for one in each_right(scripts.needs.grants):
            run(place, one.statement(TAKE, place.side.user))
            with pytest.raises(PrivilegeError):
                syncs.run()
            run(place, one.statement(GIVE, place.side.user))
    assert syncs.run().succeeded == Counts(added=2)


def each_right(all_of_them: tuple[Grant, ...]) -> Iterator[Grant]:
    """Each right by itself."""
    for grant in all_of_them:
        for right, columns in grant.rights.items():
            yield replace(grant, rights={right: columns})


def run(place: Administered, statement: sql.Composable) -> None:
    place.execute(statement.as_string(None))


def test_what_a_model_reads_below_it_and_in_its_condition(shop: Shop) -> None:
    """Its bases, and the sub-selects of a filter; placeholders are no obstacle."""
    shop.source.execute(
        "create table if not exists app.wanted as select 1 as id",
        "create table if not exists app.named as select 1 as id, text 'a' as name",
    )
    base = {
        "source": "shop",
        "table": "app.items",
        "key": ["id"],
        "where": "id in (select id from app.wanted where id < :'most')",
        "parameters": {"most": 2},
    }
    user = {
        "source": "shop",
        "uses": ["chosen"],
        "sql": "select chosen.* from chosen join app.named using (id) where named.name = :'name';",
        "key": ["id"],
        "parameters": {"name": "a"},
    }
    models = {"chosen": base, "model": user}
    found, _ = resolved_models({n: ModelConfig.model_validate(m) for n, m in models.items()})
    shop.set_up(model=found["model"])
    assert shop.syncs.run(model=found["model"]).succeeded == Counts(added=1)
    needs = shop.scripts(model=found["model"])[0][1].needs
    read = {one.thing.name for one in needs.grants if "SELECT" in one.rights}
    assert {name[-1] for name in read if name[0] == "app"} == {"items", "wanted", "named"}


def test_the_sequence_of_a_default_and_no_other(shop: Shop) -> None:
    shop.set_up()
    sequences = shop.destination.side.rows(
        "select relname, relacl is not null from pg_class where relkind = 'S'"
        " and relnamespace = 'app'::regnamespace order by 1"
    )
    assert sequences == [("items_number_seq", True), ("items_other_seq", False)]
    place, scripts = shop.scripts()[1]
    place.paste(scripts.revoke())
    granted = "select has_sequence_privilege('{}', 'app.items_number_seq', 'USAGE')"
    role = place.side.user.replace("'", "''")
    assert place.side.rows(granted.format(role)) == [(False,)]


def test_engine_standard_reads_the_source_and_nothing_else(
    shop: Shop, destination_server: Cluster
) -> None:
    with administered(destination_server, "keeper") as platform:
        syncs = replace(
            shop.syncs, platform=platform.side, fields=shop.syncs.fields | ENGINES["standard"]
        )
        shop = replace(shop, syncs=syncs)
        shop.set_up()
        kept = Scripts(platform.side, "platform", (syncs.config(),))
        for _ in range(2):
            platform.paste(kept.setup())
        assert syncs.run().succeeded == Counts(added=2)
        source = shop.scripts()[0][1].needs
        assert [(one.thing.name, tuple(one.rights)) for one in source.grants] == [
            ((shop.source.side.database,), ("CONNECT",)),
            (("app",), ("USAGE",)),
            (("app", "items"), ("SELECT",)),
        ]
        for one in each_right(kept.needs.grants):
            run(platform, one.statement(TAKE, "keeper"))
            with pytest.raises(PrivilegeError):
                syncs.run()
            run(platform, one.statement(GIVE, "keeper"))
        platform.paste(kept.revoke(drops_role=True))
        platform.paste(kept.revoke(drops_role=True))
        assert platform.side.rows("select from pg_roles where rolname = 'keeper'") == []
        # What the syncs know outlives the role.
        assert platform.side.rows("select count(*) > 0 from hightouch_planner.states") == [(True,)]


def test_each_place_by_itself(shop: Shop) -> None:
    both = replace(shop.scripts()[0][1], syncs=(shop.syncs.config(destination="shop"),))
    everything = both.needs.grants
    places: tuple[UsedAs, ...] = ("source", "destination")
    source, destination = (replace(both, places=(place,)).needs.grants for place in places)
    assert len(source) < len(everything)
    assert {one.thing for one in (*source, *destination)} == {one.thing for one in everything}
    assert uses_of("crm", [shop.syncs.config()], places[:1]).names == ()
