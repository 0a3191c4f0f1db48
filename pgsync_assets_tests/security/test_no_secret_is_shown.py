"""The password and the values of rows appear nowhere: not on success, not in any failure."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from psycopg import sql

from pgsync_assets import failpoints
from pgsync_assets import sync as engine
from pgsync_assets.config import ConnectionConfig
from pgsync_assets.connect import Endpoint
from pgsync_assets.connect.session import named
from pgsync_assets.errors import PgsyncError
from pgsync_assets.outcome import Outcome

from ..canaries import canary, is_shown
from ..fix_databases import Side
from ..fix_syncs import Syncs

PIECE = "p@ss:w/rd"
PASSWORD = canary(f"{PIECE}%'\\\"ü")  # what no output may hold
VALUE = "Lovelace-7d1c"  # of a row


@pytest.fixture
def items(syncs: Syncs) -> Syncs:
    """A row with a value that may not be shown."""
    syncs.table("id integer primary key, name text")
    syncs.pair.source.execute(f"insert into items values (1, '{VALUE}'), (2, 'other')")
    return syncs


SPEAK = (
    "create function speak() returns trigger language plpgsql"
    " as $$ begin raise exception 'I was given %', new.name using errcode = '{}'; end $$"
)
ON_INSERT = "create trigger speak before insert on items for each row execute function speak()"
CHECK = f"alter table items add check (name <> '{VALUE}')"


def of_sql(text: str) -> dict[str, Any]:
    """The fields of a sync whose model is a statement."""
    return {"model": {"sql": text, "key": ["id"]}}


# Kind -> what is done at the destination before, and what the sync says.
FAILURES: dict[str, tuple[list[str], dict[str, Any]]] = {
    "success": ([], {}),
    "check": ([CHECK], {}),
    "trigger": ([SPEAK.format("P0001"), ON_INSERT], {}),
    "unique": (
        ["alter table items add unique (name)", f"insert into items values (9, '{VALUE}')"], {},
    ),
    "domain": (
        ["create domain tiny as text check (length(value) < 8)",
         "alter table items alter name type tiny"], {},
    ),
    "stop": ([SPEAK.format("XX000"), ON_INSERT], {}),
    "too many": ([CHECK], {"max_rejected_rows": 0}),
    "model": ([], of_sql("select id, (name::integer)::text as name from items")),
    "repeated key": ([], of_sql("select 1 as id, name from items")),
}  # fmt: skip


@contextmanager
def logged() -> Iterator[list[str]]:
    """Everything that anybody logs meanwhile, down to the smallest detail, psycopg's too."""
    lines: list[str] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(self.format(record))

    root, listener = logging.getLogger(), Listener()
    level = root.level
    root.addHandler(listener)
    root.setLevel(logging.DEBUG)
    try:
        yield lines
    finally:
        root.removeHandler(listener)
        root.setLevel(level)


def audit_of(side: Side) -> list[str]:
    """Everything that our schemas at the source hold for people."""
    tables = ("sync_runs", "sync_changelog", "sync_snapshot")
    return [str(side.rows(f"select t::text from hightouch_audit.{t} t")) for t in tables] + [
        str(side.rows("select t::text from hightouch_planner.rejections t"))
    ]


@pytest.mark.parametrize("kind", FAILURES)
def test_no_value_of_a_row_is_shown(
    items: Syncs, kind: str, capfd: pytest.CaptureFixture[str]
) -> None:
    before, fields = FAILURES[kind]
    items.pair.destination.execute(*before)
    seen: list[str] = []
    with logged() as lines:
        try:
            outcome = items.run(**fields)
            seen += [repr(outcome), str(outcome.rejections)]
            assert isinstance(outcome, Outcome)
            assert (outcome.rejected == 0) == (kind == "success")
        except PgsyncError as error:
            assert kind in ("stop", "too many", "model")
            seen += [str(error), repr(error), "".join(traceback.format_exception(error))]
    seen += [*lines, *capfd.readouterr(), *audit_of(items.pair.source)]
    seen += [str(items.pair.destination.rows("select t::text from pgsync_ledger.pgsync_rejects t"))]
    # The table of the test holds the value; the search would find it.
    assert VALUE in str(items.pair.source.rows("select * from items"))
    assert [text for text in seen if VALUE in text] == []


STEPS = (
    "claimed",
    "plan made",
    "plan stored",
    "fenced",
    "chunk sent",
    "rows applied",
    "batch committed",
    "audit written",
    "settled",
)


