"""`pgsync-assets demo --no-serve`: from nothing to synced in one command, and on from there."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

FLIGHTS = 336_776
REFUSED_PLANES = 23


def _demo(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pgsync_assets.cli", "demo", "--no-serve", *arguments]
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PGSYNC_", "DAGSTER_"))
    }
    return subprocess.run(
        [*command, "--dir", str(folder / "state")],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder that every user can pass through, for a server that must not run as root."""
    with tempfile.TemporaryDirectory(prefix="pgsync_demo_") as name:
        Path(name).chmod(0o711)
        yield Path(name)


@pytest.fixture(scope="module")
def first(folder: Path) -> dict[str, Any]:
    """What the first demo says."""
    ended = _demo(folder, "--json")
    assert ended.returncode == 0, ended.stderr
    said: dict[str, Any] = json.loads(ended.stdout)
    return said


def _by_sync(totals: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {total["sync"]: total for total in totals}


def test_the_first_sync_sends_everything(first: dict[str, Any]) -> None:
    syncs = _by_sync(first["first"])
    assert first["loaded"]["flights"] == FLIGHTS
    assert syncs["flights"]["succeeded"]["added"] == syncs["flights"]["row_count"] == FLIGHTS
    assert syncs["planes"]["rejected"] == REFUSED_PLANES
    assert {name for name, sync in syncs.items() if sync["rejected"]} == {"planes"}


def test_the_second_sync_sends_only_what_was_edited(first: dict[str, Any]) -> None:
    edits, sent = first["edits"], _by_sync(first["second"])["flights"]["succeeded"]
    assert sent["added"] == edits["flights_inserted"] > 0
    assert sent["removed"] == edits["flights_deleted"] > 0
    assert sent["changed"] == edits["flights_updated"] > 0


def test_everything_is_stopped_and_private(first: dict[str, Any], folder: Path) -> None:
    state = folder / "state"
    assert not list(state.rglob("postmaster.pid"))
    for name in ("demo.env", "pgpass", "passwords.json"):
        assert stat.S_IMODE((state / name).stat().st_mode) == 0o600


def test_a_second_start_goes_on_from_what_is_there(first: dict[str, Any], folder: Path) -> None:
    ended = _demo(folder)
    assert ended.returncode == 0, ended.stderr
    assert "The demo's data is there already." in ended.stdout
    assert max(map(len, ended.stdout.splitlines())) < 160
    passwords = json.loads((folder / "state" / "passwords.json").read_text(encoding="utf-8"))
    assert not any(password in ended.stdout + ended.stderr for password in passwords.values())
    lines = [line.split() for line in ended.stdout.splitlines() if line.startswith("flights ")]
    (unchanged, edited) = lines
    assert unchanged[1:5] == ["0", "0", "0", "0"]
    assert edited[1:5] != ["0", "0", "0", "0"]
