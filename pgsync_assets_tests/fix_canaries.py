"""Nothing that a test leaves to be read holds a secret: output, logs, errors, events, files,
arguments of processes. What does, fails the test. The scanner is in `canaries`.
"""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Callable, Generator
from functools import wraps
from typing import Any

import pytest
from click.testing import CliRunner, Result

from pgsync_assets.errors import PgsyncError

from .canaries import hidden, look, look_at_processes, look_into_files, started, taken

BEGINS = "PIPELINE_START"


class Ear(logging.Handler):
    """Hears what anybody logs."""

    def emit(self, record: logging.LogRecord) -> None:
        """Looks into one record, with its traceback."""
        look("log", self.format(record))


def pytest_configure() -> None:
    """Begins to listen, once in a process."""
    root = logging.getLogger()
    if any(type(handler).__name__ == Ear.__name__ for handler in root.handlers):
        return
    root.addHandler(Ear(logging.NOTSET))
    logging.getLogger("pgsync_assets").setLevel(logging.DEBUG)
    after(PgsyncError, "__init__", lambda _, error, *said, **more: look("error", f"{said} {more}"))
    after(pytest.CaptureFixture, "readouterr", lambda out, *_: look_at_streams(out.out, out.err))
    after(CliRunner, "invoke", lambda result, *_, **__: look_at_command(result))
    after(subprocess.Popen, "__init__", look_at_child)
    after(subprocess.Popen, "communicate", lambda out, *_, **__: look_at_streams(*out))


def after(owner: type, method: str, see: Callable[..., None]) -> None:
    """Has `see` called with the result and the arguments of each call of a method.

    Args:
        owner: class of the method.
        method: its name.
        see: is given the result, the object and the arguments.
    """
    original = getattr(owner, method)

    @wraps(original)
    def seen(*arguments: Any, **more: Any) -> Any:
        result = original(*arguments, **more)
        see(result, *arguments, **more)
        return result

    setattr(owner, method, seen)


def look_at_streams(*texts: str | bytes | None) -> None:
    """Output that a test took for itself."""
    for text in texts:
        look("output", text)


def look_at_command(result: Result) -> None:
    """What a command of ours printed, and what it raised."""
    look("output of a command", result.output)
    look("exception of a command", repr(result.exception))


def look_at_child(_: object, child: Any, args: Any, *__: Any, **___: Any) -> None:
    """Arguments of a process, at its start."""
    look("arguments of a process", str(args))
    started(child)


def listen_to_dagster() -> None:
    """Events and runs of every instance, from when somebody imports Dagster."""
    dagster = sys.modules.get("dagster")
    instance: Any = getattr(dagster, "DagsterInstance", None)
    if instance is None or hasattr(instance.handle_new_event, "__wrapped__"):
        return
    after(instance, "handle_new_event", look_at_event)


def look_at_event(_: object, instance: Any, event: Any, *__: Any, **___: Any) -> None:
    """An event, or a line of a log, that an instance of Dagster stores; and the run that begins."""
    look("event", repr(event))
    if event.dagster_event is not None and event.dagster_event.event_type_value == BEGINS:
        look("run", repr(instance.get_run_by_id(event.run_id)))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fails a test at its end, if anything that is left of it holds a canary."""
    report = yield
    if report.when == "setup":
        listen_to_dagster()
    if report.when != "teardown":
        return report
    for name, text in report.sections:
        look(name, text)
    folder = getattr(item, "funcargs", {}).get("tmp_path")
    if folder is not None:
        look_into_files(folder)
    look_at_processes()
    found = taken()
    if found:
        report.outcome = "failed"
        report.longrepr = "\n".join(["a secret is shown", *found])
        report.sections = [(name, hidden(text)) for name, text in report.sections]
    return report
