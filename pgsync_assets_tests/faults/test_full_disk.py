"""F24: the disk of the destination is full. The run stops, and goes on when there is room."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pgsync_assets.embedded.binaries import locate
from pgsync_assets.embedded.owner import choose
from pgsync_assets.errors import TerminalError
from pgsync_assets.outcome import Counts

from ..fix_syncs import Syncs
from ..invariants import log_writes, violations, writes

pytestmark = [
    pytest.mark.needs("mount"),
    pytest.mark.nightly("a disk of its own takes the right to mount, which not every CI gives"),
]

ROWS, BATCH = 3000, 300
FILL = f"""
    insert into items select n, (select string_agg(md5(n::text || m), '')
        from generate_series(1, 250) as m)
    from generate_series(1, {ROWS}) as n
"""  # 8 kB of what cannot be packed
CONNECTED = """
    select sessions from pg_stat_database where datname = current_database()
"""


@pytest.fixture
def disk(either: Syncs, state_folder: Path) -> Iterator[Callable[[str], None]]:
    """A disk of 12 MB that holds the table of the destination; it can be made larger."""
    there = either.pair.destination
    folder = state_folder / "small_disk"
    folder.mkdir()
    mount("-t", "tmpfs", "-o", "size=12m", "tmpfs", str(folder))
    owner, _ = choose(locate(), folder, there.cluster.data)
    owner.give(folder)
    either.table("id bigint primary key, body text")
    there.execute(
        f"create tablespace small location '{folder}'",
        "alter table items set tablespace small",
        "alter index items_pkey set tablespace small",
    )
    yield lambda size: mount("-o", f"remount,size={size}", str(folder))
    there.execute("drop table items cascade", "drop tablespace small")
    subprocess.run(["umount", str(folder)], check=True)
    folder.rmdir()


def mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True, capture_output=True)


def test_the_run_stops_and_goes_on_when_there_is_room(
    either: Syncs, disk: Callable[[str], None]
) -> None:
    there = either.pair.destination
    log_writes(either)
    either.pair.source.execute(FILL)
    with pytest.raises(TerminalError, match="No space left on device.*53100") as caught:
        either.run(batch_size=BATCH)
    assert "make room" in (caught.value.remedy or "")
    ((arrived,),) = there.rows("select count(*)::int from items")
    assert 0 < arrived < ROWS
    assert arrived % BATCH == 0  # whole batches
    failed = either.keeper.rows("select status from hightouch_audit.sync_runs")
    assert failed == [("failed",)]

    with pytest.raises(TerminalError, match="53100"):  # full still
        either.run(batch_size=BATCH)
    assert there.rows("select count(*)::int from items") == [(arrived,)]

    disk("200m")
    either.run(batch_size=BATCH)
    assert set(writes(either).values()) == {1}
    assert violations(either) == []
    assert either.run(batch_size=BATCH).planned == Counts()
