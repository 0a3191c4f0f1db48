"""Dagster's web server and daemon as a child of ours, until Ctrl-C."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import yaml

from pgsync_assets.embedded import child
from pgsync_assets.embedded.loopback import HOST, free_port, is_free
from pgsync_assets.errors import EmbeddedError

PROJECT = Path(__file__).resolve().parents[2]
START_TIMEOUT_S = 120.0
LOG_TAIL_LINES = 8


def make_dagster_home(directory: Path, workers: int | None = None) -> Path:
    """The folder that Dagster calls its home, with the project's `dagster.yaml` in it.

    Args:
        directory: the state folder.
        workers: runs are done by so many workers: `dagster.celery.yaml` is laid over it. 0: by
            workers elsewhere, as many as that file says; None: on this machine, by Dagster itself.

    Raises:
        EmbeddedError: the project has no `dagster.yaml`.
    """
    home = directory.absolute() / "dagster_home"
    home.mkdir(parents=True, exist_ok=True)
    settings = home / "dagster.yaml"
    if workers is None:
        shutil.copyfile(_project_file("dagster.yaml"), settings)
    else:
        made = _merged(_settings("dagster.yaml"), _settings("dagster.celery.yaml"))
        at_once = {"concurrency": {"runs": {"max_concurrent_runs": workers}}} if workers else {}
        settings.write_text(yaml.safe_dump(_merged(made, at_once), sort_keys=False), "utf-8")
    return home


def _settings(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(_project_file(name).read_text(encoding="utf-8"))
    return found


def _merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    return {**base, **{name: _laid_over(base.get(name), value) for name, value in over.items()}}


def _laid_over(value: Any, over: Any) -> Any:
    is_both = isinstance(value, Mapping) and isinstance(over, Mapping)
    return _merged(value, over) if is_both else over


def serve(
    environment: Mapping[str, str],
    port: int,
    home: Path,
    on_ready: Callable[[str], None],
) -> None:
    """Serves the Dagster UI on 127.0.0.1 until Ctrl-C or SIGTERM.

    Args:
        environment: variables on top of this process's own: Dagster's storage, `PGSYNC_DEFS`, and
            what the connections read.
        port: TCP port of the UI; 0 for any that is free.
        home: of Dagster, by `make_dagster_home`; `dagster.log` is written there.
        on_ready: is called with the address when the UI answers.

    Raises:
        EmbeddedError: the port is taken, or Dagster does not start or stops by itself; the end of
            its log is in the message.
    """
    port = port or free_port()
    if not is_free(port):
        raise EmbeddedError(f"port {port} on {HOST} is taken", "choose another one with --port")
    log = home / "dagster.log"
    with _signals_as_interrupt(), _dagster_dev(environment, port, home, log) as dagster:
        try:
            _wait_until_it_answers(dagster, port, log)
            on_ready(f"http://{HOST}:{port}")
            dagster.wait()
        except KeyboardInterrupt:
            return
        raise EmbeddedError(f"Dagster stopped by itself; its log {log} ends so:\n{_tail(log)}")


@contextmanager
def _dagster_dev(
    environment: Mapping[str, str], port: int, home: Path, log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    workspace = _project_file("workspace.yaml")
    command = [sys.executable, "-m", "dagster", "dev"]
    command += ["-w", str(workspace), "-h", HOST, "-p", str(port)]
    variables = {**os.environ, **environment, "DAGSTER_HOME": str(home)}
    started = child.start(command, variables, log)
    try:
        yield started
    finally:
        child.stop(started)


@contextmanager
def _signals_as_interrupt() -> Iterator[None]:
    """Ctrl-C and SIGTERM end the block, SIGINT also where a shell has it ignored."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {n: signal.signal(n, interrupt) for n in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _wait_until_it_answers(dagster: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if dagster.poll() is not None:
            break
        if _answers(port):
            return
        time.sleep(0.2)
    raise EmbeddedError(f"Dagster does not start; its log {log} ends so:\n{_tail(log)}")


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://{HOST}:{port}/server_info", timeout=5) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _tail(log: Path) -> str:
    """The last lines that say something: a traceback's own lines are left out."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    telling = [line for line in lines if line.strip() and not line.startswith((" ", "\t"))]
    return "\n".join(telling[-LOG_TAIL_LINES:])


def _project_file(name: str) -> Path:
    path = PROJECT / name
    if not path.is_file():
        raise EmbeddedError(
            f"there is no {path}", "run pgsync-assets from a clone of the project (pip install -e)"
        )
    return path
