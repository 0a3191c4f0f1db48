"""NULL is a key like any other where the destination's index is NULLS NOT DISTINCT."""

from __future__ import annotations

from typing import Any

import pytest

from pgsync_assets import operations
from pgsync_assets.errors import ConfigurationError
from pgsync_assets.outcome import Counts
from pgsync_assets.write import read_target
from pgsync_assets.write.into import Into
from pgsync_assets.write.remove import delete_row
from pgsync_assets.write.update import lock, unmatched, update

from ..fix_databases import Side
from ..fix_syncs import Syncs

KEY: dict[str, Any] = {
    "model": {"sql": "select * from items", "key": ["a", "b"]},
    "delete": "delete_row",
    "guard": {"max_removed": "100%", "max_changed": "100%"},
    "max_rejected_rows": 100,
}
INDEX = "create unique index arbiter on items (b, a) nulls not distinct"
FILL = "insert into items values (1, 'x', 'o'), (1, null, 'o'), (null, 'x', 'o'), (null, null, 'o')"
ROWS = "select a, b, note from items order by a, b, note"


def tables(syncs: Syncs, index: str = INDEX, definition: str = "a int, b text, note text") -> Syncs:
    """Four rows of the source, with NULL in each place of the key."""
    syncs.table(definition)
    syncs.pair.source.execute(FILL)
    syncs.pair.destination.execute(index)
    return syncs


def there(syncs: Syncs) -> list[tuple[Any, ...]]:
    """Rows of the destination."""
    return syncs.pair.destination.rows(ROWS)


def test_null_is_a_key(every: Syncs) -> None:
    tables(every)
    assert every.run(**KEY).succeeded == Counts(added=4)
    assert every.run(**KEY).planned == Counts()
    assert every.verify(**KEY).same == 4
    every.pair.source.execute(
        "update items set note = 'n' where a is null", "delete from items where a = 1"
    )
    before = every.plan(**KEY)
    assert {c.before and c.before["note"] for c in before.changes} == {"o"}
    assert every.run(**KEY).succeeded == Counts(changed=2, removed=2)
    assert there(every) == [(None, "x", "n"), (None, None, "n")]
    assert every.run(**KEY).planned == Counts()
    assert every.run(**KEY, full_resync=True).succeeded == Counts(changed=2)
    every.pair.destination.execute(
        "update items set note = 'theirs' where b is null", "insert into items values (7, null)"
    )
    found = every.verify(**KEY, values=True)
    assert [(d.row_id, d.kind, d.destination) for d in found.differences] == [
        ("[null, null]", "differs", {"note": "theirs"})
    ]
    assert found.foreign == 1


def test_a_key_of_one_column(standard: Syncs) -> None:
    one = KEY | {"model": {"sql": "select b, note from items where a is null", "key": ["b"]}}
    tables(standard, INDEX.replace("b, a", "b"))
    assert standard.run(**one).succeeded == Counts(added=2)
    standard.pair.source.execute("update items set note = 'n'")
    assert standard.run(**one).succeeded == Counts(changed=2)
    assert there(standard) == [(None, "x", "n"), (None, None, "n")]
    standard.pair.source.execute("delete from items where b is null")
    assert standard.run(**one).succeeded == Counts(removed=1)
    assert standard.verify(**one).in_step


def test_a_repeated_null_is_refused_as_any_other_repeated_key(syncs: Syncs) -> None:
    tables(syncs)
    syncs.pair.source.execute("insert into items values (null, null, 'again')")
    for added in (3, 0):
        outcome = syncs.run(**KEY)
        assert outcome.succeeded == Counts(added=added)
        assert (outcome.invalid_keys.missing, outcome.invalid_keys.repeated) == (0, 2)
    assert syncs.verify(**KEY).rejected == 1
    syncs.pair.source.execute("delete from items where note = 'again'")
    assert syncs.run(**KEY).succeeded == Counts(added=1)


def test_null_is_none_in_a_column_that_is_not_null_there(syncs: Syncs) -> None:
    tables(syncs)
    syncs.pair.destination.execute("alter table items alter a set not null")
    outcome = syncs.run(**KEY)
    assert outcome.succeeded == Counts(added=2)
    assert (outcome.invalid_keys.missing, outcome.failed) == (2, Counts(added=2))
    assert there(syncs) == [(1, "x", "o"), (1, None, "o")]


@pytest.mark.parametrize("mode", ["update", "mirror"])
def test_other_modes_find_it_too(syncs: Syncs, mode: str) -> None:
    tables(syncs)
    syncs.pair.destination.execute(
        "insert into items select a, case when a > 0 then b end from"
        " (values (1, 'x'), (1, null), (null, null)) as k (a, b)"
    )
    outcome = syncs.run(**KEY, mode=mode)
    assert outcome.succeeded == Counts(added=3 if mode == "update" else 4)
    assert [row[2] for row in there(syncs)] == ["o"] * outcome.succeeded.total


