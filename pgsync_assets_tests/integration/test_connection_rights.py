"""What a role lacks or has too much of: the line that says so, and the statement that mends it."""

from __future__ import annotations

import re

import pytest

from pgsync_assets.check_result import CheckResult
from pgsync_assets.config import UsedAs
from pgsync_assets.steps.asked import Asked, TableUse

from ..fix_databases import (
    LEDGER_SCHEMA,
    Pair,
    Side,
)
from ..fix_lines import ROAD, of_sync, states, told


@pytest.mark.parametrize("role", ["source", "destination"])
def test_all_is_well(items_pair: Pair, role: UsedAs) -> None:
    found = told(getattr(items_pair, role), of_sync(items_pair, role))
    assert states(found) == {
        "ok": [name for name in found if name != "SSH tunnel"],
        "warning": [],
        "failed": [],
        "skipped": ["SSH tunnel"],
    }
    assert all(one.seconds > 0 for one in found.values() if one.name in ("host", "certificate"))
    assert list(found)[: len(ROAD)] == list(ROAD)
    assert found["pooler"].detail == "none: the server itself answers"
    assert re.fullmatch(r"PostgreSQL \d\d\.\d+", found["server version"].detail)
    own = {
        "source": ["tables to read", "model items", "planner schema", "audit schema"],
        "destination": [
            "tables to write", "ledger schema", "create schema, table", "temporary tables",
            "connection shop", "model items", "table public.items", "unique index",
            "rights, mode upsert", "mapping and types",
        ],
    }  # fmt: skip
    assert list(found)[len(ROAD) :] == own[role]


def test_what_is_not_asked_for_is_said(items_pair: Pair) -> None:
    for role, names in (
        ("source", ["SSH tunnel", "model"]),
        ("destination", ["SSH tunnel", "table", "unique index", "rights"]),
    ):
        found = told(getattr(items_pair, role), Asked(roles=(role,)))  # type: ignore[arg-type]
        assert states(found)["skipped"] == names
        assert all(found[name].detail.startswith("not asked for") for name in names)


TAKEN: dict[str, tuple[UsedAs, str, str]] = {
    "CONNECT": ("source", "revoke connect on database {database} from {role}", "credentials"),
    "SELECT": ("source", "revoke select on items from {role}", "model items"),
    "the planner's schema": (
        "source",
        "alter schema hightouch_planner owner to postgres",
        "planner schema",
    ),
    "the planner's schema, gone": ("source", "drop schema hightouch_planner", "planner schema"),
    "the audit's schema": (
        "source",
        "alter schema hightouch_audit owner to postgres",
        "audit schema",
    ),
    "the ledger's schema, gone": ("destination", "drop schema pgsync_ledger", "ledger schema"),
    "TEMPORARY": (
        "destination",
        "revoke temporary on database {database} from {role}",
        "rights, mode upsert",
    ),
    "INSERT": ("destination", "revoke insert on items from {role}", "rights, mode upsert"),
    "UPDATE of a column": (
        "destination",
        "revoke update on items from {role}; grant update (name) on items to {role}",
        "rights, mode upsert",
    ),
    "a unique index": (
        "destination",
        "alter table items drop constraint items_pkey",
        "unique index",
    ),
}


@pytest.mark.parametrize(("role", "taken", "line"), TAKEN.values(), ids=TAKEN.keys())
def test_what_is_missing_is_named_with_the_statement_that_gives_it(
    items_pair: Pair, role: UsedAs, taken: str, line: str
) -> None:
    side: Side = getattr(items_pair, role)
    names = {"database": f'"{side.database}"', "role": side.user, "postgres": "postgres"}
    taken = taken.replace("postgres", side.cluster.superuser).format(**names)
    side.execute(*taken.split(";"))
    asked = of_sync(items_pair, role)
    found = told(side, asked)
    assert states(found)["failed"] == [line]
    remedy = (found[line].remedy or "").partition(" Or ")[0]
    side.execute(*re.findall(r"(?:GRANT|CREATE)[^;]+;", remedy))
    again = told(side, asked)
    assert states(again)["failed"] == []
    assert states(again)["warning"] == []


