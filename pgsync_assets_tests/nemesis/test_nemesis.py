"""Random faults, edits and changes of configuration in several syncs at once, then calm.

While the storm lasts, nothing is promised but safety; when it is over, every sync has to finish,
and every row is where it should be, written as often as the log says. PGSYNC_NEMESIS_MINUTES and
PGSYNC_NEMESIS_SEED say how long, and which storm: the schedule of faults is that of the seed, what
of it meets what is up to the machine.
"""

from __future__ import annotations

import os
import random
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from pgsync_assets.embedded import Cluster
from pgsync_assets.embedded.servers import DESTINATION_ROLE, PLATFORM_ROLE, SOURCE_ROLE
from pgsync_assets.record import own_table

from ..fix_databases import AUDIT_SCHEMA, LEDGER_SCHEMA, PLANNER_SCHEMA, Pair, database
from ..fix_proxy import proxy_to
from ..fix_syncs import Syncs
from .world import KINDS, World

MINUTES = float(os.environ.get("PGSYNC_NEMESIS_MINUTES", "2"))
SEED = int(os.environ.get("PGSYNC_NEMESIS_SEED", "0")) or random.SystemRandom().randint(1, 10**9)
STORM_S = 12.0
SHOWN = 60  # steps before the end
USUAL_SIZE = own_table.OWN_TABLE  # rows; in a part of the rounds a plan of 20 is a big one


class Storm:
    """Two servers with nothing turned off, and the worlds on them."""

    def __init__(self, stack: ExitStack, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - a schedule
        self.told: list[str] = []
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pgsync_tests_")))
        folder.chmod(0o711)
        self.clusters = [Cluster(folder / name) for name in ("source", "destination")]
        for cluster in self.clusters:
            stack.callback(cluster.stop, "immediate")
            cluster.start()
        self.worlds = [self._world(stack, name) for name in KINDS]

    def _world(self, stack: ExitStack, name: str) -> World:
        source, destination = self.clusters
        ours = (PLANNER_SCHEMA, AUDIT_SCHEMA)
        pair = Pair(
            stack.enter_context(database(source, SOURCE_ROLE, *ours)),
            stack.enter_context(database(destination, DESTINATION_ROLE, LEDGER_SCHEMA)),
        )
        platform = stack.enter_context(database(destination, PLATFORM_ROLE, *ours))
        proxies = tuple(
            stack.enter_context(proxy_to(side.port))
            for side in (pair.source, pair.destination, platform)
        )
        chance = random.Random(self.chance.randint(1, 10**9))  # noqa: S311
        world = World(name, Syncs(pair, platform=platform), proxies, chance, self.tell)
        stack.callback(world.close)
        return world

    def tell(self, what: str) -> None:
        """Notes what happens."""
        self.told.append(f"{time.strftime('%H:%M:%S')} {what}")

    def blow(self) -> None:
        """Faults in all worlds at once; now and then a server crashes."""
        until = time.monotonic() + STORM_S
        own_table.OWN_TABLE = self.chance.choice([USUAL_SIZE, 20])
        with self._crashes(), ThreadPoolExecutor(len(self.worlds)) as pool:
            for ended in [pool.submit(_steps, world, until) for world in self.worlds]:
                ended.result()

    def calm(self) -> list[str]:
        """Every sync finishes. What is wrong then."""
        with ThreadPoolExecutor(len(self.worlds)) as pool:
            for ended in [pool.submit(world.finish) for world in self.worlds]:
                ended.result()
        return [f"{world.name}: {one}" for world in self.worlds for one in world.wrong()]

    @contextmanager
    def _crashes(self) -> Iterator[None]:
        over = threading.Event()
        chance = random.Random(self.chance.randint(1, 10**9))  # noqa: S311

        def crash() -> None:
            while not over.wait(chance.uniform(3, 9)):
                cluster = chance.choice(self.clusters)
                self.tell(f"{cluster.directory.name} crashes")
                cluster.stop("immediate")
                cluster.start()

        crasher = threading.Thread(target=crash)
        crasher.start()
        try:
            yield
        finally:
            over.set()
            crasher.join()


def _steps(world: World, until: float) -> None:
    while time.monotonic() < until:
        world.step()


def test_nothing_is_lost_and_nothing_is_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_table, "OWN_TABLE", USUAL_SIZE)  # as it is found again
    print(f"PGSYNC_NEMESIS_SEED={SEED}")
    until = time.monotonic() + 60 * MINUTES
    with ExitStack() as stack:
        storm = Storm(stack, SEED)
        rounds = 0
        while rounds == 0 or time.monotonic() < until:
            rounds += 1
            storm.tell(f"round {rounds}")
            try:
                storm.blow()
                wrong = storm.calm()
            except AssertionError as error:
                wrong = [str(error)]
            said = "\n".join([*wrong, *storm.told[-SHOWN:]])
            assert not wrong, f"seed {SEED}, round {rounds}\n{said}"
            print(f"round {rounds}: all is well, {len(storm.told)} steps", flush=True)
