"""A diagram of a sync or a model, made by following its columns back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from ..config import ModelConfig, SyncConfig, bases_of
from .destination import How, targets_of
from .diagram import Box, Cell, Diagram, End, Line
from .model import Lineage
from .source import Origin, Source, Table, model_source, relation_source
from .trace import Traced

_UNKNOWN = "its text does not name them, or could not be read"
BoxId = Source | Literal["destination"]


def of_sync(sync: SyncConfig, lineage: Lineage, present: Iterable[str] | None = None) -> Diagram:
    """The way of the columns of a sync, from the source's tables to the destination's.

    Args:
        sync: with its model in full.
        lineage: of its model.
        present: columns that the destination table has; None where that is not known.
    """
    making = _Making(lineage, sync.source, sync.model_name, sync.model)
    making.draw("destination", "destination", sync.table, sync.destination)
    for target in targets_of(sync, lineage, present):
        cell = Cell(target.name, target.how, target.expression, target.is_key)
        making.add("destination", cell, target.origins, is_copy=target.how == "column")
    making.whole(model_source(sync.model_name), "destination")
    return making.diagram(sync.name)


def of_model(model: ModelConfig, name: str, connection: str, lineage: Lineage) -> Diagram:
    """The way of the columns of a model.

    Args:
        model: in full.
        name: of it, which may be that of its sync.
        connection: that it is read from.
        lineage: of it.
    """
    making = _Making(lineage, connection, name, model)
    making.model(model_source(name))
    return making.diagram(name)


@dataclass
class _Drawn:
    """A box that is being filled."""

    kind: str
    title: str
    connection: str
    cells: dict[str, Cell] = field(default_factory=dict)


class _Making:
    """A diagram that is being made.

    Args:
        lineage: follows columns.
        connection: that the model is read from.
        name: of the model.
        model: in full.
    """

    def __init__(self, lineage: Lineage, connection: str, name: str, model: ModelConfig) -> None:
        self._lineage, self._connection = lineage, connection
        self._models = {name: model} | {str(base.name): base for base in _all_bases(model)}
        self._boxes: dict[BoxId, _Drawn] = {}
        self._lines: dict[tuple[BoxId, str, BoxId, str], bool] = {}
        self._notes: dict[str, None] = {}
        self._behind: list[tuple[Source, Source]] = []  # of views, drawn when columns are

    def draw(self, box: BoxId, kind: str, title: str, connection: str) -> None:
        """Adds a box, unless it is there."""
        self._boxes.setdefault(box, _Drawn(kind, title, connection))

    def add(self, box: BoxId, cell: Cell, origins: Iterable[Origin], is_copy: bool) -> None:
        """Adds a column, and all that it comes from, unless it is there."""
        if cell.name in self._boxes[box].cells:
            return
        self._boxes[box].cells[cell.name] = cell
        for source, column in origins:
            self.follow(source, column)
            if column in self._boxes[source].cells:
                self._lines[source, column, box, cell.name] = is_copy

    def follow(self, source: Source, column: str) -> None:
        """Adds a column of something, and all that it comes from."""
        if source.kind == "model":
            self.model(source)
            self._unknown(source, column)
        elif source.kind == "relation":
            self._relation(source, column)
        else:
            self.draw(source, source.kind, source.name, "")
            self._boxes[source].cells.setdefault(column, Cell(column))

    def _unknown(self, source: Source, column: str) -> None:
        """A column of a model whose text does not name it: of a table, it is one of the table's."""
        model = self._models.get(source.name)
        if model is not None:
            is_key = column in model.key
            self.add(source, Cell(column, is_key=is_key), self._lineage.same(model, column), True)

    def whole(self, source: Source, box: BoxId) -> None:
        """Says that a box reads another, where no line of a column does."""
        self.follow_whole(source)
        if not any(one == source and other == box for one, _, other, _ in self._lines):
            self._lines[source, "", box, ""] = False

    def follow_whole(self, source: Source) -> None:
        """Adds a box, and what it reads."""
        if source.kind == "model":
            self.model(source)
        else:
            self._draw_relation(source)

    def model(self, source: Source) -> None:
        """Adds a model with all its columns."""
        if source in self._boxes:
            return
        self.draw(source, "model", source.name, self._connection)
        model = self._models.get(source.name)
        if model is None:
            return
        found = self._lineage.model(model)
        self._notes.update(dict.fromkeys(found.notes))
        if not found.columns:
            self._notes[f"the columns of {source.name} cannot be told: {_UNKNOWN}"] = None
        for one in found.columns:
            how: How = "column" if one.expression is None else "computed"
            name = one.name or ""
            cell = Cell(name, how, one.expression or "", name in model.key)
            self.add(source, cell, one.origins, one.is_copy)
        for table in found.tables:
            self.whole(relation_source(table), source)
        for base in found.bases:
            self.whole(model_source(base), source)

    def _draw_relation(self, source: Source) -> None:
        if source in self._boxes:
            return
        known = self._lineage.known(source.table)
        self.draw(source, known.kind if known else "table", source.title, self._connection)
        behind = known.uses if known else ()
        self._behind.extend((relation_source(table), source) for table in behind)

    def _relation(self, source: Source, column: str) -> None:
        self._draw_relation(source)
        one = self._view(source.table).get(column)
        how: How = "computed" if one and one.expression is not None else "column"
        cell = Cell(column, how, (one.expression or "") if one else "")
        self.add(source, cell, one.origins if one else (), one.is_copy if one else False)

    def _view(self, table: Table) -> dict[str, Traced]:
        known = self._lineage.known(table)
        columns = known.columns if known else ()
        return dict(zip(columns, self._lineage.view(table), strict=False))

    def diagram(self, title: str) -> Diagram:
        """What was drawn."""
        while self._behind:
            self.whole(*self._behind.pop(0))
        levels = self._levels()
        order = sorted(self._boxes, key=lambda box: -levels[box])  # stable
        number = {box: position for position, box in enumerate(order)}
        cells = {box: list(drawn.cells) for box, drawn in self._boxes.items()}

        def end(box: BoxId, cell: str) -> End:
            return End(number[box], cells[box].index(cell) if cell else -1)

        lines = [
            Line(end(source, column), end(target, name), is_copy)
            for (source, column, target, name), is_copy in self._tidy().items()
        ]
        boxes = [
            Box(d.kind, d.title, d.connection, levels[box], tuple(d.cells.values()))
            for box, d in ((box, self._boxes[box]) for box in order)
        ]
        lines.sort(key=lambda line: (line.target, line.source))
        return Diagram(title, self._lineage.by, tuple(boxes), tuple(lines), tuple(self._notes))

    def _tidy(self) -> dict[tuple[BoxId, str, BoxId, str], bool]:
        """Without lines between boxes that columns connect, too."""
        joined = {(one[0], one[2]) for one in self._lines if one[1]}
        return {
            line: is_copy
            for line, is_copy in self._lines.items()
            if line[1] or (line[0], line[2]) not in joined
        }

    def _levels(self) -> dict[BoxId, int]:
        """The longest way from each box to the end."""
        behind: dict[BoxId, set[BoxId]] = {}
        for source, _, target, _ in self._lines:
            behind.setdefault(source, set()).add(target)
        levels: dict[BoxId, int] = {}

        def level(box: BoxId) -> int:
            if box not in levels:
                levels[box] = 0  # nothing reads itself, but a picture must not fail
                levels[box] = max((level(next_) + 1 for next_ in behind.get(box, ())), default=0)
            return levels[box]

        for box in self._boxes:
            level(box)
        return levels


def _all_bases(model: ModelConfig) -> Iterator[ModelConfig]:
    for base in bases_of(model):
        yield base
        yield from _all_bases(base)