EXCESS: dict[str, tuple[str, str, str]] = {
    "superuser": ("alter role {role} superuser", "alter role {role} nosuperuser", "SUPERUSER"),
    "attributes": (
        "alter role {role} createdb createrole replication bypassrls",
        "alter role {role} nocreatedb nocreaterole noreplication nobypassrls",
        "CREATEROLE, CREATEDB, REPLICATION, BYPASSRLS",
    ),
    "memberships": (
        "grant pg_write_all_data, pg_execute_server_program to {role}",
        "revoke pg_write_all_data, pg_execute_server_program from {role}",
        "member of pg_execute_server_program, member of pg_write_all_data",
    ),
}


@pytest.mark.parametrize(("given", "taken", "named"), EXCESS.values(), ids=EXCESS.keys())
def test_more_rights_than_a_sync_needs_are_a_warning(
    items_pair: Pair, given: str, taken: str, named: str
) -> None:
    side = items_pair.destination
    side.execute(given.format(role=side.user))
    try:
        line = told(side)["role"]
    finally:
        side.execute(taken.format(role=side.user))
    assert (line.state, line.passed) == ("warning", True)
    kind, _, held = line.detail.partition(" is ")
    assert (kind, sorted(held.split(", "))) == (f'"{side.user}"', sorted(named.split(", ")))


def test_the_owner_of_the_table_is_warned(items_pair: Pair) -> None:
    items_pair.destination.execute(
        "create table owned (id int primary key, name text)",
        f"alter table owned owner to {items_pair.destination.user}",
    )
    found = told(items_pair.destination, of_sync(items_pair, "destination", table="public.owned"))
    assert states(found)["warning"] == ["rights, mode upsert"]
    assert "owns public.owned" in found["rights, mode upsert"].detail


def test_a_table_that_no_sync_has_yet(items_pair: Pair) -> None:
    items_pair.destination.execute(
        "create table loose (id int)", "create table more (n int unique)"
    )
    items_pair.destination.grant_table("more", "insert", "select")

    def tried(use: TableUse) -> dict[str, CheckResult]:
        return told(items_pair.destination, Asked(roles=("destination",), table=use))

    assert states(tried(TableUse("public.items", "mirror")))["failed"] == []
    assert tried(TableUse("public.items", "mirror"))["unique index"].detail[:5] == "(id) "
    lacking = tried(TableUse("public.more", "upsert"))
    assert states(lacking)["failed"] == ["rights, mode upsert"]
    assert (lacking["rights, mode upsert"].remedy or "").startswith('GRANT UPDATE ON "public"')
    assert states(tried(TableUse("public.more", "insert")))["failed"] == []
    loose = tried(TableUse("public.loose", "upsert"))["table public.loose"]
    assert "no unique index" in loose.detail
    assert (
        "no table public.nothing"
        in tried(TableUse("public.nothing", "insert"))["table public.nothing"].detail
    )


def test_a_temporary_table_that_may_not_be_made(items_pair: Pair) -> None:
    side = items_pair.destination
    side.execute(f'revoke temporary on database "{side.database}" from {side.user}')
    try:
        line = told(side, Asked(roles=("destination",)))["temporary tables"]
        other = told(side, Asked(roles=("destination",)), schemas={"staging": LEDGER_SCHEMA})
    finally:
        side.execute(f'grant temporary on database "{side.database}" to {side.user}')
    assert line.state == "warning"
    assert line.remedy == f'GRANT TEMPORARY ON DATABASE "{side.database}" TO "{side.user}";'
    assert other["temporary tables"].detail == f"none; batches land in schema {LEDGER_SCHEMA}"


def test_a_role_that_sees_no_table(items_pair: Pair) -> None:
    line = told(items_pair.source, Asked(roles=("destination",)))["tables to write"]
    assert (line.state, line.detail) == ("warning", "none that we may write")
