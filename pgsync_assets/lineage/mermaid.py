"""A diagram as Mermaid: GitHub, GitLab and most wikis draw it in a fence of their Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from ..printable import printable
from .diagram import Box, Cell, Diagram, End
from .fold import folded

MARKS = {"column": "", "cast": "≈ ", "computed": "ƒ ", "static": "= ", "stamp": "+ "}
"""Before the name of a column, by where its value is from."""


def mermaid(diagram: Diagram) -> str:
    """The source of a flowchart; wide tables are folded.

    Args:
        diagram: any.
    """
    return "".join(f"{line}\n" for line in _lines(folded(diagram)))


def _lines(diagram: Diagram) -> Iterator[str]:
    yield "flowchart LR"
    for number, box in enumerate(diagram.boxes):
        yield from _box(number, box)
    for line in diagram.lines:
        arrow = "-->" if line.is_copy else "-.->"
        yield f"  {_id(line.source)} {arrow} {_id(line.target)}"


def _box(number: int, box: Box) -> Iterator[str]:
    of = " · ".join(filter(None, (box.kind, box.connection)))
    title = f"{escaped(box.title)}<br/>{escaped(of)}"
    if not box.cells:
        yield f'  b{number}["{title}"]'
        return
    yield f'  subgraph b{number}["{title}"]'
    yield "    direction TB"
    for at, cell in enumerate(box.cells):
        yield f'    {_id(End(number, at))}["{_label(cell)}"]'
    yield "  end"


def _label(cell: Cell) -> str:
    key = "#128273; " if cell.is_key else ""
    return f"{key}{escaped(MARKS[cell.how])}{escaped(cell.name)}"


def _id(end: End) -> str:
    return f"b{end.box}" if end.cell < 0 else f"b{end.box}c{end.cell}"


def escaped(name: str) -> str:
    """A name as a label: whatever could mean something to Mermaid or HTML is a number.

    Args:
        name: any text.
    """
    told = printable(name)
    return "".join(char if char.isalnum() or char in " _." else f"#{ord(char)};" for char in told)
