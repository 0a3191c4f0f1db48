"""Partitions that are written down: their names, their order, and what is in each of them."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest

from pgsync_assets.config import Bucket, Interval, Slice, SyncConfig, Values
from pgsync_assets.errors import ConfigurationError

NOW = dt.datetime(2024, 3, 31, 23, 30, tzinfo=dt.timezone.utc)


def sync(partitions: dict[str, Any] | None, *key: str) -> SyncConfig:
    written = {
        "name": "items",
        "source": "shop",
        "model": {"table": "public.items", "key": key or ("id",)},
        "destination": "crm",
        "table": "public.items",
        "partitions": partitions,
    }
    return SyncConfig.model_validate(written)


def slices(partitions: dict[str, Any]) -> dict[str, Slice]:
    return {one.name: one.slice for one in sync(partitions).all_partitions(NOW)}


@pytest.mark.parametrize(
    ("count", "names"), [(2, "0 1"), (10, "0 9"), (11, "00 10"), (100, "00 99"), (1000, "000 999")]
)
def test_buckets_sort_by_their_names(count: int, names: str) -> None:
    found = [one.name for one in sync({"hash": count}).all_partitions(NOW)]
    assert [found[0], found[-1]] == names.split()
    assert (len(found), found) == (count, sorted(found))


def test_a_bucket_is_a_remainder_of_the_whole_key() -> None:
    (_, second) = sync({"hash": 2}, "b", "a").all_partitions(NOW)
    assert second.slice == Bucket(("b", "a"), 2, 1)


def test_ranges_are_open_at_both_ends() -> None:
    assert slices({"column": "n", "ranges": [100, "200"]}) == {
        "..100": Interval("n", None, "100"),
        "100..200": Interval("n", "100", "200"),
        "200..": Interval("n", "200", None),
    }


@pytest.mark.parametrize(
    ("ranges", "names"),
    [
        ({"small": 100, "medium": 200, "large": None}, ["small", "medium", "large"]),
        ({"small": 100, "medium": 200}, ["small", "medium", "200.."]),
        ({"small": 100}, ["small", "100.."]),
    ],
)
def test_ranges_with_names(ranges: dict[str, Any], names: list[str]) -> None:
    found = slices({"column": "n", "ranges": ranges})
    assert list(found) == names
    assert list(found.values())[0] == Interval("n", None, "100")
    assert list(found.values())[-1] == Interval(
        "n", str(list(ranges.values())[len(names) - 2]), None
    )


def test_bounds_are_text_as_it_was_written() -> None:
    bounds = [dt.date(2024, 1, 1), dt.datetime(2024, 6, 1, 12, 30, tzinfo=dt.timezone.utc)]
    assert list(slices({"column": "n", "ranges": bounds})) == [
        "..2024-01-01",
        "2024-01-01..2024-06-01T12:30:00+00:00",
        "2024-06-01T12:30:00+00:00..",
    ]


def test_lists_and_all_the_rest() -> None:
    found = slices({"column": "c", "values": {"dach": ["DE", "AT"], "none": [None, "-"]}})
    assert found == {
        "dach": Values("c", ("DE", "AT")),
        "none": Values("c", (None, "-")),
        "other": Values("c", ("DE", "AT", None, "-"), is_rest=True),
    }


def test_a_list_of_values_names_them_by_themselves() -> None:
    found = slices({"column": "c", "values": ["DE", 7, None], "other": False})
    assert found == {
        "DE": Values("c", ("DE",)),
        "7": Values("c", ("7",)),
        "null": Values("c", (None,)),
    }


ALL: dict[str, dict[str, Any]] = {
    "time": {"column": "c", "every": "month", "start": "2024-01-01"},
    "hash": {"hash": 3},
    "range": {"column": "c", "ranges": [1, 2]},
    "list": {"column": "c", "values": [1, 2]},
}


@pytest.mark.parametrize("kind", ALL)
def test_partitions_run_at_once_where_the_key_decides(kind: str) -> None:
    outside, within = sync(ALL[kind], "id"), sync(ALL[kind], "id", "c")
    assert within.partitions_run_at_once
    assert outside.partitions_run_at_once == (kind == "hash")
    for config in (outside, within):
        flags = {one.is_of_key for one in config.all_partitions(NOW)}
        assert flags == {config.partitions_run_at_once}


def test_a_fingerprint_changes_with_what_is_in_a_partition() -> None:
    variants: list[dict[str, Any]] = [
        *ALL.values(),
        {"hash": 4},
        {"column": "d", "ranges": [1, 2]},
        {"column": "c", "ranges": [1, 3]},
        {"column": "d", "values": [1, 2]},
        {"column": "c", "values": [1, 3]},
        {"column": "c", "values": [None, 2]},
        {"column": "c", "every": "week", "start": "2024-01-07"},
        {"column": "c", "every": "month", "start": "2024-01-01", "time_zone": "Europe/Rome"},
    ]
    last = [sync(kind, "id").all_partitions(NOW)[-1] for kind in variants]
    assert len({json.dumps(one.fingerprint) for one in last}) == len(variants)
    ranges = sync({"column": "c", "ranges": {"a": 1, "b": None}}).all_partitions(NOW)
    renamed = sync({"column": "c", "ranges": {"x": 1, "y": None}}).all_partitions(NOW)
    assert [one.fingerprint for one in ranges] == [one.fingerprint for one in renamed]


@pytest.mark.parametrize(
    ("kind", "name", "remedy"),
    [
        ("hash", "3", "there is 0, 1, 2"),
        ("hash", "00", "did you mean '0'?"),
        ("range", "1..3", "did you mean '1..2'?"),
        ("list", "others", "did you mean 'other'?"),
    ],
)
def test_a_wrong_name_is_refused(kind: str, name: str, remedy: str) -> None:
    with pytest.raises(ConfigurationError, match="is not the name of a partition") as caught:
        sync(ALL[kind]).partition_named(name)
    assert caught.value.remedy == remedy


def test_many_names_are_told_by_the_first_and_the_last() -> None:
    with pytest.raises(ConfigurationError) as caught:
        sync({"hash": 100}).partition_named("100")
    assert caught.value.remedy == "they are 00, 01 .. 99"


def test_a_sync_without_partitions_has_none() -> None:
    config = sync(None)
    assert config.all_partitions(NOW) == []
    assert not config.partitions_run_at_once
    with pytest.raises(ConfigurationError, match="has no partitions"):
        config.partition_named("1")
