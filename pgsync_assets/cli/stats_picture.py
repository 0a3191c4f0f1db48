"""How runs of syncs went, as a plot: rows and lag of each day, sync by sync."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from xml.etree import ElementTree as ET

from .. import svg
from ..record import Trend
from .lengths import of_count, of_seconds
from .stats_shown import Stats
from .terminal import counted

WIDTH = 760
MARGIN = 20
GAP = 32
HEAD = 44
PANEL_WIDTH = (WIDTH - 2 * MARGIN - GAP) / 2
NAME_WIDTH = 200  # the summary has the rest of the line
CHART_HEIGHT = 46
BAND_HEIGHT = 128
SMALL = 10.5

Panel = tuple[str, Callable[[Trend], float | None], Callable[[float], str]]
PANELS: tuple[Panel, ...] = (
    ("rows a day", lambda day: day.sent, lambda rows: of_count(round(rows))),
    ("lag at worst", lambda day: day.lag_seconds, of_seconds),
)


def picture(found: Sequence[Stats]) -> str:
    """The content of an SVG file.

    Args:
        found: how the syncs went; each has the same days.
    """
    dates = list(found[0].days) if found else []
    height = HEAD + BAND_HEIGHT * len(found) + MARGIN
    told = f"How runs went, {dates[0]} to {dates[-1]}" if dates else "No sync"
    root = svg.picture(WIDTH, height, told)
    svg.write(root, MARGIN, 28, told, size=15, bold=True)
    svg.write(
        root, WIDTH - MARGIN, 28, "days of UTC; red: a run failed", "faint", SMALL, anchor="end"
    )
    for number, one in enumerate(found):
        _band(root, HEAD + number * BAND_HEIGHT, one)
    return svg.document(root)


def _band(root: ET.Element, y: float, one: Stats) -> None:
    svg.rectangle(root, MARGIN, y, WIDTH - 2 * MARGIN, 0.8, "light")
    svg.write(root, MARGIN, y + 20, one.sync, size=12.5, bold=True, room=NAME_WIDTH)
    right = WIDTH - MARGIN
    svg.write(root, right, y + 20, _summary(one.total), "faint", SMALL, anchor="end")
    for number, panel in enumerate(PANELS):
        _panel(root, MARGIN + number * (PANEL_WIDTH + GAP), y + 38, one, panel)


def _summary(total: Trend | None) -> str:
    if total is None:
        return "no run ended"
    told = [counted(total.runs, "run"), f"{total.failed:,} failed", counted(total.sent, "row")]
    if total.rejected:
        told.append(f"{total.rejected:,} rejected")
    if total.rows_per_second is not None:
        told.append(f"{of_count(round(total.rows_per_second))} rows/s")
    return ", ".join([*told, f"took {total.seconds:.1f} s, {total.worst_seconds:.1f} s at worst"])


def _panel(root: ET.Element, x: float, y: float, one: Stats, panel: Panel) -> None:
    name, measure, written = panel
    values = [None if day is None else measure(day) for day in one.days.values()]
    most = max((value for value in values if value is not None), default=0)
    svg.write(root, x, y, name, "faint", SMALL)
    if most:
        svg.write(root, x + PANEL_WIDTH, y, written(most), "faint", SMALL, anchor="end")
    upper, width = y + 6, PANEL_WIDTH / len(values)
    for number, (value, day) in enumerate(zip(values, one.days.values(), strict=True)):
        has_failed = day is not None and day.failed > 0
        # A day with hardly a row is not one without; one on which a run failed is always seen.
        least = 3.0 if has_failed else 1.0 if value else 0.0
        height = max(CHART_HEIGHT * value / most if value else 0.0, least)
        if height:
            style = "bad" if has_failed else "bar"
            left = x + number * width
            svg.rectangle(
                root, left, upper + CHART_HEIGHT - height, max(width - 1, 1), height, style
            )
    svg.rectangle(root, x, upper + CHART_HEIGHT, PANEL_WIDTH, 0.8, "light")
    _dates(root, x, upper + CHART_HEIGHT + 13, list(one.days))


def _dates(root: ET.Element, x: float, y: float, days: Sequence[dt.date]) -> None:
    svg.write(root, x, y, f"{days[0]:%m-%d}", "faint", SMALL)
    if len(days) > 1:
        right = x + PANEL_WIDTH
        svg.write(root, right, y, f"{days[-1]:%m-%d}", "faint", SMALL, anchor="end")
