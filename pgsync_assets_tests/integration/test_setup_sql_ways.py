"""`setup-sql`, the other ways: all tables, later ones, columns, CREATE, odd names, roles that are
there already, administrators who may not, and the command itself."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pgsync_assets.cli import setup_sql
from pgsync_assets.cli.exit_code import ExitCode
from pgsync_assets.config import SyncConfig
from pgsync_assets.embedded import Cluster
from pgsync_assets.errors import PrivilegeError
from pgsync_assets.grants import Ways
from pgsync_assets.outcome import Counts

from ..corpus_names import NAMES
from ..fix_administrators import HOSTILE_ROLE, Administered, Scripts, administered, psql
from ..fix_databases import Pair
from ..fix_syncs import Syncs
from .cli.conftest import CliProject, project

__all__ = ["project"]

ROLE = HOSTILE_ROLE.replace("'", "''")


@pytest.fixture(scope="module")
def made(destination_server: Cluster) -> Iterator[Administered]:
    with administered(destination_server) as place:
        place.execute("create schema app", "create table app.items (id int primary key, name text)")
        yield place


@pytest.fixture
def place(made: Administered) -> Administered:
    """A database without a role of ours."""
    made.forget()
    return made


def sync(**fields: Any) -> SyncConfig:
    written = {"name": "items", "source": "shop", "destination": "crm", "table": "app.items"}
    return SyncConfig.model_validate(
        {**written, "model": {"table": "app.items", "key": ["id"]}, **fields}
    )


def source(place: Administered, *syncs: SyncConfig, **fields: Any) -> Scripts:
    """Scripts of a source that is only read."""
    standard = tuple(one.model_copy(update={"engine": "standard"}) for one in syncs)
    return Scripts(place.side, "shop", standard, **fields)


def may(place: Administered, table: str, right: str = "SELECT") -> bool:
    query = f"select has_table_privilege('{ROLE}', '{table}', '{right}')"
    return bool(place.side.rows(query)[0][0])


def test_all_tables_and_those_that_are_made_later(place: Administered) -> None:
    place.side.execute("create table app.foreign_owned (id int)")  # by somebody else
    place.execute("create table app.other (id int)", "create view app.seen as select 1 as one")
    scripts = source(place, sync(), ways=Ways(every_table=True, future=True))
    with pytest.raises(AssertionError, match="permission denied for table foreign_owned"):
        place.paste(scripts.setup())
    place.side.execute(f'grant select on app.foreign_owned to "{place.administrator.user}"')
    with pytest.raises(AssertionError, match="may not grant this: SELECT ON app.foreign_owned"):
        place.paste(scripts.setup())
    assert place.side.rows(f"select 1 from pg_roles where rolname = '{ROLE}'") == []  # or nothing
    place.side.execute("drop table app.foreign_owned")
    said = place.paste(scripts.setup()) + place.paste(scripts.setup())
    assert f"granted: what {place.administrator.user} makes in schema app from now on" in said
    place.execute("create table app.later (id int)")
    assert [may(place, f"app.{name}") for name in ("other", "seen", "later")] == [True] * 3
    assert not may(place, "app.later", "INSERT")
    place.paste(scripts.revoke())
    place.execute("create table app.last (id int)")
    held = [may(place, f"app.{name}") for name in ("items", "other", "seen", "later", "last")]
    assert held == [False] * 5
    assert place.side.rows("select 1 from pg_default_acl") == []
    place.execute("drop table app.other, app.later, app.last; drop view app.seen")


def test_later_tables_of_a_named_role(place: Administered) -> None:
    own = place.administrator.user
    scripts = source(place, sync(), ways=Ways(future=True, schemas=("app",)))
    place.paste(scripts.setup(makers=(own,)))
    assert len(place.side.rows("select 1 from pg_default_acl")) == 1
    with pytest.raises(AssertionError, match="not granted: what postgres makes in schema app"):
        place.paste(scripts.setup(makers=(place.side.cluster.superuser,)))
    place.paste(scripts.revoke())


def test_all_tables_of_a_destination(place: Administered) -> None:
    place.execute("create table app.numbered (id int, n serial)")
    scripts = Scripts(place.side, "crm", (sync(mode="insert"),), ways=Ways(every_table=True))
    place.paste(scripts.setup())
    rights = [may(place, "app.numbered", right) for right in ("INSERT", "SELECT", "UPDATE")]
    assert rights == [True, False, False]
    drawn = f"select has_sequence_privilege('{ROLE}', 'app.numbered_n_seq', 'USAGE')"
    assert place.side.rows(drawn) == [(True,)]
    place.paste(scripts.revoke())
    assert place.side.rows(drawn) == [(False,)]
    assert not may(place, "app.numbered", "INSERT")
    place.execute("drop table app.numbered")


def test_names_of_every_kind(place: Administered) -> None:
    quoted = ['"{}"'.format(name.replace('"', '""')) for name in NAMES]
    schema = "s '$pgsync$' \"x\"\n;"
    schemas = {"planner": "p;--", "audit": "a'\"", "ledger": "l\n$pgsync_$", "staging": ":'x'"}
    named = '"{}"'.format(schema.replace('"', '""'))
    columns = ", ".join(f"{name} int" for name in quoted)
    place.execute(
        f"create schema {named}",
        *(f"create table {named}.{name} ({columns})" for name in quoted),
    )
    syncs = [
        sync(
            name=f"sync_{number}",
            source="crm",
            table=f"{named}.{name}",
            columns=NAMES[number:] + NAMES[:number],
            model={"sql": f"select * from {named}.{name}", "key": [NAMES[0]]},
        )
        for number, name in enumerate(quoted)
    ]
    scripts = Scripts(
        place.side,
        "crm",
        tuple(syncs),
        ways=Ways(by_column=True),
        connection={"schemas": schemas},
    )
    place.paste(scripts.setup())
    place.paste(scripts.setup())
    lacking = place.side.rows(
        "select oid::regclass from pg_class where relkind = 'r' and relnamespace ="
        f" (select oid from pg_namespace where nspname = '{schema.replace(chr(39), chr(39) * 2)}')"
        f" and not has_table_privilege('{ROLE}', oid, 'SELECT')"
    )
    assert lacking == []
    place.paste(scripts.revoke(drops_role=True))
    place.execute(f"drop schema {named} cascade", 'drop schema "p;--", "a\'""", ":\'x\'" cascade')
    place.execute('drop schema "l\n$pgsync_$"')


