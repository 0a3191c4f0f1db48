"""Ctrl-C in the middle of a run, and a second run beside the first: told, and nothing is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from pgsync_assets.cli.exit_code import ExitCode

from .conftest import CliProject

WAITING = (
    "select count(*) from pg_catalog.pg_stat_activity "
    "where application_name like 'pgsync/%' and wait_event_type = 'Lock'"
)


@contextmanager
def _held_up(project: CliProject, *options: str) -> Iterator[subprocess.Popen[str]]:
    """A run in a process of its own that waits for a lock on its destination table."""
    with project.pair.destination.connect(autocommit=False) as blocker:
        blocker.execute("lock table orders in access exclusive mode")
        run = subprocess.Popen(
            [sys.executable, "-m", "pgsync_assets.cli", "run", "orders", *options],
            env={
                **os.environ,
                **{name: value for name, value in project.environment.items() if value},
                "PGSYNC_DEFS": str(project.folder),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # A shell that starts jobs with `&` ignores SIGINT, and so would our child.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
        try:
            while project.pair.destination.rows(WAITING) == [(0,)]:
                assert run.poll() is None, run.communicate()[1]
                time.sleep(0.02)
            yield run
        finally:
            blocker.rollback()
            run.kill()
            run.communicate()


def test_ctrl_c_ends_with_130_and_the_next_run_sends_everything(project: CliProject) -> None:
    with _held_up(project) as run:
        run.send_signal(signal.SIGINT)
        _, told = run.communicate(timeout=60)
    assert run.returncode == ExitCode.INTERRUPTED
    assert told.rstrip().endswith("Error: interrupted")
    assert "Traceback" not in told
    ended = project.run("run", "orders")
    assert ended.exit_code == ExitCode.OK, ended.stderr
    assert project.pair.destination.rows("select count(*) from orders") == [(3,)]


def test_ctrl_c_ends_all_jobs(project: CliProject) -> None:
    project.sync(partitions={"hash": 4})
    with _held_up(project, "--jobs", "4") as run:
        run.send_signal(signal.SIGINT)
        _, told = run.communicate(timeout=60)
    assert run.returncode == ExitCode.INTERRUPTED
    assert told.rstrip().endswith("Error: interrupted")
    assert "Traceback" not in told
    ended = project.run("run", "orders", "--jobs", "4")
    while ended.exit_code == ExitCode.ALREADY_RUNNING:  # until the servers notice that we are gone
        ended = project.run("run", "orders", "--jobs", "4")
    assert ended.exit_code == ExitCode.OK, ended.stderr
    assert project.pair.destination.rows("select count(*) from orders") == [(3,)]


def test_a_second_run_is_told_and_touches_nothing(project: CliProject) -> None:
    with _held_up(project):
        ended = project.run("run", "orders")
        assert ended.exit_code == ExitCode.ALREADY_RUNNING
        assert "orders" in ended.message
