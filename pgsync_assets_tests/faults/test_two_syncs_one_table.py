"""Two syncs of one table, with keys in common, at the same time: both finish, nothing is mixed.

Of a key that both have, the last run decides (docs/writing.md, Matching). What may not happen is
that they hold each other up for ever, that a row is of neither of them, or that one of them counts
what the other has done.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from pgsync_assets.outcome import Counts, Outcome

from ..fix_syncs import Syncs

ROWS = 400
ROUNDS = 5
MODELS: dict[str, dict[str, Any]] = {
    # The orders in which the models read their rows are opposite ones.
    "up": {"sql": "select id, up as name from items order by id", "key": ["id"]},
    "down": {"sql": "select id, down as name from items order by id desc", "key": ["id"]},
}


def send(syncs: Syncs, name: str) -> Outcome:
    """One run of one of the two."""
    return syncs.run(name=name, model=MODELS[name], batch_size=90, delete="delete_row")


def test_they_write_side_by_side(either: Syncs) -> None:
    source, destination = either.pair.source, either.pair.destination
    source.execute("create table items (id int primary key, up text, down text)")
    destination.execute("create table items (id int primary key, name text)")
    either.grant()
    source.execute(f"insert into items select n, '', '' from generate_series(1, {ROWS}) as n")
    with ThreadPoolExecutor(2) as pool:
        for number in range(ROUNDS):
            source.execute(f"update items set up = 'up {number}', down = 'down {number}'")
            for outcome in list(pool.map(lambda name: send(either, name), MODELS)):
                assert outcome.failed == Counts()
                assert outcome.succeeded.total == ROWS
            found = destination.rows("select distinct name from items")
            assert {name for (name,) in found} <= {f"up {number}", f"down {number}"}
    source.execute(f"delete from items where id > {ROWS // 2 + 1}")
    for name in MODELS:
        assert send(either, name).failed == Counts()
    assert destination.rows("select count(*) from items") == [(ROWS // 2 + 1,)]