def test_columns_only(place: Administered) -> None:
    place.execute(
        "create table app.copies (id int primary key, name text, theirs text)",
        "insert into app.items values (1, 'a')",
    )
    fields = {"table": "app.copies", "source": "crm", "delete": "delete_row"}
    config = sync(columns=["id", "name"], **fields)
    scripts = Scripts(place.side, "crm", (config,), ways=Ways(by_column=True))
    place.paste(scripts.setup())
    by_column = "select has_column_privilege('{}', 'app.copies', '{}', 'UPDATE')"
    held = [place.side.rows(by_column.format(ROLE, name)) for name in ("name", "theirs")]
    assert held == [[(True,)], [(False,)]]
    assert [may(place, "app.copies", right) for right in ("SELECT", "DELETE")] == [False, True]
    syncs = Syncs(Pair(place.side, place.side), fields=config.model_dump(exclude_unset=True))
    assert syncs.run().succeeded == Counts(added=1)
    place.execute("update app.items set name = 'b'")
    assert syncs.run().succeeded == Counts(changed=1)
    place.execute("drop table app.copies", "truncate app.items")


def test_tables_are_found_as_the_search_path_finds_them(place: Administered) -> None:
    place.execute("create schema second", "create table second.items (id int)")
    place.execute('create table second."Late Ones" (id int)', "create table app.sub (n int)")
    query = 'select * from items join "Late Ones" using (id), pg_class, (select 1) as x'
    value = {"most": {"sql": "(select max(n) from app.sub)"}}
    scripts = source(
        place,
        sync(model={"sql": query, "key": ["id"]}, values=value),
        connection={"search_path": ["app", "second"]},
    )
    place.paste(scripts.setup())
    found = [may(place, name) for name in ("app.items", 'second."Late Ones"', "app.sub")]
    assert (found, may(place, "second.items")) == ([True] * 3, False)
    place.paste(scripts.revoke())
    assert not may(place, 'second."Late Ones"')
    place.execute('alter table second."Late Ones" rename to other')
    with pytest.raises(AssertionError, match="a model reads Late Ones, and no schema of search"):
        place.paste(scripts.setup())
    assert "a model reads Late Ones" in place.paste(scripts.revoke())
    place.execute("drop schema second cascade", "drop table app.sub")


