"""Any character in a password, a role or a database: the whole list that others ask to avoid."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from psycopg import sql

from pgsync_assets.config import ConnectionConfig
from pgsync_assets.connect import Endpoint, Session
from pgsync_assets.connect.parameters import Values
from pgsync_assets.embedded.servers import create_login
from pgsync_assets.errors import AuthenticationError, ConfigurationError, PgsyncError
from pgsync_assets.outcome import Counts

from ..fix_databases import Pair, Side
from ..fix_syncs import Syncs, endpoint_of
from ..invariants import violations
from ..security.test_no_secret_is_shown import logged

FORBIDDEN_ELSEWHERE = '@[]/?#"\\+ &:'
TEXTS = {
    "forbidden elsewhere": f"a{FORBIDDEN_ELSEWHERE}z",
    "of a URL": "%40%zz;=,!*()",
    "a URL": "postgresql://u:p@h:1/d?x=y",
    "keywords": "host=elsewhere port='1'",
    "quotes": "it's \"so\" \\'",
    "of a shell": "$HOME `id` $(id) !! ~ {a,b} <>|;&*",
    "of Python": "{0} {name} %s %(x)s",
    "unicode": "pä漢字🔑\u202ee\u0301\u00a0\u00ad",
    "lines": "a\nb\r\tc",
    "blanks": "  around  ",
    "a variable": "$TEST_PASSWORD",
    "one character": "a",
    "controls": "\x01\x1b[31m\x7f",
}


@contextmanager
def named(side: Side, name: str, password: str) -> Iterator[Side]:
    """A side whose database and role have this name, as long as the block takes."""
    create_login(side.cluster, name, password)
    side.leave()
    with side.cluster.connect("postgres") as connection:
        rename(connection, side.database, name)
    there = replace(side, database=name, user=name, password=password)
    with there.connect() as connection:
        take_over(connection, side.user, name)
        grant = sql.SQL("grant connect, temporary on database {0} to {0}")
        connection.execute(grant.format(sql.Identifier(name)))
    try:
        yield there
    finally:
        with there.connect() as connection:
            take_over(connection, name, side.user)
            connection.execute(sql.SQL("drop owned by {}").format(sql.Identifier(name)))
        with side.cluster.connect("postgres") as connection:
            rename(connection, name, side.database)
            connection.execute(sql.SQL("drop role {}").format(sql.Identifier(name)))


def rename(connection: Any, before: str, after: str) -> None:
    names = map(sql.Identifier, (before, after))
    connection.execute(sql.SQL("alter database {} rename to {}").format(*names))


def take_over(connection: Any, before: str, after: str) -> None:
    """What a role owns becomes another's."""
    names = map(sql.Identifier, (before, after))
    connection.execute(sql.SQL("reassign owned by {} to {}").format(*names))


def endpoint(side: Side, password: str | None = None) -> Endpoint:
    """Everything by variables, as only there a text may begin with a dollar."""
    config = ConnectionConfig(
        host=side.host, port="$PORT", database="$NAME", user="$NAME", password="$PASSWORD"
    )
    secret = side.password if password is None else password
    values = {"PORT": str(side.port), "NAME": side.user, "PASSWORD": secret}
    return Endpoint("crm", config, values)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_connection_with_it(database_pair: Pair, text: str) -> None:
    with named(database_pair.destination, text, text) as side:
        with (
            endpoint(side).session("pgsync/test") as session,
            session.transaction("asking") as connection,
        ):
            asked = "select current_user::text, current_database()::text"
            assert connection.execute(asked).fetchone() == (text, text)
        with pytest.raises(AuthenticationError, match="authentication failed"):
            endpoint(side, f"{text}.").session("pgsync/test").__enter__()


def test_a_whole_sync_with_all_of_it(syncs: Syncs, capfd: pytest.CaptureFixture[str]) -> None:
    name = "ro%le '\"$ \\ü\n" + FORBIDDEN_ELSEWHERE
    secret = f"Canary-77  {name}"  # shorter than 63 bytes: it is asked for as a name below
    pair = syncs.pair
    with (
        logged() as lines,
        named(pair.source, name, secret) as source,
        named(pair.destination, name, secret) as destination,
    ):
        there = Syncs(Pair(source, destination))
        there.table("id int primary key, name text")
        source.execute("insert into items values (1, 'one'), (2, 'two')")
        shown = [repr(there.run())]
        source.execute("update items set name = 'newer' where id = 1")
        outcome = there.run()
        assert outcome.succeeded == Counts(changed=1)
        assert violations(there) == []
        shown += [repr(there.verify()), repr(outcome), *map(repr, there.endpoints), *lines]
        for side in (source, destination):
            shown.append(str(side.rows("select query, application_name from pg_stat_activity")))
            shown.append(side.cluster.log.read_text(errors="replace"))
        with pytest.raises(PgsyncError) as caught:
            Endpoint("crm", wrong(destination), {"SECRET": secret}).session("x").__enter__()
        shown.append("".join(traceback.format_exception(caught.value)))
    shown += capfd.readouterr()
    assert [text for text in shown if "Canary" in text] == []


