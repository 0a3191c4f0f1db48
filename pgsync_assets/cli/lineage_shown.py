"""The lineage of a sync in a terminal: a tree of its columns; and for programs."""

from __future__ import annotations

from collections import defaultdict

from rich.text import Text
from rich.tree import Tree

from ..lineage.diagram import Diagram, End, Line
from ..lineage.mermaid import MARKS, mermaid
from ..lineage.picture import drawn
from ..printable import printable
from ..steps.lineage import lineage
from ..svg import document

__all__ = ["lineage", "mermaid", "notes", "picture", "plain", "tree"]

_BY = {"PostgreSQL": "PostgreSQL, and the text of the SQL", "sql text": "the text of the SQL alone"}


def picture(diagram: Diagram) -> str:
    """The content of an SVG file.

    Args:
        diagram: of a sync.
    """
    return document(drawn(diagram))


def notes(diagram: Diagram) -> list[str]:
    """Who says so, and what a reader should know.

    Args:
        diagram: of a sync.
    """
    return [f"By {_BY[diagram.by]}.", *(f"Note: {note}" for note in diagram.notes)]


def plain(diagram: Diagram) -> dict[str, object]:
    """For programs: boxes by number, lines between columns by their names.

    Args:
        diagram: of a sync.
    """

    def end(one: End) -> dict[str, object]:
        cells = diagram.boxes[one.box].cells
        return {"box": one.box, "column": cells[one.cell].name if one.cell >= 0 else None}

    return {
        "by": diagram.by,
        "notes": diagram.notes,
        "boxes": [
            {
                "kind": box.kind,
                "name": box.title,
                "connection": box.connection or None,
                "columns": [
                    {"name": c.name, "how": c.how, "expression": c.expression, "key": c.is_key}
                    for c in box.cells
                ],
            }
            for box in diagram.boxes
        ],
        "lines": [
            {"from": end(line.source), "to": end(line.target), "unchanged": line.is_copy}
            for line in diagram.lines
        ],
    }


def tree(diagram: Diagram) -> Tree:
    """The columns of the table, and below each what it is made of.

    Args:
        diagram: of a sync.
    """
    before: dict[End, list[Line]] = defaultdict(list)
    for line in diagram.lines:
        before[line.target].append(line)
    last = len(diagram.boxes) - 1
    box = diagram.boxes[last]
    root = Tree(Text(printable(f"{box.connection}: {box.title}"), "bold"))
    for at in range(len(box.cells)):
        _grow(root, diagram, before, End(last, at))
    _reads(root, diagram)
    return root


def _grow(tree: Tree, diagram: Diagram, before: dict[End, list[Line]], end: End) -> None:
    """A column with its way back on one line, as long as there is one way."""
    label = Text(_name(diagram, end, with_box=False))
    if diagram.boxes[end.box].cells[end.cell].is_key:
        label.append("  key", "blue")
    while True:
        label.append_text(_made(diagram, end))
        if len(before[end]) != 1:
            break
        end = before[end][0].source
        label.append(f"  <-  {_name(diagram, end)}")
    grown = tree.add(label)
    for line in before[end]:
        _grow_below(grown, diagram, before, line.source)


def _grow_below(tree: Tree, diagram: Diagram, before: dict[End, list[Line]], end: End) -> None:
    label = Text(_name(diagram, end))
    label.append_text(_made(diagram, end))
    grown = tree.add(label)
    for line in before[end]:
        _grow_below(grown, diagram, before, line.source)


def _name(diagram: Diagram, end: End, with_box: bool = True) -> str:
    box = diagram.boxes[end.box]
    name = box.cells[end.cell].name
    return printable(f"{box.title}.{name}" if with_box else name)


def _made(diagram: Diagram, end: End) -> Text:
    cell = diagram.boxes[end.box].cells[end.cell]
    mark = MARKS[cell.how].strip()
    told = f"  {mark} {cell.expression}" if cell.expression else ""
    return Text(printable(told), "yellow")


def _reads(tree: Tree, diagram: Diagram) -> None:
    """What is read for its rows alone: no column of it is sent."""
    silent = [box for at, box in enumerate(diagram.boxes[:-1]) if not box.cells]
    for box in silent:
        tree.add(
            Text(printable(f"{box.kind} {box.title} is read, and no column of it is sent"), "dim")
        )
