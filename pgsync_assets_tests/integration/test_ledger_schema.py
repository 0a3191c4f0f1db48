"""The ledger's schema: our own, or the application's, where nothing but our tables is touched."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from pgsync_assets import write
from pgsync_assets.outcome import Counts
from pgsync_assets.sql import script
from pgsync_assets.write import Ledger

from ..fix_databases import Side
from ..fix_syncs import Syncs, endpoint_of

OURS = "pgsync_deliveries, pgsync_identity, pgsync_ledger, pgsync_migrations, pgsync_rejects"
THEIRS = ("migrations", "ledger", "identity", "rejects")


@pytest.fixture
def items(syncs: Syncs) -> Syncs:
    """Three rows, and a destination without a schema for the ledger."""
    syncs.table("id int primary key, name text")
    syncs.pair.source.execute("insert into items select n, 'n' from generate_series(1, 3) n")
    syncs.pair.destination.execute("drop schema pgsync_ledger")
    return syncs


def shape(side: Side, schema: str) -> list[tuple[Any, ...]]:
    """Columns, defaults, keys, checks and comments of our tables in a schema."""
    return side.rows(
        "select c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,"
        " pg_get_expr(d.adbin, d.adrelid), col_description(c.oid, a.attnum),"
        " obj_description(c.oid, 'pg_class'), c.relacl::text, array(select"
        " pg_get_constraintdef(oid) from pg_constraint where conrelid = c.oid order by 1)::text"
        " from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0"
        " left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum"
        f" where c.relnamespace = '{schema}'::regnamespace and c.relkind = 'r'"
        " and c.relname like 'pgsync%' order by 1, a.attnum"
    )


def install_001(side: Side) -> None:
    """A ledger as the first version made it, in its own schema."""
    side.execute(f"create schema pgsync_ledger authorization {side.user}")
    table = "create table pgsync_ledger.migrations (number integer primary key, name text not null,"
    with side.connect_as_role(autocommit=True) as connection:
        connection.execute((table + " applied_at timestamptz not null default now())").encode())
        made = script(write.__name__, "migrations/001_ledger.sql", schema="pgsync_ledger")
        connection.execute(made)
        connection.execute(
            "insert into pgsync_ledger.migrations values (1, '001_ledger.sql', '2024-01-01')"
        )


def test_a_ledger_of_the_first_version_keeps_what_it_knows(items: Syncs) -> None:
    destination = items.pair.destination
    install_001(destination)
    (identity,) = destination.rows("select id from pgsync_ledger.identity")[0]
    entry = f"'{identity}', 'other', '', 7, 6, 5, 4, 3, '2024-01-01'"
    destination.execute(
        f"insert into pgsync_ledger.ledger values ({entry})",
        f"insert into pgsync_ledger.rejects values ('{identity}', 'other', '', 6, 1, '1', 'c',"
        " 'd', 'e')",
    )
    assert items.run().succeeded == Counts(added=3)
    ours = "pgsync_ledger.pgsync_"
    assert destination.rows(f"select id from {ours}identity") == [(identity,)]  # noqa: S608
    kept = f"select sync, fence, run, batch from {ours}ledger where sync = 'other'"  # noqa: S608
    assert destination.rows(kept) == [("other", 7, 6, 5)]
    assert destination.rows(f"select sync, run from {ours}rejects") == [("other", 6)]  # noqa: S608
    known = f"select number, applied_at < '2024-02-01' from {ours}migrations order by 1"  # noqa: S608
    assert destination.rows(known)[0] == (1, True)
    assert items.run().planned == Counts()
    # Code that knows the old names only finds a version that it does not know.
    assert destination.rows("select max(number) from pgsync_ledger.migrations") == [(2,)]


def test_an_old_ledger_becomes_what_a_new_one_is(items: Syncs) -> None:
    destination = items.pair.destination
    install_001(destination)
    destination.execute(f"create schema fresh authorization {destination.user}")
    with endpoint_of("crm", destination).session("test") as session:
        Ledger.prepare(session, "pgsync_ledger")
        Ledger.prepare(session, "fresh")
    assert shape(destination, "pgsync_ledger") == shape(destination, "fresh")
    assert {row[0] for row in shape(destination, "fresh")} == set(OURS.split(", "))


def test_an_old_ledger_is_upgraded_once(items: Syncs) -> None:
    install_001(items.pair.destination)

    def prepared(number: int) -> object:
        with endpoint_of("crm", items.pair.destination).session(f"test {number}") as session:
            return Ledger.prepare(session, "pgsync_ledger").identity()

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(prepared, range(4)))) == 1


def test_a_writer_lives_in_one_schema_that_somebody_made(items: Syncs) -> None:
    """ALL on the application's schema, no CREATE on the database; its tables stay as they are."""
    destination = items.pair.destination
    destination.execute(
        f"grant all on schema public to {destination.user}",
        f'revoke create on database "{destination.database}" from {destination.user}',
        *(f"create table {name} (id int, migration text)" for name in THEIRS),
        *(f"insert into {name} values (1, 'create_users')" for name in THEIRS),
        *(f"grant select on {name} to public" for name in THEIRS),
        "grant select on items to public",
    )
    items.destination = {"schemas": {"ledger": "public"}}
    assert items.run().succeeded == Counts(added=3)
    items.pair.source.execute("update items set name = 'x' where id = 1")
    assert items.run().succeeded == Counts(changed=1)
    assert items.verify().in_step
    for name in THEIRS:
        assert destination.rows(f"select * from {name}") == [(1, "create_users")]  # noqa: S608
    granted = "select count(*) from pg_class where relacl::text ~ '[{,]=r/'" + (
        " and relnamespace = 'public'::regnamespace"
    )
    assert destination.rows(granted) == [(len(THEIRS) + 1,)]
    owned = "select count(*) from pg_tables where tableowner = '{}' and tablename like 'pgsync%'"
    assert destination.rows(owned.format(destination.user)) == [(5,)]