def wrong(side: Side) -> ConnectionConfig:
    """Its password is asked for as the name of a database, which libpq repeats."""
    return ConnectionConfig(
        host=side.host, port=side.port, database="$SECRET", user=side.user, password="$SECRET"
    )


@pytest.mark.parametrize("field", ["host", "port", "database", "user", "password"])
def test_a_nul_is_refused(field: str) -> None:
    fields = dict.fromkeys(("host", "database", "user"), "name")
    config = ConnectionConfig.model_validate(fields | {field: "$TEXT"})
    with pytest.raises(ConfigurationError, match=f"'crm', {field}: holds the character NUL"):
        Endpoint("crm", config, {"TEXT": "a\0b"}).session("x").__enter__()


@pytest.mark.parametrize("password", ["password", "authentication", "e", "failed"])
def test_a_password_that_is_a_word_of_the_refusal_does_not_hide_it(
    database_pair: Pair, password: str
) -> None:
    side = database_pair.destination
    with pytest.raises(AuthenticationError):
        endpoint(replace(side, user=side.database), password).session("x").__enter__()


def test_the_environment_of_libpq_leads_nowhere_else(
    monkeypatch: pytest.MonkeyPatch, database_pair: Pair
) -> None:
    side = database_pair.destination
    elsewhere = {"PGHOSTADDR": "192.0.2.1", "PGPORT": "1", "PGTARGETSESSIONATTRS": "standby"}
    elsewhere |= {"PGDATABASE": "no", "PGUSER": "no", "PGPASSWORD": "no", "PGAPPNAME": "no"}
    elsewhere |= {"PGOPTIONS": "-c default_transaction_read_only=on", "PGCONNECT_TIMEOUT": "2"}
    for hosts in (side.host, [side.host, side.host]):
        with (
            monkeypatch.context() as patch,
            opened(patch, elsewhere, endpoint_of("crm", side, host=hosts)) as session,
            session.transaction("asking") as connection,
        ):
            asked = "select current_database(), current_setting('transaction_read_only')"
            assert connection.execute(asked).fetchone() == (side.database, "off")


@contextmanager
def opened(
    patch: pytest.MonkeyPatch, variables: dict[str, str], endpoint: Endpoint
) -> Iterator[Session]:
    """A session that begins while the process has these variables."""
    for name, value in variables.items():
        patch.setenv(name, value)
    with endpoint.session("pgsync/test") as session:
        yield session


@pytest.mark.parametrize(
    ("host", "port", "expected"),
    [
        ("$HOSTS", 5432, [("a", 5432), ("b", 5432)]),
        ("$HOSTS", "$PORTS", [("a", 1), ("b", 2)]),
        (["a", "b"], "$PORTS", [("a", 1), ("b", 2)]),
        (["a", "b"], [5, "$ONE"], [("a", 5), ("b", 7)]),
        ("c", "$ONE", [("c", 7)]),
    ],
)
def test_a_variable_may_hold_a_list(host: Any, port: Any, expected: list[tuple[str, int]]) -> None:
    values = values_of(host, port)
    assert list(zip(values.hosts(), values.ports(), strict=True)) == expected


@pytest.mark.parametrize(
    ("host", "port", "said"),
    [
        ("c", "$PORTS", "2 ports for 1 hosts"),
        ("$EMPTY", 1, "host: a name is empty"),
        ("a,,b", 1, "host: a name is empty"),
        ("a", "$HOSTS", r"port: \$HOSTS does not hold a number"),
        ("a", "$ZERO", "from 1 to 65535"),
    ],
)
def test_a_list_that_does_not_fit_is_refused(host: Any, port: Any, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        values_of(host, port).ports()


def values_of(host: Any, port: Any) -> Values:
    config = ConnectionConfig(host=host, port=port, database="d", user="u")
    variables = {"HOSTS": "a, b", "PORTS": "1,2", "ONE": "7", "EMPTY": "", "ZERO": "0"}
    return Values("crm", config, variables)


def test_each_host_that_refused_is_named_once(database_pair: Pair) -> None:
    side = database_pair.destination
    fields = {"host": [side.host, side.host, side.host], "port": [1, side.port, 1]}
    with pytest.raises(AuthenticationError) as caught:
        endpoint_of("crm", replace(side, password="Canary-77"), **fields).session("x").__enter__()
    said = caught.value.message
    assert said.count("port 1 failed: Connection refused") == 1
    assert said.count("password authentication failed") == 1
    assert "Multiple" not in said
    assert "hostaddr" not in said
