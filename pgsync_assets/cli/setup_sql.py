"""`pgsync-assets setup-sql`: the script by which an administrator makes a connection's role."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from psycopg import sql

from ..config import PLACES, ConnectionConfig, SyncConfig, UsedAs, uses_of
from ..connect.parameters import Values
from ..connect.secrets import resolve
from ..errors import ConfigurationError
from ..grants import (
    LogReader,
    Needs,
    Ways,
    needs_of,
    revoke_script,
    setup_script,
    verifier,
)
from ..printable import printable
from ..project import Project, read_project
from .app import app, common_options
from .endpoints import connection_or_platform
from .terminal import Terminal

TAKES = {
    "made_by": ("future_tables",),
    "schema": ("all_tables", "future_tables"),
    "drop_role": ("revoke",),
}
APART = (
    ("password_env", "generate_password"),
    ("revoke", "password_env"),
    ("revoke", "generate_password"),
    ("log_reader", "create_on_database"),
)
BYTES = 24  # of a password: 32 characters


@dataclass(frozen=True)
class Login:
    """Who gets the rights, and where.

    Args:
        connection: its name.
        config: of the connection.
        database: resolved, as are all others.
        user: the role.
    """

    connection: str
    config: ConnectionConfig
    database: str
    user: str


@dataclass(frozen=True)
class Password:
    """A password that the script sets.

    Args:
        text: it.
        is_new: it was generated, and nobody knows it yet.
    """

    text: str
    is_new: bool


@app.command("setup-sql")
@click.argument("name")
@click.option(
    "--role",
    "used_as",
    type=click.Choice(PLACES),
    help="Only what NAME needs as one of these; default: as all that syncs use it for.",
)
@click.option("--sync", "chosen", multiple=True, metavar="SYNC", help="Only what SYNC needs.")
@click.option("--password-env", metavar="VARIABLE", help="Set the password that VARIABLE holds.")
@click.option(
    "--generate-password", is_flag=True, help="Set a new password, shown on stderr this once."
)
@click.option("--all-tables", is_flag=True, help="Rights on all tables of the schemas.")
@click.option(
    "--future-tables", is_flag=True, help="And on those that are made there later, see --made-by."
)
@click.option(
    "--made-by",
    multiple=True,
    metavar="ROLE",
    help="Who makes later tables; default: owners of those that are there, and who runs it.",
)
@click.option(
    "--schema",
    multiple=True,
    metavar="SCHEMA",
    help="Of --all-tables and --future-tables; default: the schemas of the syncs' tables.",
)
@click.option(
    "--create-on-database",
    is_flag=True,
    help="CREATE on the database in place of ready-made schemas.",
)
@click.option(
    "--column-grants", is_flag=True, help="Only on mapped columns, for syncs that list `columns`."
)
@click.option(
    "--log-reader", metavar="ROLE", help="ROLE, which is there, may read the log (schemas: log)."
)
@click.option("--revoke", is_flag=True, help="Take back what the same options gave.")
@click.option(
    "--drop-role", is_flag=True, help="With --revoke: drop the role; its tables stay, as yours."
)
@common_options
@click.pass_context
def setup_sql(
    context: click.Context,
    name: str,
    used_as: UsedAs | None,
    chosen: tuple[str, ...],
    password_env: str | None,
    generate_password: bool,
    all_tables: bool,
    future_tables: bool,
    made_by: tuple[str, ...],
    schema: tuple[str, ...],
    create_on_database: bool,
    column_grants: bool,
    log_reader: str | None,
    revoke: bool,
    drop_role: bool,
    defs: Path,
    as_json: bool,
) -> None:
    """Print the SQL that gives the role of connection NAME what its syncs need.

    Nothing is opened: an administrator runs it, with psql or any other client, as often as
    needed. It grants nothing that no sync needs, and fails where something is lacking.
    """
    _check_options(context.params)
    project = read_project(defs)
    login = _login(project, name)
    places = (used_as,) if used_as else PLACES
    uses = uses_of(name, _syncs(project, chosen), places)
    if not uses.names:
        raise _unused(name, used_as, chosen)
    ways = Ways(create_on_database, column_grants, all_tables, future_tables, schema)
    needs = needs_of(login.config, login.database, uses, ways)
    reader = _log_reader(login, log_reader)
    terminal = Terminal(as_json)
    if revoke:
        head = _revoke_head(login, needs, drop_role)
        body = revoke_script(needs, login.database, login.user, drop_role, reader)
    else:
        password = _password(password_env, generate_password)
        secret = verifier(password.text, login.user) if password else None
        head = _head(login, needs, uses.names, password)
        body = setup_script(needs, login.database, login.user, secret, made_by, reader)
        _tell(login, password)
    script = "".join((*(f"-- {printable(line)}".rstrip() + "\n" for line in head), "\n", body))
    terminal.document({"connection": name, "syncs": uses.names, "sql": script})
    if not as_json:
        # As it is: names are quoted, and what a terminal would not show may be part of one.
        click.echo(script, nl=False)


def _check_options(given: Mapping[str, Any]) -> None:
    """Which option takes which other one, and which do not go together."""
    for option, others in TAKES.items():
        if given[option] and not any(given[other] for other in others):
            raise click.UsageError(f"{_flag(option)} belongs to {' or '.join(map(_flag, others))}")
    for one, other in APART:
        if given[one] and given[other]:
            raise click.UsageError(f"{_flag(one)} and {_flag(other)} do not go together")


def _flag(option: str) -> str:
    return f"--{option.replace('_', '-')}"


def _login(project: Project, name: str) -> Login:
    config = connection_or_platform(project, name)
    values = Values(name, config, os.environ)
    return Login(name, config, values.value("database"), values.value("user"))


def _syncs(project: Project, chosen: tuple[str, ...]) -> list[SyncConfig]:
    return [project.sync(name) for name in chosen] or list(project.syncs.values())


def _unused(name: str, used_as: str | None, chosen: tuple[str, ...]) -> ConfigurationError:
    who = f"sync {' or '.join(chosen)}" if chosen else "a sync"
    place = f" as a {used_as}" if used_as else ""
    return ConfigurationError(
        f"connection {name!r} is not used{place} by {who}: there is nothing that it needs",
        "define the sync first; its mode and its tables decide what is granted",
    )


def _log_reader(login: Login, role: str | None) -> LogReader | None:
    if role is None:
        return None
    schema = login.config.schemas.log
    if schema is None:
        raise ConfigurationError(
            f"connection {login.connection!r} keeps no log that {role} could read",
            "let it keep one: schemas: {log: pgsync_log}",
        )
    return LogReader(role, schema, login.database)


def _password(variable: str | None, generates: bool) -> Password | None:
    if generates:
        return Password(secrets.token_urlsafe(BYTES), is_new=True)
    if variable is None:
        return None
    text = resolve(f"${variable.removeprefix('$')}", os.environ, "--password-env")
    if not text:
        raise ConfigurationError(f"--password-env: {variable} is empty", "set it to the password")
    return Password(text, is_new=False)


def _tell(login: Login, password: Password | None) -> None:
    if password and password.is_new:
        variable = (login.config.password or "$PASSWORD").removeprefix("$")
        told = f"Password of {printable(login.user)}, shown this once: {variable}={password.text}"
        click.echo(told, err=True)


def _head(
    login: Login, needs: Needs, syncs: tuple[str, ...], password: Password | None
) -> Iterator[str]:
    yield f"pgsync_assets: connection {login.connection}, for {', '.join(syncs)}."
    yield f"Gives role {login.user} in database {login.database} what these syncs need."
    yield ""
    yield "Run it as a superuser; or as a role that owns the tables and schemas below (or has the"
    yield "rights WITH GRANT OPTION), that has CREATEROLE where the role is not there yet, and"
    yield "CREATE on the database where a schema is not. It can be run again, in psql or any other"
    yield "client: everything is done, or nothing. The role needs no attribute but LOGIN."
    yield ""
    yield from _password_lines(login, password)
    yield from needs.notes
    yield "Functions that a model calls and triggers of a table run as this role; a view with"
    yield "security_invoker reads its tables as this role. What they need is not in here."


def _password_lines(login: Login, password: Password | None) -> Iterator[str]:
    if password:
        yield "The password is in it as a SCRAM verifier: who reads this cannot log in with it."
    elif login.config.password:
        name = sql.Identifier(login.user).as_string(None)
        yield f"It sets no password. In psql, as the same administrator: \\password {name}"
    yield ""


def _revoke_head(login: Login, needs: Needs, drop_role: bool) -> Iterator[str]:
    yield f"pgsync_assets: takes back what setup-sql {login.connection} gave, by the same options,"
    yield f"from role {login.user} in database {login.database}. It can be run again."
    if drop_role:
        yield "The role goes; its tables here will belong to who runs this."
    for name in needs.own_schemas:
        schema = sql.Identifier(name).as_string(None)
        yield f"Schema {schema} stays: it may hold the state of syncs, and tables of others."
