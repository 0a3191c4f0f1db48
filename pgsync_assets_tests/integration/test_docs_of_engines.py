"""docs/engines.md: each piece of YAML that it shows is a part of a sync that runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from ..fix_syncs import Syncs

PAGE = (Path(__file__).parents[2] / "docs" / "engines.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS)
def test_each_example_is_a_part_of_a_sync_that_runs(either: Syncs, block: str) -> None:
    either.table("id int primary key, updated_at timestamptz")
    either.pair.source.execute("insert into items values (1, now())")
    for _ in range(2):
        either.run(**yaml.safe_load(block))
    assert either.same()
    assert len(BLOCKS) >= 2