@pytest.mark.parametrize("on_database", [False, True])
def test_a_table_that_the_sync_makes(place: Administered, on_database: bool) -> None:
    """The schema is ready-made; or CREATE on the database, and our role makes it."""
    place.execute("insert into app.items values (1, 'a')")
    fields: dict[str, Any] = {"table": "fresh.items", "create_table": True, "source": "crm"}
    config = sync(**fields)
    scripts = Scripts(place.side, "crm", (config,), ways=Ways(on_database=on_database))
    place.paste(scripts.setup())
    is_there = place.side.rows("select to_regnamespace('fresh') is not null")
    assert is_there == [(not on_database,)]
    syncs = Syncs(Pair(place.side, place.side), fields=config.model_dump(exclude_unset=True))
    assert syncs.run().succeeded == Counts(added=1)
    place.paste(scripts.setup())  # what is its own needs no GRANT
    place.execute("update app.items set name = 'b'")
    assert syncs.run().succeeded == Counts(changed=1)
    place.paste(scripts.revoke())
    with pytest.raises(PrivilegeError):
        syncs.run()
    place.side.execute("drop schema fresh cascade")
    place.execute("truncate app.items")


def test_a_role_that_is_there_and_may_not_log_in(place: Administered) -> None:
    quoted = '"{}"'.format(HOSTILE_ROLE.replace('"', '""'))
    place.execute(f"create role {quoted} nologin noinherit")
    scripts = Scripts(place.side, "crm", (sync(),))
    place.paste(scripts.setup())
    with place.side.connect_as_role() as connection:  # by the password, whatever is in it
        assert connection.info.user == HOSTILE_ROLE


def test_who_may_not_grant_is_told_and_nothing_is_done(place: Administered) -> None:
    """PostgreSQL only warns of a GRANT without effect."""
    own, database = place.administrator.user, place.side.database
    place.side.execute(f'revoke grant option for temporary on database "{database}" from "{own}"')
    answer = psql(place.administrator, script=Scripts(place.side, "crm", (sync(),)).setup())
    assert f"{own} may not grant this: TEMPORARY ON" in answer.stderr
    assert place.side.rows(f"select 1 from pg_roles where rolname = '{ROLE}'") == []
    place.side.execute(f'grant temporary on database "{database}" to "{own}" with grant option')


def test_in_another_database_it_does_nothing(place: Administered) -> None:
    there = replace(place.administrator, database="postgres")
    answer = psql(there, script=Scripts(place.side, "crm", (sync(),)).setup())
    assert f"this script is for database {place.side.database}, and this is" in answer.stderr
    assert place.side.rows(f"select 1 from pg_roles where rolname = '{ROLE}'") == []


def test_the_notes_name_what_is_not_in_it(place: Administered) -> None:
    fields: dict[str, Any] = {
        "mode": "insert",
        "hooks": {"after": ["select 1"]},
        "drift": "add_columns",
        "model": {"sql": "select f.id from made_by_a_function() as f", "key": ["id"]},
    }
    config = sync(source="crm", **fields)
    told = " ".join(Scripts(place.side, "crm", (config,)).needs.notes)
    for part in ("no table was found", "hooks run as this role", "takes the owner", "`verify`"):
        assert part in told


