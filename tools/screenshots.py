"""Takes the pictures of README and docs from a running demo: `make screenshots`.

Needs Chromium, and a demo that was started for the first time in another shell
(`pgsync-assets demo --dir fresh`); for the page of a run the run with a rejected row, as a file:
`pgsync-assets show RUN --sync planes --html report.html`. Look at the pictures before you commit
them: a label cut off or a card that still says "Loading..." is nobody's advertisement.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, FloatRect, Locator, Page, expect, sync_playwright

IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
LINEAGE = "/assets/models/flights?view=lineage&lineageScope=neighbors&lineageDepth=5"
# A month that the first round of edits touches.
ASSET = "/assets/demo_destination/app/flights?view=partitions&partition=2013-04-01"
MODEL = "/assets/models/planes"
TABLE = "/assets/demo_destination/app/planes"
REPORT = Path("report.html")
SCREEN = (1440, 900)
WAIT_MS = 90_000
ANIMATION_MS = 1_500
MARGIN = 24
# Cards of the graph, and the frames of its groups.
BOXES = """() => [...document.querySelectorAll('foreignObject')].map(box => {
    const {x, y, width, height} = box.getBoundingClientRect();
    return {x, y, width, height};
})"""


def main() -> None:
    """Reads the command line and takes all pictures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", default="http://127.0.0.1:3000", help="of the demo's UI")
    parser.add_argument("--chromium", default="/usr/bin/chromium", help="the browser")
    parser.add_argument("--only", nargs="*", choices=PICTURES, help="some of the pictures")
    options = parser.parse_args()
    expect.set_options(timeout=WAIT_MS)
    IMAGES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=options.chromium, args=FLAGS)
        for name in options.only or PICTURES:
            take, width, height, scale = PICTURES[name]
            take(_page(browser, options.url, width, height, scale))


def _page(browser: Browser, url: str, width: int, height: int, scale: float) -> Page:
    context = browser.new_context(
        base_url=url,
        viewport={"width": width, "height": height},
        device_scale_factor=scale,
    )
    context.set_default_timeout(WAIT_MS)
    return context.new_page()


def _lineage(page: Page) -> None:
    """The graph of the flights sync, in a window so large that its cards show their details."""
    page.goto(LINEAGE)
    page.get_by_role("img", name="config").click()
    for facet in ("Description", "Latest event", "Automation", "Partitions"):
        page.get_by_role("dialog").locator("label", has_text=facet).click()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("13 partitions")).to_have_count(3)
    expect(page.get_by_text("Materialized", exact=True)).to_have_count(4)
    expect(page.get_by_text("Loading")).to_have_count(0)
    page.wait_for_timeout(ANIMATION_MS)
    page.screenshot(path=IMAGES / "lineage.png", clip=_around(page.evaluate(BOXES)))


def _around(boxes: list[FloatRect]) -> FloatRect:
    left, top = (min(box[side] for box in boxes) - MARGIN for side in ("x", "y"))
    right = max(box["x"] + box["width"] for box in boxes) + MARGIN
    bottom = max(box["y"] + box["height"] for box in boxes) + MARGIN
    return {"x": left, "y": top, "width": right - left, "height": bottom - top}


def _asset(page: Page) -> None:
    """The months of the destination table, and what the last run did to one of them."""
    page.goto(ASSET)
    expect(page.get_by_text("Materialized (13)")).to_be_visible()
    expect(page.get_by_text("dagster/partition_row_count")).to_be_visible()
    page.wait_for_timeout(ANIMATION_MS)
    page.screenshot(path=IMAGES / "asset.png")


def _preview(page: Page) -> None:
    """How the values of a model are spread, as its asset shows it."""
    page.goto(MODEL)
    page.get_by_text("[Show Markdown]").first.click()
    expect(page.get_by_role("img", name="values")).to_be_visible()
    page.wait_for_timeout(ANIMATION_MS)
    page.get_by_role("img", name="values").screenshot(path=IMAGES / "preview.png")


