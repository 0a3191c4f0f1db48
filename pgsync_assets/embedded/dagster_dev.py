"""Dagster's web server and daemon as a child of ours, until Ctrl-C.

Started so that it can be stopped: a child of a shell's background job inherits an ignored SIGINT,
and Dagster then ignores SIGTERM too. It gets a session of its own, so that Ctrl-C reaches us alone
and we stop it in good order, with everything it started.
"""

from __future__ import annotations

import ctypes
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

from pgsync_assets.embedded.loopback import HOST, free_port, is_free
from pgsync_assets.errors import EmbeddedError

PROJECT = Path(__file__).resolve().parents[2]
PR_SET_PDEATHSIG = 1
START_TIMEOUT_S = 120.0
STOP_TIMEOUT_S = 20.0
LOG_TAIL_LINES = 8
_LIBC = ctypes.CDLL(None)


def make_dagster_home(directory: Path) -> Path:
    """The folder that Dagster calls its home, with the project's `dagster.yaml` in it.

    Args:
        directory: the state folder.

    Raises:
        EmbeddedError: the project has no `dagster.yaml`.
    """
    home = directory.absolute() / "dagster_home"
    home.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(_project_file("dagster.yaml"), home / "dagster.yaml")
    return home


def serve(
    environment: Mapping[str, str],
    port: int,
    directory: Path,
    on_ready: Callable[[str], None],
) -> None:
    """Serves the Dagster UI on 127.0.0.1 until Ctrl-C or SIGTERM.

    Args:
        environment: variables on top of this process's own: Dagster's storage, `PGSYNC_DEFS`, and
            what the connections read.
        port: TCP port of the UI; 0 for any that is free.
        directory: the state folder; Dagster's home and `dagster.log` go below it.
        on_ready: is called with the address when the UI answers.

    Raises:
        EmbeddedError: the port is taken, or Dagster does not start or stops by itself; the end of
            its log is in the message.
    """
    port = port or free_port()
    if not is_free(port):
        raise EmbeddedError(f"port {port} on {HOST} is taken", "choose another one with --port")
    home = make_dagster_home(directory)
    log = home / "dagster.log"
    with _signals_as_interrupt(), _dagster_dev(environment, port, home, log) as child:
        try:
            _wait_until_it_answers(child, port, log)
            on_ready(f"http://{HOST}:{port}")
            child.wait()
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
    with log.open("ab") as output:
        child = subprocess.Popen(  # noqa: S603 - our own interpreter, no shell
            command,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_prepare_child,
        )
    try:
        yield child
    finally:
        _stop(child)


def _prepare_child() -> None:
    """Runs in the child: SIGINT counts, and comes when we are gone, be it by kill -9 (Linux)."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if sys.platform == "linux":
        _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGINT)


def _stop(child: subprocess.Popen[bytes]) -> None:
    """SIGINT first, which Dagster hands on to all it started; then the whole session."""
    for number in (signal.SIGINT, signal.SIGTERM):
        if child.poll() is None:
            child.send_signal(number)
            try:
                child.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                continue
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        return  # nobody of them is left
    child.wait()


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


def _wait_until_it_answers(child: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if child.poll() is not None:
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