def test_the_command_prints_what_can_be_pasted(project: CliProject) -> None:
    project.connections(crm={"user": "$CRM_USER"})
    project.environment |= {"CRM_USER": "printed_role", "NEW_PASSWORD": "p'ä\\ss $$ x"}
    side = replace(project.pair.destination, user=project.pair.destination.cluster.superuser)
    superuser = replace(side, password=side.cluster.password)
    ours = replace(side, user="printed_role", password="p'ä\\ss $$ x")
    try:
        ended = project.run("setup-sql", "crm", "--password-env", "NEW_PASSWORD")
        assert (ended.exit_code, ended.stderr) == (ExitCode.OK, "")
        assert "p'ä" not in ended.stdout
        assert psql(superuser, script=ended.stdout).stderr == ""
        ours.connect_as_role().close()
        ended = project.run("setup-sql", "crm", "--generate-password", "--json")
        assert psql(superuser, script=ended.document["sql"]).returncode == 0
        told, _, password = ended.stderr.strip().partition("CRM_PASSWORD=")
        assert told.startswith("Password of printed_role, shown this once") and len(password) == 32
        assert password not in ended.stdout
        replace(ours, password=password).connect_as_role().close()
        ended = project.run("setup-sql", "crm")
        assert "-- It sets no password. In psql" in ended.stdout and "SCRAM" not in ended.stdout
        ended = project.run("setup-sql", "crm", "--revoke", "--drop-role")
        assert psql(superuser, script=ended.stdout).stderr == ""
        assert 'Schema "pgsync_ledger" stays' in ended.stdout
    finally:
        side.execute("drop role if exists printed_role")


def test_the_commands_of_the_docs_print_a_script(project: CliProject) -> None:
    docs = Path(__file__).parents[2] / "docs"
    page = (docs / "privileges.md").read_text(encoding="utf-8")
    project.sync(engine="standard")
    project.connections(platform={}, crm={"schemas": {"log": "pgsync_log"}})
    project.environment |= {"SHOP_PASSWORD": "x", "CRM_PASSWORD": "y"}
    shown = re.findall(
        r"pgsync-assets (setup-sql [^`>\n]+)",
        page + (docs / "audit.md").read_text(encoding="utf-8"),
    )
    assert len(shown) == 4
    for line in shown:
        ended = project.run(*shlex.split(line))
        assert ended.exit_code == ExitCode.OK, ended.stderr
        assert ended.stdout.endswith("\nCOMMIT;\n")
    described = set(re.findall(r"(?<![-|])--[a-z][a-z-]+", page))
    options = {name for param in setup_sql.params for name in param.opts}
    assert described == options - {"name", "--defs", "--json", "--debug"}


REFUSED: dict[str, list[str]] = {
    "'shop' is not used as a destination by a sync": ["shop", "--role", "destination"],
    "no connection is named 'nowhere'": ["nowhere"],
    "no sync named 'nothing'": ["shop", "--sync", "nothing"],
    "--password-env: the environment variable NOT_SET": ["shop", "--password-env", "NOT_SET"],
    "and --generate-password do not go together": [
        "crm",
        "--password-env",
        "X",
        "--generate-password",
    ],
    "--made-by belongs to --future-tables": ["crm", "--made-by", "x"],
    "--schema belongs to --all-tables or --future-tables": ["crm", "--schema", "x"],
    "--drop-role belongs to --revoke": ["crm", "--drop-role"],
    "connection 'shop' keeps no log that ada could read": ["shop", "--log-reader", "ada"],
    "--log-reader and --create-on-database do not go together": [
        "crm",
        "--log-reader",
        "ada",
        "--create-on-database",
    ],
    "--revoke and --password-env do not go together": ["crm", "--revoke", "--password-env", "X"],
    "connection 'crm', database: the environment variable CRM_DATABASE is not set": ["crm"],
}


def test_what_cannot_be_printed(project: CliProject) -> None:
    project.connections(crm={"database": "$CRM_DATABASE"})
    for told, arguments in REFUSED.items():
        ended = project.run("setup-sql", *arguments)
        assert ended.exit_code != ExitCode.OK
        assert told in ended.message
        assert ended.stdout == ""
