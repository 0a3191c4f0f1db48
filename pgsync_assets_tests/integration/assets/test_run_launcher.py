"""A run whose code server is gone is known to be dead; one whose server lives is left alone."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.launcher import WorkerStatus

from pgsync_assets.assets.run_launcher import LocalRunLauncher
from pgsync_assets.embedded.loopback import HOST, free_port

START_S = 60
SERVED = """
import dagster as dg
@dg.asset
def answer(): ...
defs = dg.Definitions([answer])
"""


@contextmanager
def code_server(folder: Path, *address: str) -> Iterator[subprocess.Popen[bytes]]:
    """Dagster's own, which serves one asset."""
    (folder / "served.py").write_text(SERVED)
    command = [sys.executable, "-m", "dagster", "api", "grpc", "-f", str(folder / "served.py")]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen([*command, *address], stdout=log, stderr=subprocess.STDOUT)
    try:
        yield server
    finally:
        server.kill()
        server.wait()


def run_at(server: dict[str, object]) -> dg.DagsterRun:
    """A run that was launched at a server."""
    tags = {".dagster/grpc_info": json.dumps({"host": "localhost", **server})}
    return dg.DagsterRun("answer", status=dg.DagsterRunStatus.STARTED, tags=tags)


def health(run: dg.DagsterRun) -> WorkerStatus:
    return LocalRunLauncher().check_run_worker_health(run).status


@pytest.mark.nightly(
    "a code server for each takes long: a socket is what there is by default", but=("socket",)
)
@pytest.mark.parametrize("kind", ["socket", "port"])
def test_runs_die_with_their_server(tmp_path: Path, kind: str) -> None:
    port = free_port()
    path = str(tmp_path / "s")
    at: dict[str, object] = {"socket": path} if kind == "socket" else {"host": HOST, "port": port}
    address = ("--socket", path) if kind == "socket" else ("--host", HOST, "--port", str(port))
    run = run_at(at)
    with code_server(tmp_path, *address):
        deadline = time.monotonic() + START_S
        while health(run) is not WorkerStatus.RUNNING and time.monotonic() < deadline:
            time.sleep(0.1)
        assert health(run) is WorkerStatus.RUNNING
    assert health(run) is WorkerStatus.FAILED  # killed: its socket is a file that nobody reads


def test_a_socket_that_was_removed_is_nobody(tmp_path: Path) -> None:
    assert health(run_at({"socket": str(tmp_path / "gone")})) is WorkerStatus.FAILED


def test_a_run_without_a_server_is_left_alone() -> None:
    run = dg.DagsterRun("answer", status=dg.DagsterRunStatus.STARTED)
    assert health(run) is WorkerStatus.RUNNING


def test_a_server_that_does_not_answer_keeps_its_runs() -> None:
    unroutable = run_at({"host": "name.invalid", "port": 1})
    assert health(unroutable) is WorkerStatus.RUNNING


def test_the_projects_instance_uses_it(tmp_path: Path) -> None:
    settings = (Path(__file__).parents[3] / "dagster.yaml").read_text()
    launcher = settings[settings.index("run_launcher:") :].splitlines()[0]
    (tmp_path / "dagster.yaml").write_text(launcher)
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        assert isinstance(instance.run_launcher, LocalRunLauncher)
