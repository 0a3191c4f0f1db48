"""A picture of a preview: for each column how its values are spread, or its frequent ones."""

from __future__ import annotations

from collections.abc import Collection
from xml.etree import ElementTree as ET

from .. import svg
from .result import Histogram, ModelPreview, Profile, TopValue
from .words import percent

MOST_PANELS = 24
ACROSS = 2
MARGIN = 14
GAP = 20
PANEL_WIDTH = (svg.WIDTH - 2 * MARGIN - (ACROSS - 1) * GAP) / ACROSS
PANEL_HEIGHT = 126
HEAD = 36  # name and type
CHART_HEIGHT = 50
BAR_HEIGHT = 13
SMALL = 10.5
PERCENT_WIDTH = 36
LEAST_SCALE = 0.25  # a bar of the whole width is at least such a share of the rows


def drawing(found: ModelPreview, columns: Collection[str]) -> ET.Element | None:
    """Panels of those columns of which there is something to draw.

    Args:
        found: the preview.
        columns: names of those whose values may be seen.

    Returns:
        None where there is nothing to draw; of a wide model the first columns only.
    """
    drawn = [one for one in found.columns if one.name in columns and (one.top or one.histogram)]
    panels = drawn[:MOST_PANELS]
    if not panels:
        return None
    lines = -(-len(panels) // ACROSS)
    height = MARGIN + lines * PANEL_HEIGHT + 18
    root = svg.picture(svg.WIDTH, height, f"Values of {found.name}")
    for number, column in enumerate(panels):
        x = MARGIN + number % ACROSS * (PANEL_WIDTH + GAP)
        _panel(root, x, MARGIN + number // ACROSS * PANEL_HEIGHT, column)
    more = f" First {MOST_PANELS} columns." if len(drawn) > MOST_PANELS else ""
    svg.write(root, MARGIN, height - 10, found.told + more, "faint", SMALL)
    return root


def _panel(root: ET.Element, x: float, y: float, column: Profile) -> None:
    svg.write(root, x, y + 12, column.name, size=12.5, bold=True, room=PANEL_WIDTH)
    nulls = f", {percent(column.null_share)} NULL" if column.null_share else ""
    svg.write(root, x, y + 26, f"{column.type}{nulls}", "faint", SMALL, room=PANEL_WIDTH)
    # Few values tell more by themselves than as heights beside each other.
    if column.histogram and not (column.top and (column.distinct or 0) <= len(column.top)):
        _spread(root, x, y + HEAD, column.histogram)
    else:
        _frequent(root, x, y + HEAD, column.top)


def _spread(root: ET.Element, x: float, y: float, histogram: Histogram) -> None:
    counts = histogram.counts
    width = PANEL_WIDTH / len(counts)
    most = max(counts) or 1
    for number, count in enumerate(counts):
        # A bucket with hardly a row is not one without.
        height = max(CHART_HEIGHT * count / most, 1.0) if count else 0
        if height:
            left = x + number * width
            svg.rectangle(root, left, y + CHART_HEIGHT - height, max(width - 1, 1), height, "bar")
    svg.rectangle(root, x, y + CHART_HEIGHT, PANEL_WIDTH, 0.8, "light")
    room = PANEL_WIDTH / 2 - 4
    below = y + CHART_HEIGHT + 13
    svg.write(root, x, below, histogram.lower, "faint", SMALL, room=room)
    if histogram.upper != histogram.lower:
        right = x + PANEL_WIDTH
        svg.write(root, right, below, histogram.upper, "faint", SMALL, room=room, anchor="end")


def _frequent(root: ET.Element, x: float, y: float, top: tuple[TopValue, ...]) -> None:
    most = max(LEAST_SCALE, *(one.share for one in top))
    for number, one in enumerate(top):
        upper = y + number * (BAR_HEIGHT + 2)
        width = (PANEL_WIDTH - PERCENT_WIDTH) * one.share / most
        svg.rectangle(root, x, upper, max(width, 1), BAR_HEIGHT, "light", radius=2)
        room = PANEL_WIDTH - PERCENT_WIDTH - 8
        svg.write(root, x + 4, upper + 10, one.value or "''", size=SMALL, room=room)
        share = percent(one.share)
        svg.write(root, x + PANEL_WIDTH, upper + 10, share, "faint", SMALL, anchor="end")
