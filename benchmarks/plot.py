"""A report as a plot: a bar for each contender and case, seconds as a share of `psql | psql`."""

from __future__ import annotations

import math
from xml.etree import ElementTree as ET

from pgsync_assets import svg

from .contender import CASES
from .identity import IDENTICAL
from .ours import ENGINES
from .results import Report

WIDTH = 760.0
MARGIN = 20.0
HEAD = 64.0
LINE = 20.0
GAP = 30.0
NAMES = 170.0  # of contenders
VERDICTS = 210.0
SMALL = 10.5
LEAST, MOST = 0.1, 20.0  # ratios that have room in every plot, so that two can be compared
TICKS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200)
TITLES = {
    "first": "first load of all rows",
    "0 %": "no change",
    "1 %": "1 % changed, 0.1 % removed, 0.1 % new",
    "10 %": "10 % changed, 0.1 % removed, 0.1 % new",
}


def picture(report: Report) -> str:
    """The content of an SVG file; empty without `psql | psql` to compare with.

    Args:
        report: of a run.
    """
    limit = report.limit()
    shown = {case: _shown(report, case) for case in CASES}
    shown = {case: names for case, names in shown.items() if names}
    if not limit or not shown:
        return ""
    ratios = [
        (report.median(name, case) or 0.0) / limit
        for case, names in shown.items()
        for name in names
    ]
    scale = _Scale(min(*ratios, LEAST), max(*ratios, MOST))
    height = HEAD + sum(GAP + LINE * len(names) for names in shown.values()) + MARGIN + 14
    told = f"{report.rows:,} rows ({report.table}): seconds beside psql | psql"
    root = svg.picture(WIDTH, height, told)
    svg.write(root, MARGIN, 28, told, size=15, bold=True)
    note = f"psql | psql, text: {limit:.2f} s = 1; shorter is faster; logarithmic"
    svg.write(root, MARGIN, 46, note, "faint", SMALL)
    svg.write(root, WIDTH - MARGIN, 46, "not identical afterwards", "faint", SMALL, anchor="end")
    _axis(root, scale, height)
    y = HEAD
    for case, names in shown.items():
        svg.write(root, MARGIN, y + 16, TITLES[case], size=12.5, bold=True)
        y += GAP - 6
        for name in names:
            _bar(root, y, report, name, case, scale)
            y += LINE
        y += 6
    return svg.document(root)


def _shown(report: Report, case: str) -> list[str]:
    """Contenders with figures of a case, the fastest first."""
    named = [name for name, of in report.cases() if of == case and report.of(name, case)]
    return sorted(named, key=lambda name: report.median(name, case) or 0.0)


class _Scale:
    """Ratios to pixels, logarithmic.

    Args:
        least: ratio that has to be seen.
        most: ratio that has to be seen.
    """

    def __init__(self, least: float, most: float) -> None:
        self.least, self.most = max(least, 0.001), most
        self.left = MARGIN + NAMES
        self.width = WIDTH - MARGIN - VERDICTS - self.left

    def at(self, ratio: float) -> float:
        """Where a ratio lies."""
        share = math.log(max(ratio, self.least) / self.least) / math.log(self.most / self.least)
        return self.left + share * self.width


def _axis(root: ET.Element, scale: _Scale, height: float) -> None:
    for tick in TICKS:
        if scale.least <= tick <= scale.most:
            x = scale.at(tick)
            style = "bar" if tick == 1 else "light"
            svg.rectangle(root, x, HEAD - 4, 1, height - HEAD - 24, style)
            svg.write(root, x, height - 14, f"{tick:g} x", "faint", SMALL, anchor="middle")


def _bar(root: ET.Element, y: float, report: Report, name: str, case: str, scale: _Scale) -> None:
    limit, seconds = report.limit() or 1.0, report.median(name, case) or 0.0
    ratio, said = seconds / limit, report.worst(name, case)
    svg.write(root, MARGIN + 10, y + 13, name, size=11.5, room=NAMES - 14, bold=name in ENGINES)
    style = "bar" if name in ENGINES else "light"
    width = max(scale.at(ratio) - scale.left, 2)
    bar = svg.rectangle(
        root, scale.left, y + 3, width, LINE - 8, "bar" if style == "bar" else "light"
    )
    ET.SubElement(bar, "title").text = f"{name}: {seconds:.2f} s"
    svg.write(root, scale.left + width + 5, y + 13, f"{ratio:.2f} x", "ink", SMALL)
    if said and said != IDENTICAL:
        right = WIDTH - MARGIN
        said = "same values, other types" if said.startswith("same values") else said
        svg.write(root, right, y + 13, said, "faint", SMALL, anchor="end", room=VERDICTS - 60)
