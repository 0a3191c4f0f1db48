"""`pgsync-assets up` serves the user's own configuration until Ctrl-C and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pgsync_assets.cli.exit_code import ExitCode
from pgsync_assets.embedded.loopback import HOST, free_port

from ...graphql import asset_keys, ended, launch
from .conftest import CliProject

RUN_S = 120


def url(port: int) -> str:
    return f"http://{HOST}:{port}"


@contextmanager
def _up(
    project: CliProject, state: Path, port: int, *options: str
) -> Iterator[subprocess.Popen[str]]:
    """The command in a process of its own."""
    mine = {name: value for name, value in os.environ.items() if not name.startswith("DAGSTER_")}
    up = subprocess.Popen(
        [
            *(sys.executable, "-m", "pgsync_assets.cli", "up", "--port", str(port)),
            *("--dir", str(state), "--defs", str(project.folder), *options),
        ],
        env={**mine, **{name: value for name, value in project.environment.items() if value}},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    try:
        yield up
    finally:
        if up.poll() is None:
            up.send_signal(signal.SIGINT)
        up.communicate()


def _said_until(up: subprocess.Popen[str], words: str) -> str:
    said = ""
    assert up.stdout is not None
    while words not in said:
        line = up.stdout.readline()
        assert line, said
        said += line
    return said


def test_serves_the_users_assets_and_stops_at_ctrl_c(
    project: CliProject, state_folder: Path
) -> None:
    state, port = state_folder / "up", free_port()
    with _up(project, state, port) as up:
        said = _said_until(up, "Ctrl-C stops everything")
        assert "2 connections, 1 sync" in said
        assert {"crm/public/orders", "hightouch_planner/orders"} <= asset_keys(url(port))
        up.send_signal(signal.SIGINT)
        rest, _ = up.communicate(timeout=60)
    assert up.returncode == ExitCode.OK, rest
    assert not list(state.rglob("postmaster.pid"))


def test_runs_on_workers_beside_the_ui_which_end_with_it(
    project: CliProject, state_folder: Path
) -> None:
    state, port = state_folder / "with workers", free_port()
    with _up(project, state, port, "--workers", "1") as up:
        said = _said_until(up, "Ctrl-C stops everything")
        assert "Runs wait for a worker at the broker: PostgreSQL 127.0.0.1:" in said
        assert "1 worker: what they do is in " in said
        launched = launch(url(port), ["crm", "public", "orders"])
        run = ended(url(port), launched, RUN_S)
        assert run["status"] == "SUCCESS"
        assert run["tags"]["pgsync/worker"].startswith(f"{up.pid}-1@")
        up.send_signal(signal.SIGINT)
        rest, _ = up.communicate(timeout=120)
    assert up.returncode == ExitCode.OK, rest
    assert project.pair.destination.rows("select count(*) from orders") == [(3,)]
    assert f"run {launched[:8]} is success" in (state / "dagster_home/workers.log").read_text()
    assert _processes_of(state) == []


def _processes_of(state: Path) -> list[str]:
    """Those whose environment names the state folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has just ended, or belongs to somebody else
            if str(state).encode() in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_text())
    return found


def test_a_worker_says_what_it_has_to_know(project: CliProject) -> None:
    ended = project.run("worker")
    assert ended.exit_code == ExitCode.USAGE
    assert "DAGSTER_PG_HOST is not set" in ended.message


def test_a_command_in_another_shell_finds_the_platform(
    project: CliProject, state_folder: Path
) -> None:
    project.sync(engine="standard")
    environment = {name: value for name, value in project.environment.items() if value}
    with _up(project, state_folder / "up", free_port()) as up:
        said = _said_until(up, "set +a")
        shell = said[said.index("set -a") :].strip()
        ended = subprocess.run(
            ["/bin/sh", "-c", f'{shell}; exec "{sys.executable}" -m pgsync_assets.cli run orders'],
            env=os.environ | environment,
            capture_output=True,
            text=True,
            check=False,
        )
    assert ended.returncode == ExitCode.OK, ended.stderr
    assert (state_folder / "up" / "up.env").stat().st_mode & 0o777 == 0o600


def test_a_taken_port_is_told_before_anything_starts(
    project: CliProject, state_folder: Path
) -> None:
    taken = project.pair.source.port
    ended = project.run("up", "--port", str(taken), "--dir", str(state_folder / "unused"))
    assert ended.exit_code == ExitCode.FAILED
    assert f"port {taken}" in ended.message
    assert not (state_folder / "unused").exists()
