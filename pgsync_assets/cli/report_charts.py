"""The charts of a run's page: shapes are SVG that takes any width, words are HTML beside them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from xml.etree import ElementTree as ET

from ..record import RunPage, RunRow
from ..sent import SentBatch
from ..svg import rectangle
from .html import add, section

STEPS = ("connect", "recover", "plan", "guard", "write", "advance")
WIDTH, HEIGHT = 1000.0, 160.0  # of a drawing, in units of its own
MOST_BARS = 250
GAP = 1.0  # between bars
SMALLEST = 3.0  # of a bar that is to be seen
MARKS = (("bar", "succeeded"), ("lost", "failed"), ("held", "held"))


def timeline(parent: ET.Element, page: RunPage) -> None:
    """How long each step took, one after the other.

    Args:
        parent: what the card stands in.
        page: the run.
    """
    steps = _steps(page)
    total = sum(seconds for _, seconds in steps)
    if not total:
        return
    card = section(parent, "Where the time went")
    grid, began = add(card, "div", style="steps"), 0.0
    for name, seconds in steps:
        add(grid, "span", name)
        bar = add(add(grid, "div", style="track"), "i")
        bar.set("style", f"left:{began / total:.2%};width:{seconds / total:.2%}")
        add(grid, "span", duration(seconds), "n")
        began += seconds


def _steps(page: RunPage) -> list[tuple[str, float]]:
    """Those that were measured; of a run of an older version what its times tell."""
    measured = page.recorded.get("seconds") or {}
    if measured:
        names = [*STEPS, *(name for name in measured if name not in (*STEPS, "total"))]
        return [(name, float(measured[name])) for name in names if name in measured]
    if page.planned_at is None or page.ended_at is None:
        return []
    plan = ("plan", (page.planned_at - page.started_at).total_seconds())
    if page.status in ("held", "superseded"):
        return [plan]
    return [plan, ("write", (page.ended_at - page.planned_at).total_seconds())]


def throughput(parent: ET.Element, page: RunPage) -> None:
    """Rows per second, a bar for each batch: as wide as it took, as high as it was fast.

    Args:
        parent: what the card stands in.
        page: the run.
    """
    batches = [one for one in page.batches if one.batch > 0]
    if not batches:
        return
    groups = _grouped(batches)
    began = min(map(_started, batches))
    length = max(_started(one) + one.seconds for one in batches) - began or 1.0
    top = max(map(_rate, groups)) or 1.0
    card = section(parent, "Throughput", "wide")
    plot = add(card, "div", style="plot")
    add(plot, "span", f"{top:,.0f} rows/s", "top faint small")
    drawing = _drawing(plot, f"rows per second, at most {top:,.0f}")
    for group in groups:
        start = (_started(group[0]) - began) / length * WIDTH
        width = sum(one.seconds for one in group) / length * WIDTH
        kept = [one for one in group if one.status == "committed"]
        height = max(_rate(group) / top * HEIGHT, SMALLEST)
        width -= GAP if width > 10 * GAP else 0
        bar = rectangle(drawing, start, HEIGHT - height, width, height, "bar" if kept else "lost")
        add(bar, "title", _said(group))
        rejected, rows = (sum(getattr(one, n) for one in group) for n in ("rejected", "rows"))
        if kept and (rejected or len(kept) < len(group)):
            share = rejected / max(rejected, rows, 1)  # of those that were sent
            part = min(max(height * share, SMALLEST * 2), height)
            rectangle(drawing, start, HEIGHT - height, width, part, "lost")
    _axis(card, "0 s", _names(batches), duration(length))
    marks = [("bar", "committed")]
    if any(one.rejected or one.status != "committed" for one in batches):
        marks.append(("lost", "rejected rows, or a batch that was rolled back"))
    _legend(card, marks)


def recent(parent: ET.Element, page: RunPage) -> None:
    """Rows of the last runs of the sync, the newest on the right.

    Args:
        parent: what the card stands in.
        page: the run.
    """
    runs = list(reversed(page.recent))
    if not runs:
        return
    top = max(_rows(run) for run in runs) or 1
    card = section(parent, "Recent runs of this sync")
    plot = add(card, "div", style="plot")
    add(plot, "span", f"{top:,} rows", "top faint small")
    drawing = _drawing(plot, f"rows of the last {len(runs)} runs, at most {top:,}")
    step = WIDTH / max(len(runs), 10)
    for place, run in enumerate(runs):
        if run.run_id == page.run_id:
            rectangle(drawing, (place - 0.1) * step, 0, step, HEIGHT, "here")
        height = max(_rows(run) / top * HEIGHT, SMALLEST)
        style = {"failed": "lost", "held": "held"}.get(run.status, "bar")
        bar = rectangle(drawing, place * step, HEIGHT - height, step * 0.8, height, style)
        when = f"{run.started_at.astimezone():%Y-%m-%d %H:%M}"
        add(bar, "title", f"run {run.run_id}, {when}: {_rows(run):,} rows, {run.status}")
    ends = runs if len(runs) == 1 else (runs[0], runs[-1])
    _axis(card, " to ".join(f"run {run.run_id} ({_day(run.started_at)})" for run in ends))
    known = {run.status for run in runs}
    marks = [(style, word) for style, word in MARKS if word in known]
    is_there = any(run.run_id == page.run_id for run in runs)
    _legend(card, [*([("here", "this run")] if is_there else []), *marks])


def duration(seconds: float) -> str:
    """`0.25 s`, `12.3 s`, `3 min 20 s`, `2 h 5 min`."""
    if seconds < 60:
        return f"{seconds:.2f} s" if seconds < 1 else f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60:,} h {minutes % 60} min"


def _grouped(batches: Sequence[SentBatch]) -> list[Sequence[SentBatch]]:
    """Neighbours together, where there are more than can be told apart."""
    size = -(-len(batches) // MOST_BARS)
    return [batches[first : first + size] for first in range(0, len(batches), size)]


def _started(batch: SentBatch) -> float:
    return batch.started_at.timestamp()


def _rate(group: Iterable[SentBatch]) -> float:
    rows, seconds = (sum(getattr(one, name) for one in group) for name in ("rows", "seconds"))
    return rows / seconds if seconds else 0.0


def _said(group: Sequence[SentBatch]) -> str:
    rejected, rows = (sum(getattr(one, name) for one in group) for name in ("rejected", "rows"))
    told = f"{_names(group)}: {rows:,} rows, {_rate(group):,.0f} rows/s"
    return told + (f", {rejected:,} rejected" if rejected else "")


def _names(group: Sequence[SentBatch]) -> str:
    first, last = group[0].batch, group[-1].batch
    return f"batch {first:,}" if first == last else f"batches {first:,} to {last:,}"


def _rows(run: RunRow) -> int:
    return run.succeeded.total + run.failed


def _day(at: dt.datetime) -> str:
    return f"{at.astimezone():%Y-%m-%d}"


def _drawing(parent: ET.Element, title: str) -> ET.Element:
    made = add(
        parent,
        "svg",
        viewBox=f"0 0 {WIDTH:.0f} {HEIGHT:.0f}",
        preserveAspectRatio="none",
        role="img",
    )
    made.set("aria-label", title)
    return made


def _axis(parent: ET.Element, *labels: str) -> None:
    axis = add(parent, "div", style="axis faint small")
    for label in labels:
        add(axis, "span", label)


def _legend(parent: ET.Element, marks: Iterable[tuple[str, str]]) -> None:
    legend = add(parent, "p", style="legend faint small")
    for style, text in marks:
        add(legend, "span", text, style)
