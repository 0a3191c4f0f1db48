"""Tests that need system programs: `@pytest.mark.needs("chromium")`.

Without PGSYNC_TEST_ALL=1 such a test is left out where its program is missing, and the summary
says so in words. With it a missing program is an error: nothing may be left out.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from platform import machine

import pytest

EVERYTHING = "PGSYNC_TEST_ALL"
LEFT_OUT = pytest.StashKey[Counter[str]]()


def find_program(name: str) -> Path | None:
    """Return where a system program is; `/usr/sbin` counts too, though it is not on every PATH."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin:/usr/local/sbin")
    return Path(found) if found else None


def find_tls_server() -> Path | None:
    """Return the bin directory of an installed PostgreSQL; the wheel's is built without TLS."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


def find_npm() -> Path | None:
    """Return where npm is; what it brings, old servers, exists for Linux on x86-64 only."""
    return find_program("npm") if (sys.platform, machine()) == ("linux", "x86_64") else None


def find_localedef() -> Path | None:
    """Return the program that makes locales, where it has what they are made of."""
    return find_program("localedef") if Path("/usr/share/i18n/locales/de_DE").exists() else None


# What a test may ask for -> how to find it. A name that is not here is a mistake in the test.
FINDERS: dict[str, Callable[[], Path | None]] = {
    "chromium": lambda: find_program("chromium") or find_program("chromium-browser"),
    "docker-compose": lambda: find_program("docker-compose"),
    "git": lambda: find_program("git"),
    "ip": lambda: find_program("ip") if os.geteuid() == 0 else None,
    "locales": find_localedef,
    "mount": lambda: find_program("mount") if os.geteuid() == 0 else None,
    "nginx": lambda: find_program("nginx"),
    "npm": find_npm,
    "pgbouncer": lambda: find_program("pgbouncer"),
    "redis-server": lambda: find_program("redis-server"),
    "psql": lambda: find_program("psql"),
    "ssh": lambda: find_program("ssh"),
    "sshd": lambda: find_program("sshd"),
    "tls-server": find_tls_server,
}


def program(name: str) -> Path:
    """Return where a program is that the test's `needs` mark has asked for."""
    found = FINDERS[name]()
    if found is None:
        raise LookupError(f"{name} is not installed: mark the test with needs({name!r})")
    return found


@pytest.hookimpl(trylast=True)  # after -k and -m
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what cannot run here, or stop where everything was asked for."""
    left_out: Counter[str] = Counter()
    kept: list[pytest.Item] = []
    dropped: list[pytest.Item] = []
    for item in items:
        missing = _missing(item)
        left_out.update(missing)
        (dropped if missing else kept).append(item)
    if dropped and os.environ.get(EVERYTHING) == "1":
        raise pytest.UsageError(f"{EVERYTHING}=1, but not installed: {', '.join(sorted(left_out))}")
    config.stash[LEFT_OUT] = left_out
    if dropped:
        config.hook.pytest_deselected(items=dropped)
        items[:] = kept


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say in words which tests were left out and how to have them."""
    left_out = config.stash.get(LEFT_OUT, Counter())
    if left_out:
        terminalreporter.section("left out")
        for name, tests in sorted(left_out.items()):
            terminalreporter.line(f"{tests} tests need {name}, which is not installed here")
        terminalreporter.line(f"{EVERYTHING}=1 makes this an error; .ci/run installs the programs")


def _missing(item: pytest.Item) -> list[str]:
    wanted: Iterable[str] = (name for mark in item.iter_markers("needs") for name in mark.args)
    return sorted({name for name in wanted if FINDERS[name]() is None})
