"""Lineage as boxes and lines: source tables, views, models, the destination."""

from __future__ import annotations

from dataclasses import dataclass

from .destination import How
from .model import By


@dataclass(frozen=True)
class Cell:
    """A column in a box.

    Args:
        name: of it.
        how: where its value is from; see `Target`. A column of a table is a `column`.
        expression: what computes it; empty where nothing does.
        is_key: it identifies a row.
        stands_for: how many columns it stands for, where they were folded into one.
    """

    name: str
    how: How = "column"
    expression: str = ""
    is_key: bool = False
    stands_for: int = 1


@dataclass(frozen=True)
class Box:
    """Something with columns.

    Args:
        kind: what it is, in words: table, view, model, destination, ..
        title: its name.
        connection: that holds it; empty for an asset, a function and a file.
        level: how far it is from the end of the way, which is 0.
        cells: its columns, as far as they are drawn.
    """

    kind: str
    title: str
    connection: str
    level: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, order=True)
class End:
    """An end of a line.

    Args:
        box: its number, from 0.
        cell: number of the column in it; -1 for the box as a whole.
    """

    box: int
    cell: int


@dataclass(frozen=True)
class Line:
    """One column is made of another; or one box reads another, for its rows alone.

    Args:
        source: where it begins.
        target: where it ends.
        is_copy: the value arrives unchanged.
    """

    source: End
    target: End
    is_copy: bool


@dataclass(frozen=True)
class Diagram:
    """The way of columns.

    Args:
        title: what it is of.
        by: who says so: the text of the SQL, or PostgreSQL.
        boxes: the furthest first, the end last.
        lines: between them.
        notes: what a reader should know, in sentences.
    """

    title: str
    by: By
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    notes: tuple[str, ...] = ()
