"""Every command, where schema, table, columns, constraint and values have names that break quotes.

So each builder of a statement is asked at least once; the roads of rows are in `test_names`.
"""

from __future__ import annotations

from typing import Any

import pytest
from psycopg import sql

from pgsync_assets.cli.exit_code import ExitCode

from ...corpus_names import HARDEST_NUMBERS, NAMES, NUMBERS
from ...fix_databases import Pair, Side
from .conftest import CliProject

ROWS = 5


class Named:
    """A name in all its places, and a project that uses it.

    Args:
        name: schema and table of both sides; columns have a letter more.
        project: it is written to.
    """

    def __init__(self, name: str, project: CliProject) -> None:
        self.name, self.project = name, project
        self.key, self.value, self.gone, self.seen, self.stamp = (name[:50] + c for c in "kvgst")

    @property
    def table(self) -> str:
        """With its schema, as SQL and our YAML write it."""
        return f"{quoted(self.name)}.{quoted(self.name)}"

    def make(self, pair: Pair) -> None:
        """Makes the tables, and writes the project."""
        k, v, g, s, t = map(quoted, (self.key, self.value, self.gone, self.seen, self.stamp))
        columns = f"{k} text primary key, {v} text, {s} timestamptz default now()"
        for side in (pair.source, pair.destination):
            side.execute(
                f"create schema {quoted(self.name)}", f"create table {self.table} ({columns})"
            )
            rights = () if side is pair.source else ("select", "insert", "update", "delete")
            side.grant_table(self.name, *rights, schema=self.name)
        pair.destination.execute(
            f"alter table {self.table} add {g} timestamptz, add {t} timestamptz,"
            f" add constraint {quoted(self.name)} check ({v} <> 'bad')"
        )
        self.fill(pair.source)
        self.project.sync(
            model={"table": self.table, "key": [self.key], "where": f"{k} is not null"},
            table=self.table,
            delete="soft_delete",
            deleted_column=self.gone,
            cursor={"column": self.seen, "lag": "1 hour"},
            stamps={"synced_at": self.stamp},
            audit={"level": "full", "values": {self.value: "include"}},
        )

    def fill(self, side: Side) -> None:
        """Rows whose keys and values are the name again; one is refused."""
        with side.connect() as connection:
            query = sql.SQL(
                "insert into {} select {} || n, {}, now() from generate_series(1, 5) as n"
            )
            table = sql.Identifier(self.name, self.name)
            connection.execute(query.format(table, self.name, self.name))
            connection.execute(
                sql.SQL("update {} set {} = 'bad' where {} = {}").format(
                    table, sql.Identifier(self.value), sql.Identifier(self.key), f"{self.name}5"
                )
            )

    def change(self, side: Side) -> None:
        """One row changes, one leaves."""
        k, v, s = map(quoted, (self.key, self.value, self.seen))
        side.execute(
            f"update {self.table} set {v} = 'new', {s} = now() where {k} like '%2'",
            f"delete from {self.table} where {k} like '%1'",
        )


def quoted(name: str) -> str:
    """A name as SQL writes it."""
    return sql.Identifier(name).as_string(None)


@pytest.mark.nightly("every name; those that are hardest to quote go by day", but=HARDEST_NUMBERS)
@pytest.mark.parametrize("name", NAMES, ids=NUMBERS)
def test_every_command(name: str, project: CliProject, database_pair: Pair) -> None:
    named = Named(name, project)
    named.make(database_pair)

    def does(*command: str, code: int = ExitCode.OK) -> Any:
        ended = project.run(*command, "--json")
        assert ended.exit_code == code, (command, ended.stderr, ended.stdout)
        return ended.document

    first = f"{name}3"
    does("check")
    assert len(does("plan", "orders")["changes"]) == ROWS
    does("run", "orders", code=ExitCode.ROWS_REJECTED)
    assert str(does("rejected", "orders", "--reason", name)).count("23514")
    named.change(database_pair.source)
    does("run", "orders", "--compare-all", code=ExitCode.ROWS_REJECTED)
    does("verify", "orders", "--values", code=ExitCode.ROWS_REJECTED)
    for command in ("preview", "lineage", "mapping"):
        does(command, "orders")
    does("history", "orders", "--key", first, "--now")
    runs = does("show")
    does("show", str(runs["runs"][0]["run"]["run_id"]))
    for command in ("stats", "state"):
        does(command)
    does("status", code=ExitCode.ROWS_REJECTED)
    does("setup-sql", "shop")
    does("setup-sql", "crm", "--column-grants")
    does("forget", "orders", "--key", first, "--also-state", "--yes")
    for command in ("adopt", "reset", "drop"):
        does(command, "orders", "--yes")
    gone = quoted(named.gone)
    there = f"select count(*), count({gone}) from {named.table}"
    assert database_pair.destination.rows(there) == [(ROWS - 1, 1)]
