"""Tables, columns and keys of any name arrive under exactly that name."""

from __future__ import annotations

from typing import Any

import pytest
from psycopg import sql
from pydantic import ValidationError

from pgsync_assets.outcome import Counts

from ..corpus_names import NAMES
from ..fix_syncs import Syncs


@pytest.fixture
def syncs(either: Syncs) -> Syncs:
    """Syncs of one engine and of the other."""
    return either


def quoted(name: str) -> str:
    """A name as SQL and as our YAML write it."""
    return sql.Identifier(name).as_string(None)


def test_tables_with_keys_of_every_name(syncs: Syncs) -> None:
    for number, name in enumerate(NAMES):
        send_changes(syncs, f"sync_{number}", name)


def send_changes(syncs: Syncs, sync: str, name: str) -> None:
    """Rows of a table of this name, with a key of this name: added, removed, refused."""
    table = quoted(name)
    for side in (syncs.pair.source, syncs.pair.destination):
        side.execute(f"create table {table} (n integer, {table} text, primary key (n, {table}))")
    syncs.grant(name)
    syncs.pair.destination.execute(f"alter table {table} add constraint small check (n < 100)")
    syncs.pair.source.execute(f"insert into {table} select n, 'x' from generate_series(1, 3) as n")
    fields: dict[str, Any] = {
        "name": sync,
        "model": {"table": f"public.{table}", "key": ["n", name]},
        "table": f"public.{table}",
        "delete": "delete_row",
        "audit": "full",
    }
    assert syncs.run(**fields).succeeded == Counts(added=3)
    syncs.pair.source.execute(
        f"update {table} set n = 200 where n = 1", f"insert into {table} values (4, 'x')"
    )
    outcome = syncs.run(**fields)
    assert outcome.succeeded == Counts(added=1, removed=1)
    assert [r.constraint for r in outcome.rejections] == ["small"]
    query = f"select n, {table} from {table} order by n"
    assert syncs.pair.destination.rows(query) == [(2, "x"), (3, "x"), (4, "x")]


@pytest.mark.parametrize("kind", ["table", "sql"])
def test_a_row_of_columns_of_every_name(syncs: Syncs, kind: str) -> None:
    syncs.table("id integer primary key, " + ", ".join(f"{quoted(n)} text" for n in NAMES))
    column = sql.SQL(", ").join(map(sql.Identifier, NAMES)).as_string(None)
    syncs.pair.source.execute(
        f"insert into items (id, {column}) values (1, {', '.join(map(str, range(len(NAMES))))})"
    )
    model = {"table": "public.items"} if kind == "table" else {"sql": "select * from items"}
    fields: dict[str, Any] = {"model": model | {"key": ["id"]}, "audit": "full"}
    assert syncs.run(**fields).succeeded == Counts(added=1)
    syncs.pair.source.execute(*(f"update items set {quoted(n)} = 'new'" for n in NAMES))
    assert [set(c.after or {}) for c in syncs.plan(**fields).changes] == [{"id", *NAMES}]
    assert syncs.run(**fields).succeeded == Counts(changed=1)
    assert syncs.same()


@pytest.mark.parametrize("name", ["100%", '"', "é" * 31, "a.b", ":x", "new\nline"], ids=ascii)
def test_schemas_of_ours_of_any_name(syncs: Syncs, name: str) -> None:
    syncs.table("id integer primary key, note text not null")
    syncs.pair.source.execute("insert into items values (1, 'a'), (2, 'b')")
    for side in (syncs.pair.source, syncs.pair.destination):
        side.execute(f"create schema {quoted(name)} authorization {side.user}")
    audit = name[:20] + "audit"
    syncs.pair.source.execute(
        f"create schema {quoted(audit)} authorization {syncs.pair.source.user}"
    )
    schemas = {"planner": name, "audit": audit, "ledger": name}
    syncs.source = syncs.destination = {"schemas": schemas}
    assert syncs.run().succeeded == Counts(added=2)
    syncs.pair.destination.execute("alter table items add check (note <> 'bad')")
    syncs.pair.source.execute(
        "update items set note = 'bad' where id = 1", "delete from items where id = 2"
    )
    outcome = syncs.run(delete="delete_row")
    assert (outcome.succeeded, outcome.failed) == (Counts(removed=1), Counts(changed=1))


def test_a_partition_of_an_odd_name_and_column(syncs: Syncs) -> None:
    syncs.table('"when %" date primary key')
    syncs.pair.source.execute("insert into items values ('2024-01-01'), ('2024-02-01')")
    fields: dict[str, Any] = {
        "model": {"table": "public.items", "key": ["when %"]},
        "partitions": {"column": "when %", "ranges": {"it's {}%": "2024-02-01", "later": None}},
    }
    assert syncs.run("it's {}%", **fields).succeeded == Counts(added=1)


@pytest.mark.parametrize("table", ["a" * 64, '"' + "é" * 32 + '"', '""', '"a"b"', "a.b", '"a\0"'])
def test_a_table_name_that_postgresql_would_cut_or_cannot_have_is_refused(
    syncs: Syncs, table: str
) -> None:
    with pytest.raises(ValidationError):
        syncs.config(table=f"public.{table}")
    with pytest.raises(ValidationError):
        syncs.config(model={"table": f"public.{table}", "key": ["id"]})
