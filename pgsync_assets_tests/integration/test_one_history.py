"""A database that was restored tells another history: no run goes on from it without a word."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest
from psycopg import sql

from pgsync_assets.errors import HistoryError
from pgsync_assets.outcome import Counts

from ..fix_databases import Side
from ..fix_syncs import Syncs
from ..invariants import violations

_numbers = itertools.count(1)


class Backup:
    """A copy of a database that can be put back."""

    def __init__(self, side: Side) -> None:
        self._side = side
        side.leave()
        self._name = f"{side.database}_backup_{next(_numbers)}"
        self._copy(side.database, self._name)

    def restore(self) -> None:
        """Puts it back in place of the database."""
        with self._side.cluster.connect("postgres") as connection:
            self._drop(connection, self._side.database)
        self._copy(self._name, self._side.database)
        with self._side.cluster.connect("postgres") as connection:
            self._drop(connection, self._name)

    def _copy(self, source: str, target: str) -> None:
        with self._side.cluster.connect("postgres") as connection:
            connection.execute(
                sql.SQL("create database {} template {}").format(
                    sql.Identifier(target), sql.Identifier(source)
                )
            )

    def _drop(self, connection: psycopg.Connection[tuple[object, ...]], name: str) -> None:
        connection.execute(sql.SQL("drop database {}").format(sql.Identifier(name)))


@pytest.fixture
def filled(syncs: Syncs) -> Syncs:
    """Nine rows are in."""
    syncs.table("id int primary key, name text")
    syncs.pair.source.execute("insert into items select n, 'item' from generate_series(1, 9) as n")
    syncs.run(delete="delete_row")
    return syncs


@pytest.mark.parametrize("side", ["source", "destination"])
def test_a_restored_database_is_noticed(filled: Syncs, side: str) -> None:
    backup = Backup(getattr(filled.pair, side))
    filled.pair.source.execute(
        "update items set name = 'newer' where id in (2, 3)", "delete from items where id = 1"
    )
    filled.run(delete="delete_row")
    backup.restore()
    for _ in range(2):
        with pytest.raises(HistoryError, match=r"(?s)'items'.*restored.*--full-resync"):
            filled.run(delete="delete_row")
    filled.run(delete="delete_row", full_resync=True)
    if side == "destination":  # it came back with the backup; whose it is, nobody knows any more
        filled.pair.destination.execute("delete from items where id = 1")
    assert violations(filled) == []
    assert filled.run(delete="delete_row").planned == Counts()


def test_a_restored_platform_is_noticed(standard: Syncs) -> None:
    standard.table("id int primary key, name text")
    standard.pair.source.execute("insert into items values (1, 'one'), (2, 'two')")
    standard.run(delete="delete_row")
    backup = Backup(standard.keeper)
    standard.pair.source.execute("update items set name = 'newer' where id = 2")
    standard.run(delete="delete_row")
    backup.restore()
    with pytest.raises(HistoryError, match="the planner at platform knows run 1"):
        standard.run(delete="delete_row")
    standard.run(delete="delete_row", full_resync=True)
    assert violations(standard) == []
    assert standard.run(delete="delete_row").planned == Counts()


def test_a_database_restored_before_its_first_run_is_noticed(syncs: Syncs) -> None:
    syncs.table("id int primary key, name text")
    syncs.pair.source.execute("insert into items values (1, 'one')")
    backup = Backup(syncs.pair.destination)
    syncs.run()
    backup.restore()
    with pytest.raises(Exception, match=r"--full-resync"):
        syncs.run()
    assert syncs.run(full_resync=True).succeeded.total == 1
    assert violations(syncs) == []


def test_a_restored_source_that_wrote_less_often_may_not_pass_the_fence(filled: Syncs) -> None:
    backup = Backup(filled.pair.source)
    for name in ("a", "b", "c"):
        filled.pair.source.execute(f"update items set name = '{name}'")  # noqa: S608
        filled.run(delete="delete_row")
    backup.restore()
    with pytest.raises(HistoryError):
        filled.run(delete="delete_row")
    filled.run(delete="delete_row", full_resync=True)
    assert violations(filled) == []


def test_a_plan_is_not_made_over_another_history(filled: Syncs) -> None:
    backup = Backup(filled.pair.destination)
    filled.pair.source.execute("update items set name = 'newer'")
    filled.run()
    backup.restore()
    with pytest.raises(HistoryError):
        filled.plan()


def test_two_projects_may_write_to_one_destination(filled: Syncs, other_source: Syncs) -> None:
    outcome = other_source.run()
    assert outcome.succeeded == Counts(added=1)
    filled.pair.source.execute("update items set name = 'newer' where id = 2")
    assert filled.run(delete="delete_row").succeeded == Counts(changed=1)
    assert other_source.run().planned == Counts()
    assert filled.pair.destination.rows("select count(*) from items") == [(10,)]


@pytest.fixture
def other_source(filled: Syncs) -> Iterator[Syncs]:
    """The same sync of another installation: its planner lies in another database."""
    name = f"{filled.pair.source.database}_other"
    with filled.pair.source.cluster.connect("postgres") as connection:
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    side = replace(filled.pair.source, database=name)
    side.execute(
        f"create schema hightouch_planner authorization {side.user}",
        f"create schema hightouch_audit authorization {side.user}",
        "create table items (id int primary key, name text)",
        "insert into items values (1000, 'theirs')",
    )
    side.grant_table("items")
    yield Syncs(replace(filled.pair, source=side))
    with filled.pair.source.cluster.connect("postgres") as connection:
        connection.execute(sql.SQL("drop database {}").format(sql.Identifier(name)))