def test_under_a_predicate(syncs: Syncs) -> None:
    tables(syncs, INDEX + " where note <> 'theirs'")
    syncs.pair.destination.execute("insert into items values (null, null, 'theirs')")
    assert syncs.run(**KEY).succeeded == Counts(added=4)
    syncs.pair.source.execute("delete from items")
    syncs.run(**KEY | {"guard": {"max_removed": "100%", "allow_empty_model": True}})
    assert there(syncs) == [(None, None, "theirs")]


def test_adopt_takes_it(syncs: Syncs) -> None:
    tables(syncs)
    syncs.pair.destination.execute(FILL)
    config = syncs.config(**KEY)
    taken = operations.adopt(config, *syncs.endpoints, platform=syncs.platform_endpoint)
    assert taken.adopted == 4
    assert syncs.run(**KEY).planned == Counts()


def test_keys_that_are_equal_and_not_the_same(syncs: Syncs) -> None:
    for side in (syncs.pair.source, syncs.pair.destination):
        side.execute("create extension citext")
    syncs.table("a numeric, b citext, note text")
    syncs.pair.destination.execute(INDEX)
    syncs.pair.source.execute("insert into items values (1.0, 'A'), (null, 'b'), (2.0, null)")
    assert syncs.run(**KEY).succeeded == Counts(added=3)
    syncs.pair.source.execute("update items set a = 1.00, b = 'a' where b = 'A'")
    assert syncs.run(**KEY).succeeded == Counts(changed=1)
    assert syncs.same()


def test_an_array_that_is_null_is_not_an_empty_one(standard: Syncs) -> None:
    standard.table("a int[], b text, note text")
    standard.pair.destination.execute(INDEX)
    standard.pair.source.execute("insert into items values ('{}', 'x'), (null, 'x'), ('{1}', 'x')")
    assert standard.run(**KEY).succeeded == Counts(added=3)
    standard.pair.source.execute("delete from items where a is null")
    assert standard.run(**KEY).succeeded == Counts(removed=1)
    assert standard.same()


def test_an_index_that_does_not_find_it_any_more_is_said(syncs: Syncs) -> None:
    tables(syncs)
    syncs.run(**KEY)
    syncs.pair.source.execute(
        "delete from items where a is null or b is null", "alter table items add primary key (a, b)"
    )
    proven = KEY | {"model": {"table": "public.items", "key": ["a", "b"]}}
    assert syncs.run(**proven).succeeded == Counts(removed=3)
    syncs.pair.destination.execute("drop index arbiter", "create unique index on items (a, b)")
    with pytest.raises(ConfigurationError, match="may be NULL in a, b; no index of public.items"):
        syncs.run(**proven)


def test_partitions_that_share_a_state_and_a_switched_engine(
    syncs: Syncs, platform_side: Side
) -> None:
    syncs.platform = platform_side
    tables(syncs, definition="a int, b text, note text, part text default 'p'")
    syncs.pair.source.execute("update items set part = 'q' where b is null")
    parts = KEY | {"partitions": {"column": "part", "values": ["p", "q"]}}
    del parts["guard"]
    for name in ("p", "q"):
        assert syncs.run(name, **parts).succeeded == Counts(added=2)
    syncs.pair.source.execute(
        "update items set part = 'p' where a is null", "delete from items where a = 1 and b is null"
    )
    assert syncs.run("q", **parts).succeeded == Counts(removed=1)
    assert syncs.run("p", **parts).succeeded.total == 1
    assert syncs.run("q", **parts, engine="standard").planned == Counts()
    assert len(there(syncs)) == 3


def test_the_index_is_used(syncs: Syncs) -> None:
    tables(syncs)
    syncs.pair.destination.execute(
        "insert into items select n, nullif(n % 9, 1)::text from generate_series(10, 9000) as n",
        "insert into items select null, n::text from generate_series(10, 9000) as n",
        "analyze items",
    )
    with syncs.endpoints[1].session("pgsync/test") as session:
        target = read_target(session, "public.items")
        names = ("a", "b", "note")
        into = Into(target, names, names[:2], nullable=names[:2])
        with session.transaction("looking at plans") as connection:
            connection.execute(into.stage.create(target, names))
            connection.execute(
                "insert into pg_temp.pgsync_stage values"
                " (1, 'c', 10, null, 'y'), (2, 'c', null, '10', 'y'), (3, 'c', null, null, 'y')"
            )
            connection.execute(into.stage.analyze())
            for statement in (delete_row, lock, unmatched, update):
                explained = connection.execute(b"EXPLAIN " + statement(into).as_bytes(None))
                plan = [line for (line,) in explained]
                assert sum("on arbiter" in line for line in plan) == 4, plan
