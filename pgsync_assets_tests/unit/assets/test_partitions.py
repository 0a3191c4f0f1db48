"""The assets' partitions are the engine's time windows."""

from __future__ import annotations

import datetime as dt

import pytest

from pgsync_assets.assets.partitions import partitions_definition
from pgsync_assets.config import PartitionsConfig
from pgsync_assets.config.windows import all_partitions

NOW = dt.datetime(2024, 3, 31, 23, 30, tzinfo=dt.timezone.utc)


@pytest.mark.parametrize("every", ["hour", "day", "week", "month"])
@pytest.mark.parametrize("end", [None, "2024-03-03", "2030-12-01"])
def test_same_names(every: str, end: str | None) -> None:
    if every == "month" and end == "2024-03-03":
        end = "2024-03-01"
    given = {"column": "at", "every": every, "start": "2023-10-01", "end": end}
    config = PartitionsConfig.model_validate(given)
    definition = partitions_definition(config)
    assert definition is not None
    names = [window.name for window in all_partitions(config, NOW)]
    assert len(names) > 4
    assert definition.get_partition_keys(current_time=NOW) == names


def test_no_partitions_no_definition() -> None:
    assert partitions_definition(None) is None
