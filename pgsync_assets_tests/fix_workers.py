"""Runs on workers: a Dagster whose storage can be restarted, brokers, hosts that can be lost.

A host is `pgsync-assets worker`, with everything that it starts. Dagster's daemon is driven from
here, one look after the other, each part of it as often as `dagster.yaml` says.
"""

from __future__ import annotations

import itertools
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import sqlalchemy as sa
import yaml
from dagster._core.execution.backfill import PartitionBackfill
from dagster._core.launcher import LaunchRunContext
from dagster._core.remote_origin import InProcessCodeLocationOrigin
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import InProcessWorkspaceLoadTarget
from dagster._daemon.auto_run_reexecution.event_log_consumer import EventLogConsumerDaemon
from dagster._daemon.backfill import execute_backfill_iteration
from dagster._daemon.daemon import MonitoringDaemon
from dagster._daemon.run_coordinator.queued_run_coordinator_daemon import QueuedRunCoordinatorDaemon

from pgsync_assets.embedded import Cluster
from pgsync_assets.embedded.dagster_dev import make_dagster_home
from pgsync_assets.embedded.servers import create_login

from .canaries import canary
from .definitions import component, connections
from .fix_brokers import DURABLE, Broker, brokers
from .fix_syncs import Syncs

LOG = logging.getLogger("daemon")
STORAGE_PASSWORD = canary("of/storage")
READY_S = 120
SECRETS = {"shop": "PGSYNC_TEST_SHOP_PASSWORD", "crm": "PGSYNC_TEST_CRM_PASSWORD"}
TABLE = dg.AssetKey(["crm", "public", "items"])
_numbers = itertools.count(1)
ENDED = {
    dg.DagsterRunStatus.SUCCESS,
    dg.DagsterRunStatus.FAILURE,
    dg.DagsterRunStatus.CANCELED,
}


