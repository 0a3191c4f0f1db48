"""Other partitions than before: refused in words, and taken over without sending anything."""

from __future__ import annotations

from typing import Any

import pytest

from pgsync_assets import operations
from pgsync_assets.errors import ConfigurationError
from pgsync_assets.outcome import Counts

from ..fix_syncs import Syncs
from ..invariants import log_writes, violations, writes

NONE: dict[str, Any] = {"partitions": None}
TWO: dict[str, Any] = {"partitions": {"hash": 2}}
FOUR: dict[str, Any] = {"partitions": {"hash": 4}}
RANGES: dict[str, Any] = {"partitions": {"column": "id", "ranges": ["5"]}}
MORE_RANGES: dict[str, Any] = {"partitions": {"column": "id", "ranges": ["5", "7"]}}
SHARED: dict[str, Any] = {"partitions": {"column": "name", "values": ["a"]}}
NAMES = {
    "none": (NONE, (None,)),
    "two": (TWO, ("0", "1")),
    "four": (FOUR, ("0", "1", "2", "3")),
    "ranges": (RANGES, ("..5", "5..")),
    "more ranges": (MORE_RANGES, ("..5", "5..7", "7..")),
    "shared": (SHARED, ("a", "other")),
}


@pytest.fixture
def filled(either: Syncs) -> Syncs:
    """Nine rows to send."""
    either.table("id int primary key, name text")
    log_writes(either)
    either.pair.source.execute("insert into items select n, 'x' from generate_series(1, 9) as n")
    return either


def run_all(syncs: Syncs, layout: str) -> list[Counts]:
    fields, names = NAMES[layout]
    return [syncs.run(name, **fields).succeeded for name in names]


def adopt_all(syncs: Syncs, layout: str) -> int:
    fields, names = NAMES[layout]
    config = syncs.config(**fields)
    return sum(
        operations.adopt(
            config,
            *syncs.endpoints,
            platform=syncs.platform_endpoint,
            partition=config.partition_named(name) if name else None,
        ).adopted
        for name in names
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("none", "two"),
        ("two", "none"),
        ("two", "four"),
        ("four", "two"),
        ("ranges", "more ranges"),
        ("ranges", "two"),
        ("shared", "two"),
        ("two", "shared"),
    ],
)
def test_other_partitions_are_adopted(filled: Syncs, old: str, new: str) -> None:
    run_all(filled, old)
    filled.pair.destination.execute("truncate writes")
    fields, names = NAMES[new]
    with pytest.raises(ConfigurationError, match=r"(?s)partitions are others.*adopt items"):
        for name in names:
            filled.run(name, **fields)
    assert adopt_all(filled, new) == 9
    assert set(run_all(filled, new)) == {Counts()}
    assert not writes(filled)
    assert violations(filled) == []
    filled.pair.source.execute("update items set name = 'y'")
    assert sum(counts.changed for counts in run_all(filled, new)) == 9


def test_a_sync_may_become_partitioned_without_its_key_and_back(filled: Syncs) -> None:
    for layout in ("none", "shared", "none"):
        run_all(filled, layout)
        assert violations(filled) == []
    assert set(writes(filled).values()) == {1}
