"""A server that takes the connection and says nothing: the run ends, and says where it waited."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgsync_assets import sync as engine
from pgsync_assets.errors import ConnectionLost

from ..fix_proxy import proxy_to
from ..fix_syncs import Syncs, endpoint_of


@pytest.mark.parametrize("side", ["shop", "crm"])
def test_connecting_takes_no_longer_than_allowed(
    monkeypatch: pytest.MonkeyPatch, syncs: Syncs, side: str
) -> None:
    monkeypatch.setattr("pgsync_assets.connect.retry.PAUSES_S", ())
    syncs.table("id int primary key")
    sides = {"shop": syncs.pair.source, "crm": syncs.pair.destination}
    with proxy_to(sides[side].port) as proxy:
        proxy.silent = True
        sides[side] = replace(sides[side], port=proxy.port)
        endpoints = (endpoint_of(n, s, connect_timeout_s=2) for n, s in sides.items())
        with pytest.raises(ConnectionLost, match=f"{side}.*timeout"):
            engine.run(syncs.config(), *endpoints)
