"""Names of what a sync meets beside tables and columns: roles, databases, constraints, types and
their labels, partitions.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from psycopg import sql
from pydantic import ValidationError

from pgsync_assets.embedded import Cluster
from pgsync_assets.outcome import Counts

from ..corpus_names import HARDEST_NUMBERS, NAMES, NUMBERS
from ..fix_databases import AUDIT_SCHEMA, LEDGER_SCHEMA, PLANNER_SCHEMA, Pair, database
from ..fix_syncs import ENGINES, Syncs


@pytest.fixture
def servers(source_server: Cluster, destination_server: Cluster) -> tuple[Cluster, Cluster]:
    """Source and destination."""
    return source_server, destination_server


@pytest.fixture(params=["lightning", "standard"])
def named(
    request: pytest.FixtureRequest, name: str, servers: tuple[Cluster, Cluster]
) -> Iterator[Syncs]:
    """Syncs between databases and by roles that all have one name."""
    source, destination = servers
    keeps = (PLANNER_SCHEMA, AUDIT_SCHEMA)
    with ExitStack() as stack:
        for cluster in servers:
            stack.callback(drop_role, cluster, name)  # once its databases are gone
        enter = stack.enter_context
        pair = Pair(
            enter(database(source, name, *keeps, name=name)),
            enter(database(destination, name, LEDGER_SCHEMA, name=name)),
        )
        platform = enter(database(destination, name, *keeps, name=f"{name[:50]}2"))
        yield Syncs(pair, platform=platform, fields=ENGINES[request.param])


def drop_role(cluster: Cluster, name: str) -> None:
    """Drops a role that owns nothing any more."""
    with cluster.connect("postgres") as connection:
        connection.execute(sql.SQL("drop role if exists {}").format(sql.Identifier(name)))


@pytest.mark.nightly(
    "each name is a database; those that are hardest to quote are there by day",
    but=[f"{way}-{n}" for way, n in zip(("lightning", "standard"), HARDEST_NUMBERS, strict=True)],
)
@pytest.mark.parametrize("name", NAMES, ids=NUMBERS)
def test_roles_and_databases_of_every_name(named: Syncs) -> None:
    named.table("id integer primary key, note text")
    named.pair.source.execute("insert into items values (1, 'a'), (2, 'b')")
    assert named.run(audit="full").succeeded == Counts(added=2)
    named.pair.source.execute("update items set note = 'c' where id = 1")
    assert named.run(audit="full").succeeded == Counts(changed=1)
    assert named.same()
    assert named.verify().in_step


def test_constraints_of_every_name(either: Syncs) -> None:
    either.table("id integer primary key")
    checks = [
        sql.SQL("alter table items add constraint {} check (id <> {})")
        .format(sql.Identifier(name), number)
        .as_string(None)
        for number, name in enumerate(NAMES)
    ]
    either.pair.destination.execute(*checks)
    either.pair.source.execute(f"insert into items select generate_series(0, {len(NAMES)})")
    outcome = either.run(max_rejected_rows=1000)
    assert outcome.succeeded == Counts(added=1)
    told = either.keeper.rows(
        "select constraint_name from hightouch_planner.refused_rows order by row_id::integer"
    )
    assert [name for (name,) in told] == NAMES


def test_types_and_labels_of_every_name(every: Syncs) -> None:
    for side in (every.pair.source, every.pair.destination):
        for name in NAMES:
            kind, labels = sql.Identifier(name), sql.SQL(", ").join(map(sql.Literal, NAMES))
            made = sql.SQL("create type {} as enum ({})").format(kind, labels)
            side.execute(made.as_string(None))
    columns = [f"c{n} {quoted(name)}, d{n} {quoted(name)}[]" for n, name in enumerate(NAMES)]
    every.table("id integer primary key, " + ", ".join(columns))
    values = ", ".join(sql.Literal(name).as_string(None) for name in NAMES)
    places = ", ".join(f"c{n}" for n in range(len(NAMES)))
    every.pair.source.execute(
        f"insert into items (id, {places}) values (1, {values}), (2, {values})"
    )
    assert every.run(audit="full").succeeded == Counts(added=2)
    first = sql.Literal(NAMES[0]).as_string(None)
    for n in range(len(NAMES)):
        every.pair.source.execute(f"update items set c{n} = {first}, d{n} = array[c{n}, null]")
    assert every.run(audit="full").succeeded == Counts(changed=2)
    assert every.same()
    assert every.verify(values=True).in_step


def quoted(name: str) -> str:
    """A name as SQL writes it."""
    return sql.Identifier(name).as_string(None)


def test_partitions_of_every_label(either: Syncs) -> None:
    either.table("id integer primary key, part integer")
    taken, refused = [], []
    for number, name in enumerate(NAMES):
        fields: dict[str, Any] = {"partitions": {"column": "part", "values": {name: [number]}}}
        try:
            either.config(**fields)
        except ValidationError:
            refused.append(name)
        else:
            taken.append(name)
    every = {name: [NAMES.index(name)] for name in taken}
    either.pair.source.execute(*(f"insert into items values ({n}, {n})" for n in range(len(NAMES))))
    fields = {"partitions": {"column": "part", "values": every}}
    for name in taken:
        assert either.run(name, **fields).succeeded == Counts(added=1), name
    there = either.keeper.rows("select partition from hightouch_audit.sync_runs")
    assert {name for (name,) in there} == set(taken)
    assert refused == [name for name in NAMES if not name.isprintable() or name != name.strip()]
