"""F19: a network that is slow, chops or resets: late, or again, or in words, and never wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from pgsync_assets.outcome import Counts

from ..fix_databases import Pair, Side
from ..fix_proxy import Manner, Proxy, chopped, proxy_to, slowly
from ..fix_syncs import ENGINES, Syncs
from ..integration.test_pgbouncer import whole_story
from ..invariants import log_writes, violations, writes
from .test_lost_commit import EXPECTED, FIELDS, begin_anew, short_pauses

__all__ = ["short_pauses"]

PLACES = 12
"""Where connections are reset, from the first byte of a run to its last."""
NOTICED_S = 1
BIG = 600_000  # bytes: longer on its way than NOTICED_S


@contextmanager
def through(syncs: Syncs, **more: Any) -> Iterator[dict[str, Proxy]]:
    """All servers of a sync behind a proxy each, for the length of the block."""
    sides = {"source": syncs.pair.source, "destination": syncs.pair.destination}
    if syncs.platform:
        sides["at_platform"] = syncs.platform
    with ExitStack() as stack:
        proxies = {}
        for name, side in sides.items():
            proxies[name] = stack.enter_context(proxy_to(side.port))
            setattr(syncs, name, {"port": proxies[name].port, **more})
        yield proxies
        for name in sides:
            setattr(syncs, name, {})


@pytest.mark.parametrize("manner", [chopped, slowly])
def test_a_sync_through_it(either: Syncs, manner: Manner) -> None:
    with through(either) as proxies:
        for proxy in proxies.values():
            proxy.manner = manner
        whole_story(either)
    assert violations(either) == []


def test_what_is_slow_is_not_cut_for_being_silent(either: Syncs) -> None:
    either.table("id integer primary key, note text")
    either.pair.source.execute(f"insert into items values (1, repeat('é1', {BIG // 3}))")
    with through(either, network_timeout_s=NOTICED_S) as proxies:
        for proxy in proxies.values():
            proxy.manner = slowly
        assert either.run().succeeded == Counts(added=1)
    assert violations(either) == []


@pytest.mark.usefixtures("short_pauses")
@pytest.mark.parametrize(
    ("engine", "which"),
    [
        ("lightning", "source"),
        ("lightning", "destination"),
        ("standard", "source"),
        ("standard", "at_platform"),
        ("standard", "destination"),
    ],
)
def test_a_reset_anywhere_costs_no_row_and_sends_none_twice(
    database_pair: Pair, platform_side: Side, engine: str, which: str
) -> None:
    """Twelve places: in a login, a question, an answer, a COPY, a COMMIT .."""
    syncs = Syncs(database_pair, platform=platform_side, fields=ENGINES[engine])
    syncs.table("id int primary key, name text")
    syncs.pair.destination.execute("alter table items add check (name <> 'bad')")
    log_writes(syncs)
    begin_anew(syncs)
    with through(syncs) as proxies:
        proxy = proxies[which]
        syncs.run(**FIELDS)
        all_of_it = proxy.passed
        for place in range(PLACES):
            begin_anew(syncs)
            proxy.reset_after(place * all_of_it // PLACES)
            syncs.run(**FIELDS)
            assert proxy.fired, f"place {place}"
            assert violations(syncs, {"101"}) == [], f"place {place}"
            assert writes(syncs) == EXPECTED, f"place {place}"