class Host:
    """A machine with one worker: `pgsync-assets worker` and all that it starts.

    Args:
        environment: all of it.
        log: takes what it says.
        arguments: more of the command.
    """

    def __init__(self, environment: dict[str, str], log: Path, *arguments: str) -> None:
        self._log = log
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "pgsync_assets.cli", "worker", *arguments],
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
            )

    @property
    def said(self) -> str:
        """Everything so far."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def family(self) -> list[int]:
        """The process and all that descend from it."""
        found = [self.process.pid]
        for pid in found:
            with suppress(OSError):
                for task in Path(f"/proc/{pid}/task").iterdir():
                    found += [int(one) for one in (task / "children").read_text().split()]
        return found

    def lose(self) -> None:
        """The machine is gone: all of its processes at once."""
        family = self.family()
        for number in (signal.SIGSTOP, signal.SIGKILL):  # nobody hears of another one's end
            for pid in family:
                with suppress(ProcessLookupError):
                    os.kill(pid, number)
        self.process.wait()

    def kill_worker(self) -> None:
        """Kill -9 of the worker, and of the run that it has; its supervisor lives."""
        for pid in reversed(self.family()[1:]):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def has(self, worker: str) -> bool:
        """Whether a worker, by the name that a run has as its tag, is one of this machine."""
        return worker.startswith(f"{self.process.pid}-")

    def press_ctrl_c(self) -> None:
        """As its user does."""
        self.process.send_signal(signal.SIGINT)

    def stop(self) -> None:
        """Ends it, as a user who does not wait."""
        for _ in range(2):
            if self.process.poll() is None:
                self.press_ctrl_c()
                time.sleep(0.5)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(60)
        if self.process.poll() is None:
            self.lose()


class Site:
    """A project `items`, its Dagster, and hosts with workers.

    Args:
        folder: of the test; definitions, homes and logs go there.
        syncs: the databases of the project.
        platform: has Dagster's storage.
        database: of that; a new one.
        broker: hands out runs.
        settings: laid over `dagster.yaml` and `dagster.celery.yaml`.
    """

    def __init__(
        self,
        folder: Path,
        syncs: Syncs,
        platform: Cluster,
        database: str,
        broker: Broker,
        **settings: Any,
    ) -> None:
        self.syncs = syncs
        self.storage = platform
        self.broker = broker
        self.hosts: list[Host] = []
        self.defs = folder / "defs"
        self._folder = folder
        self._stack = ExitStack()
        self.home = make_dagster_home(folder, workers=2)
        written = yaml.safe_load((self.home / "dagster.yaml").read_text())
        for name, value in settings.items():
            written[name] = {**written.get(name, {}), **value}
        (self.home / "dagster.yaml").write_text(yaml.safe_dump(written))
        self.variables = {
            "DAGSTER_HOME": str(self.home),
            "DAGSTER_PG_HOST": platform.host,
            "DAGSTER_PG_PORT": str(platform.port),
            "DAGSTER_PG_USERNAME": "dagster",
            "DAGSTER_PG_PASSWORD": STORAGE_PASSWORD,
            "DAGSTER_PG_DB": database,
            "PGSYNC_DEFS": str(self.defs),
            **{SECRETS[name]: side.password for name, side in self._ends.items()},
            **broker.variables,
        }

    @property
    def _ends(self) -> dict[str, Any]:
        return {"shop": self.syncs.pair.source, "crm": self.syncs.pair.destination}

    def define(self, **fields: Any) -> None:
        """Writes the connections and the sync `items`; each of its partitions is a run."""
        written = self.syncs.config(**fields).model_dump(mode="json", exclude_unset=True)
        ends = connections(self._ends, **SECRETS)
        ends["crm"]["max_runs"] = 4
        policy = {"backfill_policy": {"type": "multi_run", "max_partitions_per_run": 1}}
        component(self.defs, "connections", "PgConnectionsComponent", connections=ends)
        component(self.defs, "items", "PgSyncComponent", syncs=[written], op=policy)

    def open(self) -> None:
        """Dagster is up; `define` comes first."""
        module = self._folder / "location.py"
        module.write_text("from pgsync_assets.definitions import defs\n")
        origin = LoadableTargetOrigin(python_file=str(module), attribute="defs")
        target = InProcessWorkspaceLoadTarget(InProcessCodeLocationOrigin(origin))
        instance = dg.DagsterInstance.from_config(str(self.home))
        self.instance = self._stack.enter_context(instance)
        self._context = self._stack.enter_context(WorkspaceProcessContext(self.instance, target))
        poll_s = self.instance.run_monitoring_poll_interval_seconds
        daemons = [
            QueuedRunCoordinatorDaemon(interval_seconds=1),
            MonitoringDaemon(interval_seconds=poll_s),
            EventLogConsumerDaemon(interval_seconds=1),
        ]
        self._due = {self._stack.enter_context(one): 0.0 for one in daemons}

    def close(self) -> None:
        """Everything is ended."""
        for host in self.hosts:
            host.stop()
        self._stack.close()

    def start_hosts(self, count: int, *arguments: str) -> list[Host]:
        """So many more machines, which are ready to take runs."""
        foreign = ("PGSYNC_", "DAGSTER_")
        mine = {name: v for name, v in os.environ.items() if not name.startswith(foreign)}
        for _ in range(count):
            log = self._folder / f"host{len(self.hosts)}.log"
            self.hosts.append(Host({**mine, **self.variables}, log, *arguments))
        deadline = time.monotonic() + READY_S
        for host in self.hosts[-count:]:
            while "Ctrl-C finishes" not in host.said:
                assert host.process.poll() is None and time.monotonic() < deadline, host.said
                time.sleep(0.1)
        return self.hosts[-count:]

    def backfill(self, partitions: list[str]) -> None:
        """Asks for a run of each partition, as the UI does."""
        location = self._context.create_request_context()
        (graph,) = [
            repository.asset_graph
            for code in location.code_locations
            for repository in code.get_repositories().values()
        ]
        asked = PartitionBackfill.from_asset_partitions(
            backfill_id=f"b{time.monotonic_ns()}",
            asset_graph=graph,
            partition_names=partitions,
            asset_selection=[TABLE],
            backfill_timestamp=time.time(),
            tags={},
            dynamic_partitions_store=self.instance,
            all_partitions=False,
            title=None,
            description=None,
            run_config=None,
        )
        self.instance.add_backfill(asked)
        expected = len(self.runs()) + len(partitions)
        while len(self.runs()) < expected:
            assert not any(execute_backfill_iteration(self._context, LOG))

    def runs(self) -> list[dg.DagsterRun]:
        """All of them, the oldest first."""
        return list(reversed(self.instance.get_runs()))

    def look(self) -> None:
        """Lets each part of the daemon look that is due; a storage that is away is no end."""
        for daemon, at in self._due.items():
            if time.monotonic() < at:
                continue
            self._due[daemon] = time.monotonic() + daemon.interval_seconds
            with suppress(sa.exc.OperationalError, sa.exc.InterfaceError):
                for _ in daemon.run_iteration(self._context):
                    pass

    def until(self, is_so: Callable[[], bool], what: str, within_s: float = 180) -> None:
        """Lets the daemon look until something is so."""
        deadline = time.monotonic() + within_s
        while True:
            self.look()
            with suppress(sa.exc.OperationalError, sa.exc.InterfaceError):
                if is_so():
                    return
            assert time.monotonic() < deadline, f"{what}\n{self.told()}"
            time.sleep(0.1)

    def launch(self, partition: str) -> dg.DagsterRun:
        """Asks for one run, which waits for a worker from then on."""
        known = {run.run_id for run in self.runs()}
        self.backfill([partition])
        (run,) = [run for run in self.runs() if run.run_id not in known]
        self.until(lambda: self.status(run) is not dg.DagsterRunStatus.QUEUED, "never launched")
        return run

    def hand_out_again(self, run: dg.DagsterRun) -> None:
        """As a broker that hands a message out twice."""
        asked = LaunchRunContext(run, self._context.create_request_context())
        self.instance.run_launcher.launch_run(asked)

    def status(self, run: dg.DagsterRun) -> dg.DagsterRunStatus:
        """Of a run, now."""
        found = self.instance.get_run_by_id(run.run_id)
        assert found is not None
        return found.status

    def until_ended(self) -> None:
        """Until no run is on, and none is to be tried again."""
        self.until(self._is_over, "runs are still on", 400)

    def _is_over(self) -> bool:
        runs = self.runs()
        retried = {run.parent_run_id for run in runs}
        return all(run.status in ENDED for run in runs) and all(
            run.run_id in retried for run in runs if run.status is dg.DagsterRunStatus.FAILURE
        )

    def told(self) -> str:
        """What is known of runs and hosts, for the message of a test that fails."""
        lines = []
        with suppress(sa.exc.SQLAlchemyError):
            for run in self.runs():
                lines.append(f"{run.run_id[:8]} {run.status.value} {dict(run.tags)}")
        return "\n".join([*lines, *(host.said[-3000:] for host in self.hosts)])


@pytest.fixture(scope="module")
def storage(state_folder: Path) -> Iterator[Cluster]:
    """A server for Dagster's storage that tests may restart."""
    cluster = Cluster(state_folder / "storage")
    cluster.start(DURABLE)
    create_login(cluster, "dagster", STORAGE_PASSWORD)
    yield cluster
    cluster.start(DURABLE)
    cluster.stop("immediate")


@pytest.fixture
def site_of(
    syncs: Syncs, storage: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Site]]:
    """Makes the site of a test: of a broker, with settings of `dagster.yaml`."""
    with ExitStack() as stack:

        def make(kind: str, sync: dict[str, Any], **settings: Any) -> Site:
            # A name of its own: Kombu remembers for a whole process where its tables are.
            database = f"dagster_{next(_numbers)}"
            storage.create_database(database, owner="dagster")
            broker = stack.enter_context(brokers(kind, tmp_path, storage))
            site = Site(tmp_path, syncs, storage, database, broker, **settings)
            site.define(**sync)
            for name, value in site.variables.items():
                monkeypatch.setenv(name, value)
            stack.callback(site.close)
            site.open()
            return site

        yield make
