"""Takes the pictures of the README from a running demo: `make screenshots`.

Needs Chromium, and a demo that was started for the first time in another shell
(`pgsync-assets demo --dir fresh`). Look at the pictures before you commit them: a label cut off
or a card that still says "Loading..." is nobody's advertisement.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from playwright.sync_api import Browser, FloatRect, Page, expect, sync_playwright

IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
LINEAGE = "/assets/models/flights?view=lineage&lineageScope=neighbors&lineageDepth=5"
# A month that the first round of edits touches.
ASSET = "/assets/demo_destination/app/flights?view=partitions&partition=2013-04-01"
WAIT_MS = 60_000
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
    options = parser.parse_args()
    expect.set_options(timeout=WAIT_MS)
    IMAGES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=options.chromium, args=FLAGS)
        _lineage(_page(browser, options.url, 2400, 1640, scale=0.85))
        _asset(_page(browser, options.url, 1440, 900, scale=1))


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


if __name__ == "__main__":
    main()
