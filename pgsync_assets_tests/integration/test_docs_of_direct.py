"""docs/connections.md, "Direct": what it shows can be written, and its query runs."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from pgsync_assets.config import ConnectionConfig

from ..fix_databases import Pair
from ..fix_syncs import endpoint_of

PAGE = (Path(__file__).parents[2] / "docs" / "connections.md").read_text(encoding="utf-8")
DIRECT = PAGE.split("\n## ")[1]


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", DIRECT, re.DOTALL)


def test_every_connection_is_one() -> None:
    written = [yaml.safe_load(block)["connections"]["crm"] for block in blocks("yaml")]
    assert len(written) == 3
    several = [len(ConnectionConfig.model_validate(fields).hosts) for fields in written]
    assert several == [1, 2, 1]
    timeouts = ("connect_timeout_s", "network_timeout_s", "lock_timeout_s")
    defaults = {name: ConnectionConfig.model_fields[name].default for name in timeouts}
    assert {name: written[2][name] for name in timeouts} == defaults


def test_the_query_shows_a_session(database_pair: Pair) -> None:
    (query,) = blocks("sql")
    side = database_pair.source
    with endpoint_of("shop", side).session("pgsync/orders"):
        assert "pgsync/orders" in {name for name, *_ in side.rows(query)}
