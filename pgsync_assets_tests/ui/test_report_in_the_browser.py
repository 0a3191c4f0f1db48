"""A run's page in a browser: on a phone and on a desk, without scrolling sideways."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from pgsync_assets.cli.report_page import report

from ..unit.cli.pages import full_page, shown

pytestmark = pytest.mark.needs("chromium")

WIDER = "document.documentElement.scrollWidth - window.innerWidth"


@pytest.mark.parametrize(("width", "height"), [(390, 844), (1280, 900)])
def test_it_fits_and_asks_nobody_for_anything(
    browser: Browser, tmp_path: Path, width: int, height: int
) -> None:
    file = tmp_path / "run.html"
    file.write_text(report(shown(full_page())), encoding="utf-8")
    context = browser.new_context(viewport={"width": width, "height": height})
    page = context.new_page()
    said, asked = [], []
    page.on("console", lambda message: said.append(message.text))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    assert page.evaluate(WIDER) <= 0
    assert page.get_by_role("heading", name="Throughput").is_visible()
    page.get_by_text("2,000 times").click()
    assert page.locator("pre").is_visible() and page.evaluate(WIDER) <= 0
    assert (said, asked) == ([], [file.as_uri()])
    context.close()
