"""A server crashes while rows are on their way (with fsync on: what was committed stays)."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from pgsync_assets.embedded import Cluster
from pgsync_assets.embedded.servers import DESTINATION_ROLE, SOURCE_ROLE

from ..fix_databases import AUDIT_SCHEMA, LEDGER_SCHEMA, PLANNER_SCHEMA, Pair, database
from ..fix_syncs import Syncs
from ..invariants import log_writes, violations, writes

WRITER_WAITS = """
    select count(*) from pg_stat_activity where datname = current_database()
    and application_name like 'pgsync/items run %' and wait_event_type = 'Lock'
    and query ~ '^(COPY|INSERT)'
"""


@pytest.fixture
def durable() -> Iterator[Syncs]:
    """Both databases on one server of this test's own, with nothing turned off."""
    with tempfile.TemporaryDirectory(prefix="pgsync_tests_") as folder, ExitStack() as stack:
        Path(folder).chmod(0o711)
        cluster = Cluster(Path(folder) / "durable")
        cluster.start()
        stack.callback(cluster.stop, "immediate")
        source = database(cluster, SOURCE_ROLE, PLANNER_SCHEMA, AUDIT_SCHEMA)
        destination = database(cluster, DESTINATION_ROLE, LEDGER_SCHEMA)
        yield Syncs(Pair(stack.enter_context(source), stack.enter_context(destination)))


def test_a_crash_mid_copy(durable: Syncs) -> None:
    durable.table("id int primary key, name text")
    log_writes(durable)
    fill = "insert into items select n, 'x' from generate_series({}, {}) as n"
    durable.pair.source.execute(fill.format(1, 10))
    cluster = durable.pair.source.cluster
    for first in (11, 21):  # the first run copies into the table itself, the second into the stage
        blocker = durable.pair.destination.connect(autocommit=False)
        blocker.execute("lock table items in share mode")
        with ThreadPoolExecutor() as pool:
            run = pool.submit(durable.run, batch_size=4)
            until_writer_waits(durable)
            cluster.stop("immediate")
            blocker.close()
            cluster.start()
            assert run.result().rejected == 0
        assert violations(durable) == []
        assert set(writes(durable).values()) == {1}
        durable.pair.source.execute(fill.format(first, first + 9))
    assert durable.run().succeeded.added == 10


def until_writer_waits(syncs: Syncs) -> None:
    """Returns when the writer stands before the locked table."""
    deadline = time.monotonic() + 30
    while syncs.pair.destination.rows(WRITER_WAITS) != [(1,)]:
        assert time.monotonic() < deadline, "the writer does not wait"
        time.sleep(0.02)
