"""Each right that docs/privileges.md lists, missing: the error holds the GRANT that mends it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pgsync_assets import sync as engine
from pgsync_assets.config.mode import MODES
from pgsync_assets.connect import Session
from pgsync_assets.embedded import Cluster
from pgsync_assets.embedded.servers import DESTINATION_ROLE, SOURCE_ROLE
from pgsync_assets.errors import PrivilegeError
from pgsync_assets.model import Relation, describe
from pgsync_assets.outcome import Counts, Progress
from pgsync_assets.write import fit, read_target

from ..fix_databases import (
    AUDIT_SCHEMA,
    LEDGER_SCHEMA,
    PLANNER_SCHEMA,
    Pair,
    Side,
    database,
)
from ..fix_syncs import Syncs

SQL_MODEL: dict[str, Any] = {"model": {"sql": "select id, name from public.items", "key": ["id"]}}
_numbers = itertools.count(1)


PAGE = (Path(__file__).parents[2] / "docs" / "privileges.md").read_text(encoding="utf-8")
MATRIX = {
    (mode, delete): rights.split(", ")
    for mode, deletes, rights in re.findall(r"^\| `(\w+)` \| (`.*?`) \| ([A-Z, ]+) \|", PAGE, re.M)
    for delete in re.findall(r"\w+", deletes)
}
"""What the page lists by mode and delete behaviour."""

OWN_COLUMNS = {"stamps": {"synced_at": "synced_at", "run_id": "run_id"}}
BEHAVIOURS = [
    *({"mode": mode, "delete": delete} for mode, delete in MATRIX),
    *({"mode": mode, "delete": MODES[mode].deletes[0]} | OWN_COLUMNS for mode in MODES),
]


def columns_of(fields: dict[str, Any]) -> list[str]:
    """The columns that a sync writes, the last of them by nothing but its own setting."""
    stamps = list(fields.get("stamps", {}).values())
    return ["id", "name", *filter(None, [fields.get("deleted_column")]), *stamps]


@pytest.fixture(scope="module")
def pair(source_server: Cluster, destination_server: Cluster) -> Iterator[Pair]:
    """Two databases with a table of all the columns that a sync can write."""
    with (
        database(source_server, SOURCE_ROLE, PLANNER_SCHEMA, AUDIT_SCHEMA) as source,
        database(destination_server, DESTINATION_ROLE, LEDGER_SCHEMA) as destination,
    ):
        made = Pair(source, destination)
        source.execute("create table items (id int primary key, name text)")
        destination.execute(
            "create table items (id int primary key, name text, gone_at timestamptz,"
            " synced_at timestamptz, run_id bigint)"
        )
        Syncs(made).grant()
        yield made


@pytest.fixture(scope="module")
def model(pair: Pair) -> Relation:
    """The model, described."""
    syncs = Syncs(pair)
    with syncs.endpoints[0].session("test") as session:
        return describe(session, syncs.config().model)


@pytest.fixture
def items(pair: Pair) -> Syncs:
    """A sync of its own for each test, of two rows that the destination has without their name."""
    for side in (pair.source, pair.destination):
        side.execute(
            "truncate items",
            f'grant connect, temporary on database "{side.database}" to {side.user}',
        )
    pair.source.execute("insert into items values (1, 'a'), (2, 'b')")
    Syncs(pair).grant()
    return Syncs(pair, fields={"name": f"sync_{next(_numbers)}"})


def lacking(
    syncs: Syncs, model: Relation, session: Session, fields: dict[str, Any]
) -> tuple[str, str]:
    """What a run would refuse to begin for, and the remedy; empty where it begins."""
    config = syncs.config(**fields)
    try:
        fit(config, model, read_target(session, config.table))
    except PrivilegeError as error:
        return error.message, error.remedy or ""
    return "", ""


def mended(side: Side, remedy: str) -> None:
    """Runs the statements of a remedy as an administrator."""
    statements = re.findall(r"(?:GRANT|CREATE SCHEMA|ALTER) [^;]+;", remedy)
    assert statements, remedy
    side.execute(*statements)


@pytest.mark.parametrize(
    "fields", BEHAVIOURS, ids=lambda fields: " ".join(map(str, fields.values()))
)
def test_each_right_on_the_table(items: Syncs, model: Relation, fields: dict[str, Any]) -> None:
    """With nothing but its rights, on nothing but its columns; and with each of them missing."""
    destination, role = items.pair.destination, items.pair.destination.user
    rights = MATRIX[fields["mode"], fields["delete"]]
    if fields["delete"] == "soft_delete":
        fields = fields | {"deleted_column": "gone_at"}
    destination.execute(f"revoke all on items from {role}")
    if fields["mode"] == "update":
        destination.execute("insert into items values (1), (2)")
    with items.endpoints[1].session("test") as session:
        said, remedy = lacking(items, model, session, fields)
        assert said == f"{role} lacks {', '.join(sorted(rights))} on public.items"
        mended(destination, remedy)
        for right in rights:
            destination.execute(f"revoke {right} on items from {role}")
            said, remedy = lacking(items, model, session, fields)
            assert said == f"{role} lacks {right} on public.items"
            assert remedy == f'GRANT {right} ON "public"."items" TO "{role}";'
            mended(destination, remedy)
        assert lacking(items, model, session, fields) == ("", "")
        *others, last = columns_of(fields)
        for right in set(rights) - {"DELETE"}:
            destination.execute(
                f"revoke {right} on items from {role}",
                f"grant {right} ({', '.join(others)}) on items to {role}",
            )
            said, remedy = lacking(items, model, session, fields)
            assert said == f'{role} lacks {right} ("{last}") on public.items'
            mended(destination, remedy)
    assert items.run(**fields).succeeded == Counts(added=2)
    items.pair.source.execute("delete from items where id = 1", "update items set name = 'x'")
    done = items.run(**fields)
    assert done.succeeded == done.planned
    held = "select privilege_type from information_schema.table_privileges where grantee = '{}'"
    held_now = destination.rows(held.format(role) + " and table_name = 'items'")
    assert {right for (right,) in held_now} == set(rights) & {"DELETE"}


def test_the_page_has_every_mode_and_delete_behaviour() -> None:
    assert set(MATRIX) == {
        (name, delete) for name, mode in MODES.items() for delete in mode.deletes
    }


ELSEWHERE: dict[str, tuple[str, str, dict[str, Any]]] = {
    "USAGE on the schema of the table": (
        "destination",
        "revoke usage on schema public from {role}",
        {},
    ),
    "TEMPORARY": ("destination", 'revoke temporary on database "{database}" from {role}', {}),
    "CONNECT": ("destination", 'revoke connect on database "{database}" from {role}', {}),
    "USAGE on the ledger's schema": (
        "destination",
        "revoke all on schema pgsync_ledger from {role}",
        {},
    ),
    "the ledger's schema": ("destination", "drop schema pgsync_ledger cascade", {}),
    "the ledger's tables": (
        "destination",
        "alter table pgsync_ledger.pgsync_ledger owner to current_user;"
        "alter table pgsync_ledger.pgsync_rejects owner to current_user;"
        "revoke all on pgsync_ledger.pgsync_identity from {role};"
        "revoke create on schema pgsync_ledger from {role}",
        {},
    ),
    "SELECT on the table of the model": ("source", "revoke select on items from {role}", {}),
    "USAGE on the schema of the model": ("source", "revoke usage on schema public from {role}", {}),
    "SELECT on what a query reads": ("source", "revoke select on items from {role}", SQL_MODEL),
    "USAGE for a query": ("source", "revoke usage on schema public from {role}", SQL_MODEL),
    "CONNECT at the source": (
        "source",
        'revoke connect on database "{database}" from {role}',
        {},
    ),
    "the planner's schema": ("source", "revoke all on schema hightouch_planner from {role}", {}),
    "the audit's schema": ("source", "revoke usage on schema hightouch_audit from {role}", {}),
}


@pytest.mark.parametrize(("place", "taken", "fields"), ELSEWHERE.values(), ids=ELSEWHERE.keys())
def test_each_right_beside_the_table(
    items: Syncs, place: str, taken: str, fields: dict[str, Any]
) -> None:
    side: Side = getattr(items.pair, place)
    if "alter table" in taken:
        items.run(**fields)  # makes them
    items.pair.source.execute("insert into items values (3, 'c')")
    side.execute(*taken.format(role=side.user, database=side.database).split(";"))
    checked = engine.check(items.config(**fields), *items.endpoints)
    with pytest.raises(PrivilegeError) as refused:
        items.run(**fields)
    remedy = (refused.value.remedy or "").removeprefix("as an administrator: ")
    assert remedy in [line.remedy for line in checked]
    mended(side, remedy.partition(" Or ")[0])
    assert items.run(**fields).succeeded.total == (1 if "alter table" in taken else 3)


def test_the_sequence_of_a_column_that_is_left_to_its_default(items: Syncs) -> None:
    destination, numbered = items.pair.destination, "public.numbered"
    destination.execute(
        "create table numbered (id int primary key, name text, n serial,"
        " m int generated always as identity)"
    )
    destination.grant_table("numbered", "select", "insert", "update")
    with pytest.raises(PrivilegeError, match=r"sequence public.numbered_n_seq, .* 'n'") as refused:
        items.run(table=numbered)
    mended(destination, refused.value.remedy or "")
    assert items.run(table=numbered).succeeded == Counts(added=2)


def test_a_right_that_goes_while_the_run_is_under_way(items: Syncs) -> None:
    destination = items.pair.destination

    def revoke(progress: Progress) -> None:
        if progress.step == "write":
            destination.execute(f"revoke insert on items from {destination.user}")

    with pytest.raises(PrivilegeError, match="permission denied for table items"):
        engine.run(items.config(), *items.endpoints, on_progress=revoke)
    items.grant()
    assert items.run().succeeded == Counts(added=2)


def test_the_source_of_standard_needs_nothing_but_select(items: Syncs, platform_side: Side) -> None:
    """No schema of ours there; what the planner needs is needed on the platform."""
    side = items.pair.source
    standard = replace(items, platform=platform_side, fields=items.fields | {"engine": "standard"})
    side.execute(f"revoke select on items from {side.user}")
    with pytest.raises(PrivilegeError) as refused:
        standard.run()
    mended(side, refused.value.remedy or "")
    platform_side.execute(f"revoke all on schema hightouch_audit from {platform_side.user}")
    with pytest.raises(PrivilegeError) as refused:
        standard.run()
    mended(platform_side, refused.value.remedy or "")
    assert standard.run().succeeded == Counts(added=2)
