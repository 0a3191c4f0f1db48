"""A run's page stands by itself, and no text of anybody's becomes markup."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from pgsync_assets.cli.report_charts import MOST_BARS, duration
from pgsync_assets.cli.report_page import BATCHES, STATUS, report

from .pages import batch, full_page, shown

KNOWN = """
html head meta title style body main header footer section div p h1 h2 span b i dl dt dd table thead
tbody tr th td svg rect details summary pre code

lang charset name content http-equiv class style scope tabindex viewbox preserveaspectratio role
aria-label x y width height rx
"""
TAGS, ATTRIBUTES = (set(names.split()) for names in KNOWN.split("\n\n"))


class Tags(HTMLParser):
    """What a browser would find in a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}


def test_text_stays_text_and_nothing_is_loaded() -> None:
    page = report(shown(full_page()))
    found = Tags(page)
    assert set(found.tags) <= TAGS
    assert found.attributes <= ATTRIBUTES
    assert "alert(1)" in page and "<script" not in page
    assert "\x1b" not in page and "\u202e" not in page
    assert not re.search(r"url\(|@import|https?:|//", page)


def test_a_page_stays_small_however_many_batches_there_were() -> None:
    page = report(shown(full_page()))
    tags = Tags(page).tags
    assert tags.count("rect") < MOST_BARS * 2 + 20
    assert len(page) < 150_000
    batches = page.partition("<h2>Batches</h2>")[2].partition("</section>")[0]
    assert batches.count("<tr") == BATCHES + 1
    assert "7, try 2" in batches and "rolled back 40001" in batches


@pytest.mark.parametrize("status", STATUS)
def test_every_status_has_words(status: str) -> None:
    recorded = {} if status in ("started", "planned", "settled") else full_page().recorded
    planned = {"status": "superseded" if status == "superseded" else status}
    page = full_page(
        recorded=recorded and {**recorded, "status": "held" if planned else status, **(
            {"status": status} if status in ("succeeded", "failed") else {})},
        planned=planned, planned_at=None, ended_at=None, batches=(), texts=(), recent=(),
    )  # fmt: skip
    word, _, note = STATUS[status]
    told = report(shown(page))
    assert f">{word}</span>" in told and note in told
    assert "Throughput" not in told and "Batches" not in told


@pytest.mark.parametrize(("rejected", "share"), [(1000, 1.0), (250, 0.25)])
def test_a_bar_is_red_as_far_as_its_rows_were_rejected(rejected: int, share: float) -> None:
    page = report(shown(full_page(batches=(batch(1, rejected=rejected),), recent=())))
    plot = page[page.index("Throughput") :]
    heights = [float(found) for found in re.findall(r'<rect[^>]* height="([\d.]+)"', plot)[:2]]
    assert heights[1] == pytest.approx(heights[0] * share)


def test_a_duration_is_told_in_the_units_that_matter() -> None:
    told = [duration(seconds) for seconds in (0.254, 12.34, 59.99, 200, 7500)]
    assert told == ["0.25 s", "12.3 s", "60.0 s", "3 min 20 s", "2 h 5 min"]
