"""A diagram as an SVG picture, the same for the same lineage."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from ..printable import printable
from ..svg import WIDE, picture, rectangle, write
from .diagram import Box, Cell, Diagram, End, Line
from .fold import MOST_ROWS, folded
from .mermaid import MARKS

STYLE = """
.box{fill:#f7f8fa;stroke:#c3cad5}.head{fill:#e8ecf2}.model .head{fill:#e2f3e6}
.end .head{fill:#dbe7ff}.end .box{stroke:#8fb0f5}.made{fill:#a14a00}.key{fill:#2458c5}
path{fill:none;stroke:#9aa7ba;stroke-width:1.2}
path.making{stroke:#d07a2b;stroke-dasharray:4 3}path.reading{stroke-dasharray:1 3}
@media (prefers-color-scheme:dark){
.box{fill:#1b212b;stroke:#3c4655}.head{fill:#262e3a}.model .head{fill:#1e3a29}
.end .head{fill:#1f3157}.end .box{stroke:#3f63ad}.made{fill:#f0a35e}.key{fill:#86aefc}
path{stroke:#66738a}path.making{stroke:#c98345}
}
"""
LEGEND = {
    "cast": "cast, may be rounded",
    "computed": "computed",
    "static": "static",
    "stamp": "of the run",
}
FONT, SMALL = 11.5, 9.5
MARGIN, HEAD, ROW, GAP_Y = 12, 34, 18, 16
WIDEST, NARROWEST, GAP_X, LEAST_GAP_X = 260, 84, 64, 26  # pixels


def drawn(diagram: Diagram, room: int | None = None, most: int = MOST_ROWS) -> ET.Element:
    """A picture of a diagram; wide tables are folded.

    Args:
        diagram: any.
        room: pixels of width that there are: names are cut for it; default: as many as it takes.
        most: rows of a box that need no folding.
    """
    shown = folded(diagram, most)
    areas, right, bottom = _areas(shown, room)
    legend = _legend(shown)
    height = bottom + MARGIN + (ROW if legend else 0)
    told = f"Lineage of {diagram.title}, by {diagram.by}"
    root = picture(right + MARGIN, height, told)
    ET.SubElement(root, "style").text = STYLE
    for line in shown.lines:
        _draw_line(root, line, shown, areas)
    for box, area in zip(shown.boxes, areas, strict=True):
        _draw_box(root, box, *area)
    if legend:
        write(root, MARGIN, height - MARGIN + 2, legend, "faint", SMALL)
    return root


Area = tuple[float, float, float]
"""Left and upper side of a box, and its width."""


def _areas(diagram: Diagram, room: int | None) -> tuple[list[Area], float, float]:
    """Boxes of one level stand below each other; the end is on the right."""
    levels = sorted({box.level for box in diagram.boxes}, reverse=True)
    of = {level: [b for b in diagram.boxes if b.level == level] for level in levels}
    widths = {level: max(map(_wanted, boxes)) for level, boxes in of.items()}
    gaps = len(levels) - 1
    gap = float(GAP_X)
    if room is not None and sum(widths.values()) + 2 * MARGIN + gap * gaps > room:
        gap = LEAST_GAP_X
        widths = _narrowed(widths, room - 2 * MARGIN - gap * gaps)
    heights = {
        level: sum(map(_height, boxes)) + GAP_Y * (len(boxes) - 1) for level, boxes in of.items()
    }
    tallest = max(heights.values(), default=0)
    found: dict[int, Area] = {}
    x = float(MARGIN)
    for level in levels:
        y = MARGIN + (tallest - heights[level]) / 2
        for number, box in enumerate(diagram.boxes):
            if box.level == level:
                found[number] = x, y, widths[level]
                y += _height(box) + GAP_Y
        x += widths[level] + gap
    return [found[number] for number in range(len(found))], x - gap, MARGIN + tallest


def _narrowed(widths: dict[int, float], room: float) -> dict[int, float]:
    """The widest first, as far as names can still be told."""
    widest = max(widths.values(), default=0)
    while sum(min(width, widest) for width in widths.values()) > room and widest > NARROWEST:
        widest -= 1
    return {level: min(width, widest) for level, width in widths.items()}


def _wanted(box: Box) -> float:
    names = [len(_named(cell)) + (5 if cell.is_key else 0) for cell in box.cells]
    longest = max([len(box.title), *names]) * FONT * WIDE
    return min(max(longest, len(_what(box)) * SMALL * WIDE) + 18, WIDEST)


def _height(box: Box) -> float:
    return HEAD + ROW * len(box.cells) + (4 if box.cells else 0)


def _draw_box(root: ET.Element, box: Box, x: float, y: float, width: float) -> None:
    kind = "model" if box.kind == "model" else "" if box.level else "end"
    group = ET.SubElement(root, "g", {"class": kind} if kind else {})
    rectangle(group, x, y, width, _height(box), "box", 5)
    rectangle(group, x + 0.5, y + 0.5, width - 1, HEAD - 1, "head", 4.5)
    room = width - 14
    title = write(group, x + 8, y + 14, box.title, size=FONT, room=room, bold=True)
    _tell(title, f"{box.kind} {box.title}")
    write(group, x + 8, y + 27, _what(box), "faint", SMALL, room=room)
    for at, cell in enumerate(box.cells):
        _draw_cell(group, cell, x + 8, y + HEAD + ROW * at + 13, room)


def _draw_cell(group: ET.Element, cell: Cell, x: float, y: float, room: float) -> None:
    style = "faint" if cell.stands_for > 1 else "ink" if cell.how == "column" else "made"
    if cell.is_key:
        write(group, x + room - 2, y, "key", "key", SMALL, anchor="end")
        room -= 22
    name = write(group, x, y, _named(cell), style, FONT, room=room)
    _tell(name, f"{cell.name}: {cell.expression}" if cell.expression else cell.name)


def _draw_line(root: ET.Element, line: Line, diagram: Diagram, areas: list[Area]) -> None:
    left, _, width = areas[line.source.box]
    x1, y1 = left + width, _middle(line.source, areas)
    x2, y2 = areas[line.target.box][0], _middle(line.target, areas)
    half = (x1 + x2) / 2
    points = (x1, y1, half, y1, half, y2, x2, y2)
    x1_y1, *curve = [f"{x:g} {y:g}" for x, y in zip(points[::2], points[1::2], strict=True)]
    style = "reading" if line.source.cell < 0 else "" if line.is_copy else "making"
    way = {"d": f"M{x1_y1}C{' '.join(curve)}", **({"class": style} if style else {})}
    _tell(
        ET.SubElement(root, "path", way),
        f"{_end(line.source, diagram)} → {_end(line.target, diagram)}",
    )


def _middle(end: End, areas: list[Area]) -> float:
    return areas[end.box][1] + (HEAD / 2 if end.cell < 0 else HEAD + ROW * (end.cell + 0.5))


def _end(end: End, diagram: Diagram) -> str:
    box = diagram.boxes[end.box]
    return box.title if end.cell < 0 else f"{box.title}.{box.cells[end.cell].name}"


def _tell(element: ET.Element, told: str) -> None:
    """What a browser shows when one points at it; it stands before the text."""
    title = ET.Element("title")
    title.text = printable(told)
    title.tail, element.text = element.text, None
    element.insert(0, title)


def _legend(diagram: Diagram) -> str:
    used = {cell.how for box in diagram.boxes for cell in box.cells}
    return " · ".join(f"{MARKS[how]}{told}" for how, told in LEGEND.items() if how in used)


def _named(cell: Cell) -> str:
    return f"{MARKS[cell.how]}{cell.name}"


def _what(box: Box) -> str:
    return " · ".join(filter(None, (box.kind, box.connection)))
