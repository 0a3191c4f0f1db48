"""What can be wrong with this machine: Python, packages, the driver, limits of the system."""

from __future__ import annotations

import platform
import sys
from importlib.metadata import PackageNotFoundError, requires, version

from packaging.requirements import Requirement
from psycopg import pq

from ..errors import ConfigurationError
from .lines import Found, Lines

OURS = "pgsync-assets"
OLDEST, NEWEST = (3, 10), (3, 14)
ENOUGH_FILES = 1024
MISSING = " is not installed"


def look_at_machine(lines: Lines) -> None:
    """Adds a line for each question.

    Args:
        lines: gets them.
    """
    lines.tried("Python", _python)
    lines.tried("packages", _packages)
    lines.tried("optional packages", _extras)
    lines.tried("driver", _driver)
    lines.tried("open files", _files)


def _python() -> Found | str:
    found = f"{platform.python_version()}, {platform.system()} {platform.machine()}"
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        return Found(f"{found}: tested from 3.10 to 3.14", "warning", "take one of these")
    return found


def _packages() -> str:
    wrong = [told for one in _required("") if (told := _wrong(one))]
    if wrong:
        raise ConfigurationError(
            "; ".join(wrong), "in a clone: rm -r .venv, then make up; else: pip install -U " + OURS
        )
    return f"{OURS} {version(OURS)}, Dagster {version('dagster')}, psycopg {version('psycopg')}"


def _extras() -> Found | str:
    """Those that are whole. Of one that is not, parts may be there for others, as `requests` is."""
    there, old = [], []
    for extra in ("alerts", "celery", "dbt", "kubernetes", "parquet"):
        needed = [one for one in _required(extra) if one not in _required("")]
        wrong = [told for one in needed if (told := _wrong(one))]
        if needed and not wrong:
            there.append(extra)
        old += [f"{extra}: {told}" for told in wrong if not told.endswith(MISSING)]
    if old:
        return Found("; ".join(old), "warning", f'pip install -U "{OURS}[EXTRA]"')
    return ", ".join(there) or "none"


def _required(extra: str) -> list[Requirement]:
    """What our own package asks for, by its metadata."""
    try:
        found = [Requirement(one) for one in requires(OURS) or ()]
    except PackageNotFoundError:
        raise ConfigurationError(
            f"{OURS} is not installed, though its code is here", "pip install -e ."
        ) from None
    return [one for one in found if one.marker is None or one.marker.evaluate({"extra": extra})]


def _wrong(one: Requirement) -> str:
    """What is wrong with a package; empty where nothing is."""
    try:
        there = version(one.name)
    except PackageNotFoundError:
        return one.name + MISSING
    is_right = one.specifier.contains(there, prereleases=True)
    return "" if is_right else f"{one.name} {there} is installed, {one.specifier} is needed"


def _driver() -> Found | str:
    found = f"psycopg by {pq.__impl__}, libpq {pq.version() // 10000}"
    if pq.__impl__ == "python":
        return Found(f"{found}: the slow one", "warning", 'pip install "psycopg[binary]"')
    return found


def _files() -> Found | str:
    try:
        import resource  # there is none on Windows
    except ModuleNotFoundError:
        return "as many as the system gives"
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if 0 <= limit < ENOUGH_FILES:
        return Found(f"{limit} at the most", "warning", f"ulimit -n {ENOUGH_FILES}, or LimitNOFILE")
    return f"{limit} at the most"
