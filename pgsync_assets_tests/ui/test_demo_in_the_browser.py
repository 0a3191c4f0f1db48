"""`pgsync-assets demo`: from nothing to synced, on from there, served, and ended by Ctrl-C.

One test, as all of it is one demo: a year of flights is loaded once for the whole suite, whichever
worker has it.
"""

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
from playwright.sync_api import Browser, Page, expect

from pgsync_assets.embedded import Cluster

from ..fix_servers import in_memory
from .conftest import window
from .served import Served
from .waiting import until

pytestmark = pytest.mark.needs("chromium")

FLIGHTS = 336_776
REFUSED_PLANES = 23
TABLE = "/assets/demo_destination/app"


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every user can pass through, for a server that must not run as root."""
    with tempfile.TemporaryDirectory(prefix="pgsync_demo_", dir=in_memory()) as name:
        Path(name).chmod(0o711)
        yield Path(name)


def test_the_demo_from_nothing_to_ctrl_c(folder: Path, browser: Browser) -> None:
    first = run_unserved(folder / "state")
    the_first_sync_sends_everything(first)
    the_second_sync_sends_only_what_was_edited(first)
    everything_is_stopped_and_private(folder / "state")

    demo = Served(folder, "demo", environment={})
    passwords = passwords_of(demo.state)
    try:
        demo.start()
        a_second_start_goes_on_from_what_is_there(demo.said, passwords)
        with window(browser, demo.url) as context:
            page = context.new_page()
            lineage_is_seen(page)
            a_month_is_seen(page)
            refused_planes_are_seen_with_their_reason(page)
            schedule_and_sensor_are_on(page)
            resources_name_variables_and_no_password(page, passwords)
            an_edited_plane_arrives_by_itself(demo, page)
        ctrl_c_stops_everything(demo)
    finally:
        demo.stop()


def run_unserved(state: Path) -> Any:
    """What the first demo says."""
    command = [sys.executable, "-m", "pgsync_assets.cli", "demo", "--no-serve", "--json"]
    foreign = ("PGSYNC_", "DAGSTER_")
    ended = subprocess.run(
        [*command, "--dir", str(state)],
        cwd=state.parent,
        env={name: v for name, v in os.environ.items() if not name.startswith(foreign)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def passwords_of(state: Path) -> list[str]:
    """Every password that the demo made up."""
    roles = json.loads((state / "passwords.json").read_text(encoding="utf-8"))
    return [*roles.values(), *(Cluster(state / name).password for name in ("demo", "platform"))]


def by_sync(totals: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {total["sync"]: total for total in totals}


def the_first_sync_sends_everything(first: Any) -> None:
    syncs = by_sync(first["first"])
    assert first["loaded"]["flights"] == FLIGHTS
    assert syncs["flights"]["succeeded"]["added"] == syncs["flights"]["row_count"] == FLIGHTS
    assert syncs["planes"]["rejected"] == REFUSED_PLANES
    assert {name for name, sync in syncs.items() if sync["rejected"]} == {"planes"}


def the_second_sync_sends_only_what_was_edited(first: Any) -> None:
    edits, sent = first["edits"], by_sync(first["second"])["flights"]["succeeded"]
    assert sent["added"] == edits["flights_inserted"] > 0
    assert sent["removed"] == edits["flights_deleted"] > 0
    assert sent["changed"] == edits["flights_updated"] > 0


def everything_is_stopped_and_private(state: Path) -> None:
    assert not list(state.rglob("postmaster.pid"))
    for name in ("demo.env", "pgpass", "passwords.json"):
        assert stat.S_IMODE((state / name).stat().st_mode) == 0o600


def a_second_start_goes_on_from_what_is_there(said: str, passwords: list[str]) -> None:
    assert "The demo's data is there already." in said
    assert max(map(len, said.splitlines())) < 160
    assert not any(password in said for password in passwords)
    lines = [line.split() for line in said.splitlines() if line.startswith("flights  ")]
    (unchanged, edited) = lines
    assert unchanged[1:5] == ["0", "0", "0", "0"]
    assert edited[1:5] != ["0", "0", "0", "0"]


def lineage_is_seen(page: Page) -> None:
    page.goto("/assets/models/flights?view=overview")
    for asset in (
        "demo_source / nyc / flights",
        "demo_destination / app / flights",
        "hightouch_planner / flights",
        "hightouch_audit / flights",
    ):
        expect(page.get_by_role("link", name=asset)).to_be_visible()
    page.goto("/assets/models/flights?view=lineage&lineageScope=neighbors&lineageDepth=5")
    for name in ("sources", "models", "demo_destination", "planner", "audit"):
        expect(page.get_by_text(name, exact=True).first).to_be_visible()
    for table in ("sync_runs", "sync_changelog", "sync_snapshot"):
        expect(page.get_by_text(table).first).to_be_visible()


def a_month_is_seen(page: Page) -> None:
    page.goto(f"{TABLE}/flights?view=partitions&partition=2013-05-01")
    for name in ("added", "changed", "removed", "rejected"):
        expect(page.get_by_text(f"pgsync/rows_{name}")).to_be_visible()
    expect(page.get_by_text("dagster/partition_row_count")).to_be_visible()
    page.goto(f"{TABLE}/flights?view=checks")
    for check in ("no_rejected_rows", "counts_agree"):
        expect(page.get_by_text(check, exact=True).first).to_be_visible()
    expect(page.get_by_text("Succeeded", exact=True).first).to_be_visible()
    expect(page.get_by_text("Failed", exact=True)).to_have_count(0)


def refused_planes_are_seen_with_their_reason(page: Page) -> None:
    page.goto(f"{TABLE}/planes?view=checks&checkDetail=no_rejected_rows")
    expect(page.get_by_text("Failed", exact=True).first).to_be_visible()
    expect(page.get_by_text("planes_at_least_five_seats").first).to_be_visible()
    expect(page.get_by_text("23514").first).to_be_visible()


def schedule_and_sensor_are_on(page: Page) -> None:
    page.goto("/automation")
    expect(page.get_by_text("every_morning")).to_be_visible()
    expect(page.get_by_text("planes_changed")).to_be_visible()
    expect(page.get_by_role("checkbox", checked=True)).to_have_count(2)


def resources_name_variables_and_no_password(page: Page, passwords: list[str]) -> None:
    for name in ("source", "destination"):
        page.goto(f"/locations/pgsync_assets/resources/demo_{name}")
        expect(page.get_by_text(f"PGSYNC_DEMO_{name.upper()}_PASSWORD")).to_be_visible()
        assert not [password for password in passwords if password in page.content()]


def an_edited_plane_arrives_by_itself(demo: Served, page: Page) -> None:
    cluster = Cluster(demo.state / "demo")
    with (
        cluster.connect("demo_source") as source,
        cluster.connect("demo_destination") as destination,
    ):
        source.execute("update nyc.planes set model = 'edited' where tailnum = 'N10156'")
        arrived = "select true from app.planes where tailnum = 'N10156' and model = 'edited'"
        until(lambda: destination.execute(arrived).fetchone() is not None)
    page.goto("/runs")
    expect(page.get_by_role("link", name="planes_changed").first).to_be_visible()


def ctrl_c_stops_everything(demo: Served) -> None:
    assert demo.processes() != []
    assert demo.press_ctrl_c() == 0, demo.said
    assert demo.processes() == []
    assert demo.said.rstrip().endswith("Stopping ...")
