"""docs/audit.md, "In the destination, too": what it shows works, for a role that may only read."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from pgsync_assets import grants
from pgsync_assets.config import ConnectionConfig
from pgsync_assets.embedded import Cluster

from ..fix_administrators import Administered, Scripts, administered
from ..fix_databases import Pair, Side
from ..fix_syncs import Syncs

PAGE = (Path(__file__).parents[2] / "docs" / "audit.md").read_text(encoding="utf-8")
SECTION = PAGE.split("## In the destination, too\n")[1].split("\n## ")[0]
QUERIES = re.findall(r"```sql\n(.*?)```", SECTION, re.DOTALL)
RELATIONS = {
    name: re.findall(r"`(\w+)`", columns)
    for name, columns in re.findall(r"^\| `(\w+)`[^|]*\|[^|]*\| (.*) \|$", SECTION, re.MULTILINE)
}
COLUMNS = """
    select c.relname, array_agg(a.attname::text order by a.attnum),
        bool_and(col_description(c.oid, a.attnum) is not null)
            and obj_description(c.oid, 'pg_class') is not null
    from pg_class as c join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0
    where c.relnamespace = 'pgsync_log'::regnamespace and c.relkind in ('r', 'v')
        and c.relname <> 'migrations'
    group by c.oid, c.relname
"""
FILL = "insert into public.customers select n, 'name ' || n from generate_series(1, 4) as n"


@contextmanager
def reader_of(place: Administered) -> Iterator[Side]:
    """A role that may log in, and nothing else."""
    name = f"log_reader_{os.getpid()}"
    place.execute(f"create role {name} login password 'only-reads'")
    side = replace(place.side, user=name, password="only-reads")
    try:
        yield side
    finally:
        # By who has granted it.
        place.execute(f'revoke connect on database "{side.database}" from {name}')
        side.execute(f"drop owned by {name}; drop role {name}")


def script(syncs: Syncs, reader: Side) -> tuple[str, str]:
    """What `setup-sql crm --log-reader` prints, with and without `--revoke`."""
    ours = syncs.pair.destination
    scripts = Scripts(ours, "crm", (syncs.config(),), connection=syncs.destination)
    log = grants.LogReader(reader.user, "pgsync_log", ours.database)
    secret = grants.verifier(ours.password, ours.user)
    return (
        grants.setup_script(scripts.needs, ours.database, ours.user, secret, (), log),
        grants.revoke_script(scripts.needs, ours.database, ours.user, False, log),
    )


def read(reader: Side, query: str) -> list[tuple[object, ...]]:
    with reader.connect_as_role() as connection:
        connection.execute("set transaction read only")
        return connection.execute(query.encode()).fetchall()


def test_the_section(database_pair: Pair, destination_server: Cluster) -> None:
    source = database_pair.source
    source.execute("create table public.customers (id int primary key, name text)", FILL)
    source.grant_table("customers")
    (written,) = yaml.safe_load(re.findall(r"```yaml\n(.*?)```", SECTION, re.DOTALL)[0]).values()
    schemas = ConnectionConfig.model_validate(written["crm"]).schemas
    with administered(destination_server) as place, reader_of(place) as reader:
        administrator = place.administrator.user
        place.side.execute(
            f'grant usage, create on schema public to "{administrator}" with grant option'
        )
        place.execute("create table public.customers (id int primary key, name text)")
        fields = {
            "name": "customers",
            "model": {"table": "public.customers", "key": ["id"]},
            "table": "public.customers",
        }
        connection = {"schemas": schemas.model_dump(exclude_defaults=True)}
        syncs = Syncs(Pair(source, place.side), destination=connection, fields=fields)
        give, take = script(syncs, reader)
        place.paste(give)
        syncs.run()
        place.paste(give)
        source.execute("alter table public.customers rename to clients")
        with pytest.raises(Exception, match="customers"):
            syncs.run()
        today, failed, age = (read(reader, query) for query in QUERIES)
        assert [row[:3] + row[4:] for row in today] == [
            ("customers", 1, "succeeded", 4, 0, 0),
            ("customers", 2, "failed", 0, 0, 0),
        ]
        assert [(row[1], row[3]) for row in failed] == [(2, "failed")]
        assert [(row[0], row[1], row[3], row[4]) for row in age] == [
            ("customers", 4, "failed", None)
        ]
        found = {name: columns for name, columns, _ in place.side.rows(COLUMNS)}
        assert found == RELATIONS
        assert all(has_comments for *_, has_comments in place.side.rows(COLUMNS))
        place.paste(take)
        with pytest.raises(Exception, match="permission denied for schema pgsync_log"):
            read(reader, QUERIES[0])
