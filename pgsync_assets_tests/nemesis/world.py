"""One sync between two databases of its own, and what befalls its runs."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from pgsync_assets.errors import PgsyncError

from ..faults.child import ALREADY_RUNNING, SUCCEEDED
from ..fix_children import Child
from ..fix_databases import Side
from ..fix_pgbench import pgbench
from ..fix_proxy import Proxy
from ..fix_syncs import Syncs
from ..invariants import log_writes, violations, writes

EDITS = Path(__file__).with_name("edits.sql")
COLUMNS = "id int primary key, name text, price int, part int not null"
FILL = "insert into items select n, 'row ' || n, n % 10, n % 2 from generate_series(1, 300) as n"
BAD = "select id::text from items where price < 0"
DELIVERED = """
    select row_id, count(*) from hightouch_audit.sync_changelog
    where status = 'succeeded' group by row_id
"""
END_SESSIONS = """
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and application_name like 'pgsync/%'
"""
MOST_ADDED = 12  # columns of a table
POINTS = 120  # failpoints that a run passes, about
NETWORK_TIMEOUT_S = 2.0
FINISHED_WITHIN_S = 120.0
SHARED: dict[str, Any] = {"column": "part", "values": {"even": [0], "odd": [1]}}
KINDS: dict[str, tuple[dict[str, Any], tuple[str | None, ...]]] = {
    "rows": ({"engine": "lightning"}, (None,)),
    "digest": ({"engine": "lightning", "state": "digest"}, (None,)),
    "standard": ({"engine": "standard"}, (None,)),
    "parts": ({"engine": "lightning", "partitions": SHARED}, ("even", "odd")),
    "standard parts": ({"engine": "standard", "partitions": SHARED}, ("even", "odd")),
}
USUAL: dict[str, Any] = {"delete": "delete_row", "audit": "keys", "batch_size": 50}
UNUSUAL: tuple[dict[str, Any], ...] = (
    {"batch_size": 7},
    {"batch_size": 1000, "audit": "full"},
    {"columns": ["id", "price", "part"]},
    {"model": {"table": "public.items", "key": ["id"], "where": "id % 7 <> 0"}},
    {"model": {"sql": "select * from items", "key": ["id"]}},
    {"retry_rejected": False},
    {"mode": "update"},
    {"mode": "insert", "delete": "do_nothing"},
    {"guard": {"max_changed": 5}},
    {"part": {"row_limit": 20}},
    {"part": {"only_rejected": True}},
)
"""What somebody changes in the configuration, for a run."""


@dataclass
class World:
    """A sync, its databases, a proxy in front of each of them, and a process to be killed.

    Args:
        name: of `KINDS`.
        syncs: the databases, and the sync as it is configured at last.
        proxies: through which runs reach source, destination and platform.
        chance: decides what happens.
        wrote: is told what happens.
    """

    name: str
    syncs: Syncs
    proxies: tuple[Proxy, ...]
    chance: random.Random
    wrote: Callable[[str], None]
    child: Child = field(default_factory=Child)
    other: Child = field(default_factory=Child)
    added: int = 0

    def __post_init__(self) -> None:
        fields, self.partitions = KINDS[self.name]
        self.syncs.fields = USUAL | fields
        for at, proxy in zip(
            (self.syncs.source, self.syncs.destination, self.syncs.at_platform),
            self.proxies,
            strict=True,
        ):
            at.update(port=proxy.port, network_timeout_s=NETWORK_TIMEOUT_S)
        self.syncs.table(COLUMNS)
        self.syncs.pair.destination.execute("alter table items add check (price >= 0)")
        log_writes(self.syncs)
        self.syncs.pair.source.execute(FILL)

    def close(self) -> None:
        """Ends the processes."""
        self.child.close()
        self.other.close()

    def step(self) -> None:
        """Somebody works at the source, and a run is started that something befalls."""
        partition = self.chance.choice(self.partitions)
        more = self.chance.choice([{}, {}, *UNUSUAL])
        if self.chance.random() < 0.1:
            more = more | {"part": {"full_resync": True}}
        befalls = self.chance.choice(
            [
                self._killed,
                self._killed,
                self._slept,
                self._cut,
                self._lost,
                self._silent,
                self._altered,
                self._applied,
            ]
        )
        self.wrote(f"{self.name} {partition or ''} {befalls.__name__[1:]} {more}")
        with self._worked_on():
            befalls(partition, more)

    def finish(self) -> None:
        """No more faults: every partition has to end well, in time.

        Raises:
            AssertionError: one did not.
        """
        for number in range(self.added):
            self._add(number)
        deadline = time.monotonic() + FINISHED_WITHIN_S
        for partition in self.partitions:
            while (code := self.child.run(self.syncs, None, partition)) != SUCCEEDED:
                self.wrote(f"{self.name} {partition or ''} ends with {code}, again")
                assert time.monotonic() < deadline, f"{self.name} does not finish"
                time.sleep(0.2)

    def wrong(self) -> list[str]:
        """What is not as it has to be when all is calm."""
        refused = {row_id for (row_id,) in self.syncs.pair.source.rows(BAD)}
        return [*violations(self.syncs, refused), *self._twice()]

    def _twice(self) -> Iterator[str]:
        """Rows that were written more often than the log says."""
        there: Counter[str] = Counter()
        for (_, row_id), count in writes(self.syncs).items():
            there[row_id] += count
        known = dict(self.syncs.keeper.rows(DELIVERED))
        for row_id, count in sorted(there.items()):
            if count > known.get(row_id, 0):
                yield f"P1: row {row_id} was written {count} times, and told {known.get(row_id, 0)}"

    @contextmanager
    def _worked_on(self) -> Iterator[None]:
        """pgbench at the source, before and meanwhile."""
        side = self.syncs.pair.source
        options = ("-c", "2", "-t", str(self.chance.randint(1, 60)), "-R", "200")
        seed = str(self.chance.randint(1, 2**31))
        with pgbench(side, EDITS, *options, "--random-seed", seed) as worker:
            time.sleep(self.chance.random() / 5)
            try:
                yield
            finally:
                worker.wait()

    def _killed(self, partition: str | None, more: dict[str, Any]) -> None:
        """At one of the points that it passes, or at none."""
        point = self.chance.randint(1, POINTS)
        self.child.run(self.syncs, f"{point}:kill", partition, **more)

    def _slept(self, partition: str | None, more: dict[str, Any]) -> None:
        """A laptop is closed; somebody else runs the sync; the laptop is opened."""
        point = self.chance.randint(1, POINTS)
        self.child.start(self.syncs, f"{point}:stop", partition, **more)
        what, number = self.child.answer()
        if what != "stopped":
            return
        code = self.other.run(self.syncs, None, partition)
        assert code in (SUCCEEDED, ALREADY_RUNNING, 1), code
        os.kill(number, signal.SIGCONT)
        self.child.answer()

    def _cut(self, partition: str | None, more: dict[str, Any]) -> None:
        """An administrator ends our sessions, in one database, once or twice."""
        side = self.chance.choice(self._sides())
        times = [self.chance.random() for _ in range(self.chance.randint(1, 2))]

        def cut() -> None:
            for pause in times:
                time.sleep(pause)
                with suppress(psycopg.Error):
                    side.execute(END_SESSIONS)

        self._beside(cut, partition, more)

    def _lost(self, partition: str | None, more: dict[str, Any]) -> None:
        """A COMMIT, or the answer to it."""
        proxy = self.chance.choice(self.proxies)
        proxy.lose(self.chance.randint(1, 12), self.chance.choice(["commit", "reply"]))
        self.child.run(self.syncs, None, partition, **more)
        proxy.lose(0, "commit")

    def _silent(self, partition: str | None, more: dict[str, Any]) -> None:
        """Packets vanish for a while."""
        proxy = self.chance.choice(self.proxies)
        pause, length = self.chance.random(), NETWORK_TIMEOUT_S + self.chance.random() * 2

        def silent() -> None:
            time.sleep(pause)
            proxy.silent = True
            time.sleep(length)
            proxy.silent = False

        self._beside(silent, partition, more)

    def _altered(self, partition: str | None, more: dict[str, Any]) -> None:
        """Both tables get one more column, the destination first."""
        self.added = min(self.added + 1, MOST_ADDED)
        pause = self.chance.random() / 2

        def alter() -> None:
            time.sleep(pause)
            with suppress(psycopg.Error):
                self._add(self.added - 1)

        self._beside(alter, partition, more)

    def _add(self, number: int) -> None:
        """Adds a column where it is not there yet; rows of the source have a value in it."""
        column = f"alter table items add column if not exists more_{number} int"
        self.syncs.pair.destination.execute(column)
        self.syncs.pair.source.execute(f"{column} default {number}")

    def _applied(self, partition: str | None, more: dict[str, Any]) -> None:
        """A plan waits while the source is worked on, and is applied then, or is killed in that."""
        more = {name: value for name, value in more.items() if name != "part"}
        config = self.syncs.config(**more)
        part = config.partition_named(partition) if partition else None
        point = self.chance.randint(1, POINTS)
        with suppress(PgsyncError):  # a server is down, or another one has the sync
            number = self.syncs.plan(partition=part, **more).run_id
            self.child.run(self.syncs, f"{point}:kill", partition, number, **more)

    def _beside(
        self, what: Callable[[], None], partition: str | None, more: dict[str, Any]
    ) -> None:
        beside = threading.Thread(target=what)
        beside.start()
        self.child.run(self.syncs, None, partition, **more)
        beside.join()

    def _sides(self) -> list[Side]:
        pair = self.syncs.pair
        platform = [self.syncs.platform] if self.syncs.platform else []
        return [pair.source, pair.destination, *platform]
