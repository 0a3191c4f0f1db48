"""The files around the package say what the package needs."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
USED = ["requirements.lock", "requirements-build.lock", "requirements-image.lock"]
LOCKS = [*USED, "requirements-dev.lock"]


def pins(name: str) -> dict[str, str]:
    """Return package -> its whole entry in a lock file."""
    entries = re.split(r"\n(?=\S)", (TOP / name).read_text())
    return {re.split(r"[=\[ ]", entry)[0]: entry for entry in entries if entry.strip()}


def versions(entry: str) -> set[str]:
    """Return the versions and hashes of an entry."""
    return set(re.findall(r"==([\d.]+\S*) |--hash=(\S+)", entry))


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_address(lock: str) -> None:
    assert "://" not in (TOP / lock).read_text()


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_has_a_version_and_hashes(lock: str) -> None:
    entries = pins(lock)
    assert len(entries) > 3
    assert [name for name, entry in entries.items() if "==" not in entry] == []
    assert [name for name, entry in entries.items() if "--hash=sha256:" not in entry] == []


@pytest.mark.parametrize("lock", USED)
def test_what_users_and_builds_get_is_what_the_tests_ran_with(lock: str) -> None:
    everything = pins("requirements-dev.lock")
    for name, entry in pins(lock).items():
        assert versions(everything[name]) >= versions(entry) > set(), name


def test_every_dependency_is_locked() -> None:
    project = (TOP / "pyproject.toml").read_text().partition("[tool.")[0]
    wanted = re.findall(r'^    "([\w-]+)', project, re.MULTILINE)
    dependencies = {name.lower() for name in wanted} - {"pgsync_assets"}
    assert len(dependencies) > 20
    assert dependencies - set(pins("requirements-dev.lock")) == set()
    tools = {"dagster-dbt", "dbt-core", "mypy", "playwright", "polars", "pyarrow"}
    assert tools & set(pins("requirements.lock")) == set()


def test_plain_make_lists_every_target() -> None:
    answer = subprocess.run(
        ["make", "--no-print-directory"], cwd=TOP, capture_output=True, text=True
    )
    declared = re.search(r"^\.PHONY: (.*)$", (TOP / "Makefile").read_text(), re.MULTILINE)
    assert declared is not None
    listed = re.findall(r"^  make ([\w-]+)", answer.stdout, re.MULTILINE)
    assert sorted(listed) == sorted(declared[1].split())


def test_an_old_python_is_refused_in_words(tmp_path: Path) -> None:
    old = tmp_path / "python3"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo Python 3.9.2 && exit 0\nexit 1\n')
    old.chmod(0o755)
    answer = subprocess.run(
        ["tools/install", str(old), str(tmp_path / "venv")], cwd=TOP, capture_output=True, text=True
    )
    assert answer.returncode == 1
    assert "Python 3.9.2 is too old: Python 3.10 or newer is needed." in answer.stderr
    assert not (tmp_path / "venv").exists()
