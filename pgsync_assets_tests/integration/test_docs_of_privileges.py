"""docs/privileges.md: each way for a role that may do little is one that works."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from pgsync_assets.outcome import Counts

from ..fix_syncs import Syncs

PAGE = (Path(__file__).parents[2] / "docs" / "privileges.md").read_text(encoding="utf-8")
WAYS = re.findall(r"^### (With.*|In .*|Nothing.*)\n([^#]*)", PAGE, re.MULTILINE)


@pytest.mark.parametrize("way", [text for _, text in WAYS], ids=[title for title, _ in WAYS])
def test_each_way_runs(syncs: Syncs, way: str) -> None:
    syncs.table("id int primary key, name text")
    syncs.pair.source.execute("insert into items values (1, 'a'), (2, 'b')")
    side = syncs.pair.destination
    side.execute(
        "create schema app",
        "insert into items values (1)",  # so that a batch has to land in a stage
        f'revoke temporary on database "{side.database}" from {side.user}',
    )
    fields = yaml.safe_load("".join(re.findall(r"```yaml\n(.*?)```", way, re.DOTALL)))
    if "ledger" in fields["schemas"]:
        side.execute("drop schema pgsync_ledger")
    if "staging" not in fields["schemas"]:
        side.execute(f'grant temporary on database "{side.database}" to {side.user}')
    side.execute(*re.findall(r"```sql\n(.*?)```", way, re.DOTALL))
    syncs.destination = fields
    assert syncs.run().succeeded == Counts(added=2)
    assert len(WAYS) == 3
