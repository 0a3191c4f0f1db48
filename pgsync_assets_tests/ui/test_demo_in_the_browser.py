"""What a person sees and does in the Dagster UI of the demo."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import Page, expect

from .conftest import ServedDemo

pytestmark = pytest.mark.needs("chromium")

FLIGHTS = "/assets/demo_destination/app/flights"
PLANES = "/assets/demo_destination/app/planes"
ARRIVAL_TIMEOUT_S = 240
"""A run that Ctrl-C has hit while it started counts as lost after two minutes (dagster.yaml)."""


def test_the_lineage_of_a_sync(page: Page) -> None:
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


def test_one_month_is_materialised_by_click(page: Page) -> None:
    page.goto(FLIGHTS)
    page.get_by_role("button", name="Materialize").first.click()
    dialog = page.get_by_role("dialog")
    months = dialog.get_by_placeholder(re.compile("^ex: 2013-01-01"))
    months.fill("2013-05-01")
    months.press("Enter")
    dialog.get_by_role("button", name="Launch 1 run").click()
    page.get_by_text("View", exact=True).click()
    expect(page.get_by_text("Success", exact=True).first).to_be_visible()

    page.goto(f"{FLIGHTS}?view=partitions&partition=2013-05-01")
    for name in ("added", "changed", "removed", "rejected"):
        expect(page.get_by_text(f"pgsync/rows_{name}")).to_be_visible()
    expect(page.get_by_text("dagster/partition_row_count")).to_be_visible()
    page.goto(f"{FLIGHTS}?view=checks")
    for check in ("no_rejected_rows", "counts_agree"):
        expect(page.get_by_text(check, exact=True).first).to_be_visible()
    expect(page.get_by_text("Succeeded", exact=True)).to_have_count(2)


def test_refused_planes_are_shown_with_their_reason(page: Page) -> None:
    page.goto(f"{PLANES}?view=checks&checkDetail=no_rejected_rows")
    expect(page.get_by_text("Failed", exact=True).first).to_be_visible()
    expect(page.get_by_text("planes_at_least_five_seats").first).to_be_visible()
    expect(page.get_by_text("23514").first).to_be_visible()


def test_schedule_and_sensor_are_listed_and_on(page: Page) -> None:
    page.goto("/automation")
    expect(page.get_by_text("every_morning")).to_be_visible()
    expect(page.get_by_text("planes_changed")).to_be_visible()
    expect(page.get_by_role("checkbox", checked=True)).to_have_count(2)


def test_resources_show_names_of_variables_and_no_password(demo: ServedDemo, page: Page) -> None:
    for name in ("source", "destination"):
        page.goto(f"/locations/pgsync_assets/resources/demo_{name}")
        expect(page.get_by_text(f"PGSYNC_DEMO_{name.upper()}_PASSWORD")).to_be_visible()
        assert not [password for password in demo.passwords() if password in page.content()]


def test_an_edited_plane_arrives_by_itself(demo: ServedDemo, page: Page) -> None:
    with (
        demo.cluster.connect("demo_source") as source,
        demo.cluster.connect("demo_destination") as destination,
    ):
        source.execute("update nyc.planes set model = 'edited' where tailnum = 'N10156'")
        arrived = "select true from app.planes where tailnum = 'N10156' and model = 'edited'"
        for _ in range(ARRIVAL_TIMEOUT_S):
            if destination.execute(arrived).fetchone():
                break
            time.sleep(1)
        else:
            raise AssertionError("the plane did not arrive")
    page.goto("/runs")
    expect(page.get_by_role("link", name="planes_changed").first).to_be_visible()


def test_ctrl_c_stops_everything_and_a_second_start_goes_on(demo: ServedDemo, page: Page) -> None:
    assert demo.processes() != []
    assert demo.press_ctrl_c() == 0, demo.said
    assert demo.processes() == []
    assert demo.said.rstrip().endswith("Stopping ...")
    demo.start()
    assert "The demo's data is there already." in demo.said
    page.goto("/runs")  # the history of before is there
    page.get_by_role("button", name="Older").click()
    expect(page.get_by_text("Success", exact=True).first).to_be_visible()
