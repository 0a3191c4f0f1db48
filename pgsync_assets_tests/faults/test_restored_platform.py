"""The platform of engine standard comes back from a backup, and the destination has gone on.

Backups are made and put back as docs/availability.md has it: pg_dump and pg_restore, or a copy of
the server's files.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from pgsync_assets import sync as engine
from pgsync_assets.embedded import Cluster
from pgsync_assets.embedded.binaries import locate
from pgsync_assets.embedded.servers import PLATFORM_ROLE
from pgsync_assets.errors import HistoryError
from pgsync_assets.outcome import Counts, Progress

from ..fix_databases import AUDIT_SCHEMA, PLANNER_SCHEMA, Side, database
from ..fix_servers import SETTINGS
from ..fix_standby import backup_of
from ..fix_syncs import Syncs
from ..invariants import log_writes, violations, writes

Restore = Callable[[], None]
EDITS = (
    "update items set name = 'newer' where id in (2, 3)",
    "delete from items where id = 1",
    "insert into items values (11, 'new'), (12, 'new')",
)


@dataclass
class Platform:
    """Syncs whose platform is a server of its own, in `way` backed up and put back."""

    way: str
    syncs: Syncs
    folder: Path
    started: list[Cluster] = field(default_factory=list)

    def back_up(self) -> Restore:
        """A backup: the function puts it in the platform's place."""
        return self._dump() if self.way == "dump" else self._files()

    def _dump(self) -> Restore:
        side = self._side
        file = self.folder / f"platform_{time.monotonic_ns()}.dump"
        _program(side, "pg_dump", "--format=custom", f"--file={file}", side.database)

        def restore() -> None:
            side.leave()
            create = ("--clean", "--create", "--exit-on-error", "--dbname=postgres")
            _program(side, "pg_restore", *create, str(file))

        return restore

    def _files(self) -> Restore:
        side = self._side
        copy = backup_of(side.cluster, self.folder / f"copy_{time.monotonic_ns()}")

        def restore() -> None:
            side.cluster.stop("immediate")
            copy.start(SETTINGS)
            self.started.append(copy)
            self.syncs.platform = replace(side, port=copy.port, cluster=copy)

        return restore

    @property
    def _side(self) -> Side:
        assert self.syncs.platform is not None
        return self.syncs.platform


def _program(side: Side, name: str, *options: str) -> None:
    at = (f"--host={side.host}", f"--port={side.port}", f"--username={side.cluster.superuser}")
    answer = subprocess.run(
        [locate().program(name), *at, *options],
        env=os.environ | {"PGPASSWORD": side.cluster.password},
        capture_output=True,
        text=True,
    )
    assert answer.returncode == 0, answer.stderr


@pytest.fixture(params=["dump", "files"])
def platform(
    request: pytest.FixtureRequest, syncs: Syncs, primary: Cluster, state_folder: Path
) -> Iterator[Platform]:
    """Ten rows are there, and were not sent."""
    there = database(primary, PLATFORM_ROLE, PLANNER_SCHEMA, AUDIT_SCHEMA).__enter__()
    syncs = replace(
        syncs,
        platform=there,
        fields={"engine": "standard", "delete": "delete_row", "batch_size": 4},
    )
    syncs.table("id int primary key, name text")
    log_writes(syncs)
    syncs.pair.source.execute("insert into items select n, 'x' from generate_series(1, 10) as n")
    found = Platform(request.param, syncs, state_folder)
    yield found
    for copy in found.started:
        copy.stop("immediate")


def test_no_run_goes_on_from_it_and_the_way_out_ends_identical(platform: Platform) -> None:
    syncs = platform.syncs
    syncs.run()
    restore = platform.back_up()
    syncs.pair.source.execute(*EDITS)
    syncs.run()
    before = writes(syncs)
    restore()
    syncs.pair.source.execute("update items set name = 'newest' where id = 4")
    for _ in range(2):  # it stays so until somebody decides
        with pytest.raises(HistoryError, match=r"(?s)planner at platform.*run 1.*--full-resync"):
            syncs.run()
    assert writes(syncs) == before
    (problem,) = syncs.verify().problems
    assert "run 1" in problem and "run 2" in problem
    syncs.run(full_resync=True)
    assert syncs.same()
    assert violations(syncs) == []
    assert syncs.run().planned == Counts()


def test_a_row_that_only_the_lost_runs_knew_is_told_by_verify(platform: Platform) -> None:
    """Sent after the backup and gone from the model since: no state says that it is ours."""
    syncs = platform.syncs
    syncs.run()
    restore = platform.back_up()
    syncs.pair.source.execute(*EDITS)
    syncs.run()
    restore()
    syncs.pair.source.execute("delete from items where id = 12")
    syncs.run(full_resync=True)
    assert syncs.verify().foreign == 1
    syncs.pair.destination.execute("delete from items where id = 12")
    assert violations(syncs) == []


def test_a_backup_in_the_middle_of_a_run_is_finished_from_the_ledger(platform: Platform) -> None:
    """The run that the copy has under way is in: it is settled, and nothing is sent again."""
    syncs = platform.syncs
    syncs.run()
    made: list[Restore] = []

    def back_up(progress: Progress) -> None:
        if progress.step == "write" and progress.rows_done == 4 and not made:
            made.append(platform.back_up())

    syncs.pair.source.execute("update items set name = 'newer'")
    ends = syncs.endpoints
    engine.run(syncs.config(), *ends, platform=syncs.platform_endpoint, on_progress=back_up)
    before = writes(syncs)
    (restore,) = made
    restore()
    outcome = syncs.run()
    assert outcome.recovered is not None
    assert outcome.recovered.succeeded == Counts(changed=10)
    assert outcome.planned == Counts()
    assert writes(syncs) == before
    assert violations(syncs) == []
