"""How often a small sync waits for its servers. Counts, not seconds: they are the same anywhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest

from benchmarks.relay import Relay, Trips, relayed
from pgsync_assets import sync as engine
from pgsync_assets.outcome import Progress

from ..fix_databases import Side
from ..fix_syncs import Syncs, endpoint_of

AT_MOST = {
    # round trips of all connections by step; "connect" has the logins of three or four sessions
    # and one more of each, which go on side by side: no server is to end it for being idle
    "lightning": {"connect": 51, "recover": 16, "plan": 17, "write": 26, "advance": 26},
    "standard": {"connect": 58, "recover": 16, "plan": 36, "write": 26, "advance": 26},
}


class Where:
    """Listens to a run, and knows in which step it is."""

    step = "connect"

    def __call__(self, progress: Progress) -> None:
        self.step = progress.step


@pytest.fixture
def items(either: Syncs) -> Syncs:
    either.table("id int primary key, name text")
    either.pair.source.execute(
        "insert into public.items select n, 'item' || n from generate_series(1, 1000) as n"
    )
    either.run()
    either.pair.source.execute("update public.items set name = name || '.' where id % 10 = 0")
    return either


def counted(syncs: Syncs) -> list[Trips]:
    """What each connection of one run did."""
    where = Where()
    with ExitStack() as stack:

        def near(name: str, side: Side) -> Side:
            relay = stack.enter_context(relayed(name, side.port, lambda: where.step))
            relays.append(relay)
            return replace(side, port=relay.port)

        relays: list[Relay] = []
        pair, platform = syncs.pair, syncs.platform
        assert platform is not None
        outcome = engine.run(
            syncs.config(),
            endpoint_of("shop", near("source", pair.source), sslmode="disable"),
            endpoint_of("crm", near("destination", pair.destination), sslmode="disable"),
            platform=endpoint_of("platform", near("platform", platform), sslmode="disable"),
            on_progress=where,
        )
        assert outcome.succeeded.total == 100
        return [trips for relay in relays for trips in relay.trips]


def by_step(trips: list[Trips]) -> Iterator[tuple[str, int]]:
    yield from sum((one.by_step for one in trips), Counter()).items()


def test_a_small_sync_asks_no_more_often(items: Syncs) -> None:
    found = dict(by_step(counted(items)))
    engine_name = str(items.fields["engine"])
    limits = AT_MOST[engine_name] | {"guard": 0, "done": 1}
    assert all(count <= limits[step] for step, count in found.items()), found


def test_a_transaction_begins_with_its_settings(items: Syncs) -> None:
    for connection in counted(items):
        texts = [text for _, text in connection.statements]
        begins = [text for text in texts if text.startswith("BEGIN")]
        assert begins or connection.name == "pgsync"
        assert all("set_config" in text for text in begins)
        assert not any(
            text.startswith("SET TRANSACTION") and "set_config" not in text for text in texts
        )