def test_a_crash_anywhere_shows_neither(items: Syncs, monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody expects ends with a traceback; some that collect those add what was in scope."""
    for step in STEPS:
        items.begin(lambda: None)
        with monkeypatch.context() as patch:
            patch.setenv(failpoints.VARIABLE, f"{step}:raise")
            with pytest.raises(failpoints.FailpointReached, match=step) as caught:
                items.run()
        assert VALUE not in "".join(traceback.format_exception(caught.value))
        scope = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
        assert not is_shown("".join(scope.format())), step


def set_password(side: Side) -> None:
    """Gives a role the password that may not be shown; the next test's fixture sets its own."""
    with side.connect() as connection:
        connection.execute(
            sql.SQL("alter role {} password {}").format(
                sql.Identifier(side.user), sql.Literal(PASSWORD)
            )
        )


CHILD = """
import json, sys, traceback
from pgsync_assets import sync
from pgsync_assets.config import ConnectionConfig, SyncConfig
from pgsync_assets.connect import Endpoint, retry

retry.PAUSES_S = ()
source, destination = (
    Endpoint(name, ConnectionConfig(**json.loads(text)))
    for name, text in zip(("shop", "crm"), sys.argv[1:])
)
config = SyncConfig(name="items", source="shop", destination="crm", table="public.items",
    model={"table": "public.items", "key": ["id"]})
print(source, repr(destination), source.config, repr(destination.config), vars(config))

def show(progress):
    with open("/proc/self/cmdline") as words:
        print(progress, words.read())

try:
    print(sync.run(config, source, destination, on_progress=show))
except Exception as error:
    traceback.print_exc()
    print(repr(error), vars(error))
"""


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, "status='succeeded'"),
        ({"database": "no_such_database"}, "no_such_database"),
        ({"port": 1}, "ConnectionLost"),
        ({"user": "nobody_here"}, "AuthenticationError"),
        ({"sslmode": "require"}, "does not support SSL"),
        ({"host": "127.0.0.1 password=x"}, "ConnectionLost"),
        ({"port": "$CANARY"}, "does not hold a number"),
        ({"sslrootcert": "/no/such/file", "sslmode": "verify-full"}, "/no/such/file"),
    ],
    ids=["success", "database", "port", "user", "tls", "host", "port that is no number", "ca"],
)
@pytest.mark.skipif(sys.platform != "linux", reason="reads Linux' list of processes")
def test_no_password_is_shown(syncs: Syncs, change: dict[str, Any], said: str) -> None:
    syncs.table("id integer primary key")
    syncs.pair.source.execute("insert into items values (1)")
    for side in (syncs.pair.source, syncs.pair.destination):
        set_password(side)
    ended = subprocess.run(
        [
            sys.executable,
            "-c",
            CHILD,
            json.dumps(written(syncs.pair.source)),
            json.dumps(written(syncs.pair.destination) | change),
        ],
        env=os.environ | {"CANARY": PASSWORD},
        capture_output=True,
        text=True,
    )
    source, destination = syncs.pair.source, syncs.pair.destination
    shown = [ended.stdout, ended.stderr]
    assert said in ended.stdout + ended.stderr
    shown += [str(source.rows("select query, application_name from pg_stat_activity"))]
    shown += [side.cluster.log.read_text(errors="replace") for side in (source, destination)]
    if said == "status='succeeded'":
        shown += audit_of(source)
    assert [text for text in shown if is_shown(text) or PIECE in text] == []


def written(side: Side) -> dict[str, Any]:
    """A connection as in YAML."""
    return {
        "host": side.host,
        "port": side.port,
        "database": side.database,
        "user": side.user,
        "password": "$CANARY",
    }


def test_no_password_is_in_what_the_servers_show_of_a_run(syncs: Syncs) -> None:
    """Of every session, idle ones too: `query` keeps the last statement of each."""
    syncs.table("id integer primary key")
    syncs.pair.source.execute("insert into items select generate_series(1, 20)")
    sides = (syncs.pair.source, syncs.pair.destination)
    for side in sides:
        set_password(side)
    ends = (
        Endpoint(name, ConnectionConfig.model_validate(written(side)), {"CANARY": PASSWORD})
        for name, side in zip(("shop", "crm"), sides, strict=True)
    )
    seen: list[tuple[str, str]] = []

    def look(_: object) -> None:
        for side in sides:
            seen.extend(side.rows("select query, application_name from pg_stat_activity"))

    engine.run(syncs.config(batch_size=10), *ends, on_progress=look)
    assert any(name.startswith("pgsync/items") and query for query, name in seen)
    assert not [text for pair in seen for text in pair if is_shown(text) or PIECE in text]


def test_application_names_say_who_we_are_and_nothing_else(syncs: Syncs) -> None:
    syncs.table("id integer primary key")
    syncs.pair.source.execute("insert into items values (1)")
    seen: list[tuple[Any, ...]] = []

    def look(_: object) -> None:
        for side in (syncs.pair.source, syncs.pair.destination):
            mine = f"usename = '{side.user}' and datname = '{side.database}'"
            seen.extend(side.rows(f"select application_name from pg_stat_activity where {mine}"))

    engine.run(syncs.config(), *syncs.endpoints, on_progress=look)
    assert {name for (name,) in seen} == {"pgsync/items", "pgsync/items lock"}


def test_a_transaction_shows_its_run(syncs: Syncs) -> None:
    name = "n" * 60
    syncs.table("id integer primary key")
    syncs.pair.source.execute("insert into items values (1)")
    syncs.pair.destination.execute(
        "alter table items add shown text default current_setting('application_name')"
    )
    syncs.run(name=name)
    assert syncs.pair.destination.rows("select shown from items") == [
        (f"pgsync/{'n' * 32}..{'n' * 16} run 1",)
    ]
    assert named(f"pgsync/{name} lock") == f"pgsync/{'n' * 38}..{'n' * 11} lock"
    assert named("pgsync/ä/ü", 7) == "pgsync/?/? run 7"
