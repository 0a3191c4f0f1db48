"""Each round of a crash loop begins with the same databases, and its sessions with no settings."""

from __future__ import annotations

import pytest

from ..fix_databases import Pair, Side
from ..fix_syncs import Syncs
from ..sessions import session

WHO_MAY = "select oid, datacl::text from pg_database where datname = current_database()"
SETTING = "select current_setting('work_mem'), to_regclass('pg_temp.mine')"


def test_a_round_begins_as_the_first_one(syncs: Syncs) -> None:
    def make() -> str:
        syncs.table("id int primary key, name text")
        syncs.pair.source.execute("insert into items values (1, 'a')")
        syncs.run()
        return "made"

    sides = vars(syncs.pair).values()
    assert syncs.begin(make) == "made"
    before = [side.rows(WHO_MAY) for side in sides]
    for _ in range(2):
        syncs.pair.source.execute("update items set name = 'b'")
        assert syncs.run().succeeded.changed == 1
        syncs.pair.destination.execute("drop table items")
        with syncs.pair.destination.connect() as somebody:  # is put out
            somebody.execute("create table more (id int)")
            assert syncs.begin(make) == "made"
        assert [side.rows(WHO_MAY) for side in sides] == before
        assert syncs.same()
        assert syncs.run().planned.total == 0
    assert syncs.pair.destination.rows("select to_regclass('more')") == [(None,)]


@pytest.mark.parametrize("is_begun", [True, False])
def test_a_session_that_is_taken_again_has_forgotten_everything(
    syncs: Syncs, is_begun: bool
) -> None:
    side = syncs.pair.source
    if is_begun:
        syncs.begin(lambda: None)
    else:
        side.leave()
    (before,) = side.rows(SETTING)
    side.execute("set work_mem = '1GB'", "create temporary table mine (id int)")
    assert side.rows(SETTING) == [before]
    assert (pid(side) == pid(side)) is is_begun


def test_a_session_that_was_ended_is_not_taken_again(database_pair: Pair) -> None:
    side = database_pair.source
    Syncs(database_pair).begin(lambda: None)
    first = pid(side)
    with session(side.cluster, "postgres") as connection:
        connection.execute("select pg_terminate_backend(%s, 5000)", [first])
    assert pid(side) != first


def pid(side: Side) -> int:
    """The process of the server that answers."""
    return int(side.rows("select pg_backend_pid()")[0][0])
