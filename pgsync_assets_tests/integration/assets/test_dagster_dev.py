"""The UI is served until we are told to stop, and nothing stays behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pgsync_assets.embedded import Cluster
from pgsync_assets.embedded.dagster_dev import make_dagster_home, serve
from pgsync_assets.embedded.loopback import free_port
from pgsync_assets.errors import EmbeddedError

from ...graphql import asset_keys
from ...storage import dagster_storage

PROGRAM = """
import sys
from pathlib import Path
from pgsync_assets.embedded.dagster_dev import make_dagster_home, serve
home = make_dagster_home(Path(sys.argv[2]))
serve({}, int(sys.argv[1]), home, lambda address: print(address, flush=True))
"""
START_S = 90


@pytest.fixture
def storage(destination_server: Cluster) -> Iterator[dict[str, str]]:
    """Variables of an empty database for Dagster."""
    with dagster_storage(destination_server) as variables:
        yield variables


def alive(folder: Path) -> list[str]:
    """Processes whose environment names the folder as Dagster's home."""
    mark = f"DAGSTER_HOME={folder}".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_bytes().decode(errors="replace"))
        except OSError:
            continue
    return found


@pytest.mark.nightly("by day what is harder, as everything else is ended by Ctrl-C", but=("9",))
@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_served_and_stopped(
    storage: dict[str, str], tmp_path: Path, number: signal.Signals
) -> None:
    demo = Path(__file__).parents[3] / "pgsync_assets" / "demo" / "defs"
    variables = {**os.environ, **storage, "PGSYNC_DEFS": str(demo)}
    child = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "0", str(tmp_path)],
        env=variables,
        stdout=subprocess.PIPE,
        text=True,
        # as a shell's background job: SIGINT arrives ignored, and has to work all the same
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
    )
    try:
        assert child.stdout is not None
        address = child.stdout.readline().strip()
        assert address.startswith("http://127.0.0.1:")
        assert "demo_destination/app/flights" in asset_keys(address)
        assert alive(tmp_path / "dagster_home")
        child.send_signal(number)
        assert child.wait(60) == (-signal.SIGKILL if number is signal.SIGKILL else 0)
    finally:
        child.kill()
        child.wait()
        if child.stdout:
            child.stdout.close()
    deadline = time.monotonic() + 30
    while alive(tmp_path / "dagster_home") and time.monotonic() < deadline:
        time.sleep(0.1)
    assert alive(tmp_path / "dagster_home") == []


def test_a_taken_port_is_told(tmp_path: Path, destination_server: Cluster) -> None:
    with pytest.raises(EmbeddedError, match="is taken"):
        serve({}, destination_server.port, tmp_path, print)


def test_a_dagster_that_does_not_start_shows_its_log(tmp_path: Path) -> None:
    nowhere = {f"DAGSTER_PG_{n}": "x" for n in ("USERNAME", "PASSWORD", "DB")}
    variables = {**nowhere, "DAGSTER_PG_HOST": "127.0.0.1", "DAGSTER_PG_PORT": str(free_port())}
    with pytest.raises(EmbeddedError, match=r"(?s)dagster\.log.*onnection refused"):
        serve(variables, 0, make_dagster_home(tmp_path), print)


def test_the_home_has_the_projects_settings(tmp_path: Path) -> None:
    home = make_dagster_home(tmp_path)
    assert "postgresql+psycopg2" in (home / "dagster.yaml").read_text()