def _plots(page: Page) -> None:
    """The numbers of each run over time."""
    page.goto(TABLE)
    page.get_by_text("Plots", exact=True).click()
    shown = page.get_by_text("pgsync/rows_changed", exact=True)
    expect(shown).to_be_visible()
    page.get_by_role("button", name="Plots").scroll_into_view_if_needed()
    page.wait_for_timeout(ANIMATION_MS)
    top = _box(page.get_by_text("Plots", exact=True))["y"] - MARGIN
    clip: FloatRect = {"x": 240, "y": top, "width": 830, "height": 560}
    page.screenshot(path=IMAGES / "plots.png", clip=clip)


def _checks(page: Page) -> None:
    """The check that the demo's app fails, with the rows and the reasons."""
    page.goto(f"{TABLE}?view=checks&checkDetail=no_rejected_rows")
    expect(page.get_by_text("planes_at_least_five_seats").first).to_be_visible()
    page.wait_for_timeout(ANIMATION_MS)
    page.screenshot(path=IMAGES / "checks.png")


def _automation(page: Page) -> None:
    """Schedules and sensors with their switches."""
    page.goto("/automation")
    expect(page.get_by_text("planes_changed")).to_be_visible()
    page.wait_for_timeout(ANIMATION_MS)
    clip: FloatRect = {"x": 0, "y": 0, "width": SCREEN[0], "height": 420}
    page.screenshot(path=IMAGES / "automation.png", clip=clip)


def _backfill(page: Page) -> None:
    """The dialog in which months are chosen; nothing is launched."""
    page.goto("/assets/demo_destination/app/flights")
    page.get_by_role("button", name="Materialize").first.click()
    dialog = page.get_by_role("dialog")
    months = dialog.get_by_placeholder("ex: 2013-01-01", exact=False)
    months.fill("[2013-03-01...2013-06-01]")
    months.press("Enter")
    expect(dialog.get_by_text("4 partitions").first).to_be_visible()
    page.wait_for_timeout(ANIMATION_MS)
    dialog.screenshot(path=IMAGES / "backfill.png")


def _launchpad(page: Page) -> None:
    """The launchpad, filled in for a dry run; nothing is launched."""
    page.goto("/assets/demo_destination/app/carriers")
    materialize = page.get_by_role("button", name="Materialize").first
    materialize.locator("xpath=following::button[1]").click()
    page.get_by_role("menuitem", name="Open launchpad").click()
    launchpad = page.get_by_role("dialog").filter(has_text="Launchpad (configure assets)")
    launchpad.get_by_role("checkbox").first.dispatch_event("click")  # no checks on demand
    launchpad.get_by_text("dry_run", exact=True).first.click()
    page.keyboard.press("End")
    for _ in "false":
        page.keyboard.press("Backspace")
    page.keyboard.insert_text("true")
    expect(launchpad.get_by_text("No errors")).to_be_visible()
    page.mouse.move(0, 0)
    page.wait_for_timeout(ANIMATION_MS)
    launchpad.screenshot(path=IMAGES / "launchpad.png")


def _report(page: Page) -> None:
    """The page of a run, on a desk."""
    page.goto(REPORT.resolve().as_uri())
    page.screenshot(path=IMAGES / "report.png")


def _report_phone(page: Page) -> None:
    """The same on a phone, in the dark."""
    page.emulate_media(color_scheme="dark")
    page.goto(REPORT.resolve().as_uri())
    page.screenshot(path=IMAGES / "report_phone.png")


def _box(found: Locator) -> FloatRect:
    box = found.bounding_box()
    if box is None:
        raise LookupError("it is not on the page")
    return box


# How each picture is taken, and the window's width, height and scale.
PICTURES: dict[str, tuple[Callable[[Page], None], int, int, float]] = {
    "lineage": (_lineage, 2400, 1640, 0.85),
    "asset": (_asset, *SCREEN, 1),
    "preview": (_preview, 1440, 1100, 1),
    "plots": (_plots, SCREEN[0], 2400, 1),
    "checks": (_checks, SCREEN[0], 760, 1),
    "automation": (_automation, *SCREEN, 1),
    "backfill": (_backfill, *SCREEN, 1),
    "launchpad": (_launchpad, SCREEN[0], 860, 1),
    "report": (_report, 1180, 1000, 1),
    "report_phone": (_report_phone, 390, 1080, 1),
}

if __name__ == "__main__":
    main()
