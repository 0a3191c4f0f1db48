"""The assets' partitions are the engine's: same names, in the same order."""

from __future__ import annotations

import datetime as dt
from typing import Any

import dagster as dg
import pytest

from pgsync_assets.assets.partitions import partitions_definition
from pgsync_assets.config import SyncConfig

NOW = dt.datetime(2024, 3, 31, 23, 30, tzinfo=dt.timezone.utc)
KINDS: dict[str, dict[str, Any]] = {
    "hash": {"hash": 16},
    "ranges": {"column": "at", "ranges": ["a", "b", "x y"]},
    "named ranges": {"column": "at", "ranges": {"low": "1.5", "high": None}},
    "list": {"column": "at", "values": {"dach": ["DE", "AT", "CH"], "none": [None]}},
    "list of values": {"column": "at", "values": ["DE", "a,b", "[c]", "*", "…"]},
}


def sync(partitions: dict[str, Any] | None) -> SyncConfig:
    written = {
        "name": "items",
        "source": "shop",
        "model": {"table": "public.items", "key": ["id"]},
        "destination": "crm",
        "table": "public.items",
        "partitions": partitions,
    }
    return SyncConfig.model_validate(written)


@pytest.mark.parametrize("zone", ["UTC", "America/New_York"])
@pytest.mark.parametrize("every", ["hour", "day", "week", "month", "quarter", "year"])
@pytest.mark.parametrize("end", [None, "2024-03-03", "2030-12-01"])
def test_same_time_windows(every: str, end: str | None, zone: str) -> None:
    start = {"quarter": "2021-10-01", "year": "2018-01-01"}.get(every, "2023-10-01")
    if end:
        aligned = {"month": f"{end[:7]}-01", "quarter": f"{end[:4]}-01-01", "year": "2030-01-01"}
        end = aligned.get(every, end)
    config = sync({"column": "at", "every": every, "start": start, "end": end, "time_zone": zone})
    definition = partitions_definition(config)
    assert isinstance(definition, dg.TimeWindowPartitionsDefinition)
    names = [window.name for window in config.all_partitions(NOW)]
    assert len(names) > 4
    assert definition.get_partition_keys(current_time=NOW) == names
    assert definition.timezone == zone


@pytest.mark.parametrize("partitions", KINDS.values(), ids=KINDS)
def test_same_names_of_what_is_written_down(partitions: dict[str, Any]) -> None:
    config = sync(partitions)
    definition = partitions_definition(config)
    assert isinstance(definition, dg.StaticPartitionsDefinition)
    names = [one.name for one in config.all_partitions(NOW)]
    assert list(definition.get_partition_keys()) == names
    assert [config.partition_named(name).name for name in names] == names


def test_no_partitions_no_definition() -> None:
    assert partitions_definition(sync(None)) is None
