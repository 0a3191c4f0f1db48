"""F17: the cable is pulled out. Nothing arrives, nothing is acknowledged, nobody is told."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from pgsync_assets import sync as engine
from pgsync_assets.errors import TransientError
from pgsync_assets.outcome import Counts, Progress

from ..fix_databases import Side
from ..fix_link import Link, link_to
from ..fix_syncs import Syncs
from ..invariants import log_writes, violations, writes

pytestmark = [
    pytest.mark.needs("ip"),
    pytest.mark.nightly("a network of its own takes the right to make one, as not every CI has"),
]

NOTICED_S = 2.0
TIMEOUTS: dict[str, Any] = {
    "network_timeout_s": NOTICED_S,
    "connect_timeout_s": 2,
    "sslmode": "disable",
}


@pytest.fixture(params=["source", "destination"])
def far(request: pytest.FixtureRequest, either: Syncs) -> Iterator[tuple[Syncs, Syncs, Link]]:
    """Syncs, the same over a cable to one of the two servers, and the cable."""
    either.table("id int primary key, name text")
    log_writes(either)
    either.pair.source.execute("insert into items select n, 'x' from generate_series(1, 30) as n")
    side: Side = getattr(either.pair, request.param)
    with link_to(side.port) as link:
        there = replace(side, host=link.host, port=link.port)
        pair = replace(either.pair, **{request.param: there})
        yield either, replace(either, pair=pair, **{request.param: TIMEOUTS}), link


def test_a_run_notices_and_the_next_one_goes_on(
    far: tuple[Syncs, Syncs, Link], monkeypatch: pytest.MonkeyPatch
) -> None:
    near, over_it, link = far
    monkeypatch.setattr("pgsync_assets.connect.retry.PAUSES_S", ())
    pulled: list[float] = []

    def pull(at: Progress) -> None:
        if at.step == "write" and at.rows_done >= 10 and not pulled:
            link.pull_out()
            pulled.append(time.monotonic())

    with pytest.raises(TransientError):
        engine.run(
            over_it.config(batch_size=5, sleep_ms=50),
            *over_it.endpoints,
            platform=over_it.platform_endpoint,
            on_progress=pull,
        )
    assert pulled, "no batch was written"
    assert time.monotonic() - pulled[0] < 4 * NOTICED_S
    link.put_in()
    assert over_it.run().recovered is not None
    assert set(writes(near).values()) == {1}
    assert violations(near) == []


def test_a_run_outlasts_it(far: tuple[Syncs, Syncs, Link], monkeypatch: pytest.MonkeyPatch) -> None:
    near, over_it, link = far
    monkeypatch.setattr("pgsync_assets.connect.retry.PAUSES_S", (1.0, 1.0, 1.0, 1.0))
    pulled: list[int] = []

    def pull(at: Progress) -> None:
        if at.step == "write" and at.rows_done >= 10 and not pulled:
            pulled.append(at.rows_done)
            link.pull_out()
            threading.Timer(NOTICED_S + 1, link.put_in).start()

    outcome = engine.run(
        over_it.config(batch_size=5, sleep_ms=50),
        *over_it.endpoints,
        platform=over_it.platform_endpoint,
        on_progress=pull,
    )
    assert pulled
    assert outcome.recovered is not None
    assert outcome.recovered.succeeded == Counts(added=30)
    assert set(writes(near).values()) == {1}
    assert violations(near) == []
