"""Wide tables in a diagram: columns that pass unchanged under one name are drawn as one row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from .diagram import Box, Cell, Diagram, End, Line

MOST_ROWS = 24
Group = tuple[int, ...]
"""Numbers of the boxes through which columns pass."""


def folded(diagram: Diagram, most: int = MOST_ROWS) -> Diagram:
    """A diagram with fewer rows; as it is where no box has more than that.

    Keys, and columns that are computed, renamed, cast or used more than once, are never folded.

    Args:
        diagram: any.
        most: rows of a box that need no folding.
    """
    if all(len(box.cells) <= most for box in diagram.boxes):
        return diagram
    groups: dict[Group, list[list[End]]] = defaultdict(list)
    for chain in _chains(diagram):
        groups[tuple(sorted(end.box for end in chain))].append(chain)
    into = {
        end: group
        for group, chains in groups.items()
        if len(chains) > 1
        for chain in chains
        for end in chain
    }
    sizes = {group: len(chains) for group, chains in groups.items()}
    boxes, moved = [], {}
    for number, box in enumerate(diagram.boxes):
        cells, ends = _cells(number, box, into, sizes)
        boxes.append(replace(box, cells=cells))
        moved.update(ends)
    lines = {
        (source, target): line.is_copy
        for line in diagram.lines
        for source, target in [(moved.get(line.source, line.source), _of(moved, line.target))]
    }
    drawn = (Line(*ends, is_copy) for ends, is_copy in lines.items())
    return replace(diagram, boxes=tuple(boxes), lines=tuple(drawn))


def _of(moved: dict[End, End], end: End) -> End:
    return moved.get(end, end)


def _cells(
    number: int, box: Box, into: dict[End, Group], sizes: dict[Group, int]
) -> tuple[tuple[Cell, ...], dict[End, End]]:
    """The rows of a box, folded ones last, and where each went."""
    kept = [at for at in range(len(box.cells)) if End(number, at) not in into]
    groups = sorted({group for end, group in into.items() if end.box == number})
    moved = {End(number, at): End(number, place) for place, at in enumerate(kept)}
    for end, group in into.items():
        if end.box == number:
            moved[end] = End(number, len(kept) + groups.index(group))
    more = (Cell(f"{sizes[group]} columns, unchanged", stands_for=sizes[group]) for group in groups)
    return (*(box.cells[at] for at in kept), *more), moved


def _chains(diagram: Diagram) -> list[list[End]]:
    """Columns that pass unchanged, under one name, and to one place; each from its beginning."""
    way = _Ways(diagram)
    begins = (
        End(number, at)
        for number, box in enumerate(diagram.boxes)
        for at in range(len(box.cells))
        if not way.before[End(number, at)]
    )
    chains = ([begin, *way.on(begin)] for begin in begins)
    return [chain for chain in chains if all(map(way.is_plain, chain))]


class _Ways:
    """The lines at each column.

    Args:
        diagram: any.
    """

    def __init__(self, diagram: Diagram) -> None:
        self._boxes = diagram.boxes
        self.after: dict[End, list[Line]] = defaultdict(list)
        self.before: dict[End, list[Line]] = defaultdict(list)
        for line in diagram.lines:
            self.after[line.source].append(line)
            self.before[line.target].append(line)

    def on(self, end: End) -> Iterator[End]:
        """The columns behind one, as far as there is one way."""
        while self.after[end]:
            end = self.after[end][0].target
            yield end

    def is_plain(self, end: End) -> bool:
        """Whether nothing about a column is worth a row of its own."""
        cell, around = self._cell(end), (*self.before[end], *self.after[end])
        return (
            (cell.how == "column" and not cell.is_key)
            and max(len(self.before[end]), len(self.after[end])) <= 1
            and all(line.is_copy and self._keeps_name(line) for line in around)
        )

    def _keeps_name(self, line: Line) -> bool:
        return self._cell(line.source).name == self._cell(line.target).name

    def _cell(self, end: End) -> Cell:
        return self._boxes[end.box].cells[end.cell]
