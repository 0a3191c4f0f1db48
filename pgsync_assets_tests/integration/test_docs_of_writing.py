"""docs/writing.md: each piece of YAML that it shows is a part of a sync that runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from ..fix_syncs import Syncs

PAGE = (Path(__file__).parents[2] / "docs" / "writing.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
RIGHTS = re.findall(r"^\| `(\w+)`.*\| ((?:SELECT|INSERT)[A-Z, ]*) \|$", PAGE, re.MULTILINE)


def tables(syncs: Syncs) -> None:
    """Two rows; the destination has the column that the page names."""
    syncs.pair.source.execute(
        "create table items (id int primary key, name text, price numeric)",
        "insert into items values (1, 'a'), (2, 'b')",
    )
    syncs.pair.destination.execute(
        "create table items (id int primary key, name text, price numeric, gone_at timestamptz,"
        " synced_at timestamptz, run_id bigint, origin text, label text, amount numeric(10, 2),"
        " details jsonb)"
    )
    syncs.grant()


@pytest.mark.parametrize("block", BLOCKS)
def test_each_example_is_a_part_of_a_sync_that_runs(syncs: Syncs, block: str) -> None:
    tables(syncs)
    fields = yaml.safe_load(block)
    assert syncs.run(**fields).succeeded.total == 2
    assert syncs.run(**fields).planned.total == 0
    assert len(BLOCKS) >= 3


@pytest.mark.parametrize(("mode", "rights"), RIGHTS)
def test_each_mode_runs_with_the_rights_of_its_line(syncs: Syncs, mode: str, rights: str) -> None:
    tables(syncs)
    destination = syncs.pair.destination
    destination.execute(
        f"revoke all on items from {destination.user}",
        f"grant {rights} on items to {destination.user}",
    )
    if mode == "update":
        destination.execute("insert into items values (1), (2)")
    assert syncs.run(mode=mode).succeeded.total == 2
    syncs.pair.source.execute("delete from items where id = 1", "update items set name = 'x'")
    outcome = syncs.run(mode=mode)
    assert outcome.succeeded.total == outcome.planned.total
    assert {name for name, _ in RIGHTS} == {"upsert", "insert", "update", "mirror"}
