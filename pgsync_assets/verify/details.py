"""Which rows differ, and in which columns: asked for a few rows by key, after the comparison."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, get_args

import psycopg
from psycopg import sql

from ..connect import translated
from ..sql import COMMA, column
from ..verification import Difference, DifferenceKind
from .comparison import Comparison
from .ends import End

Images = dict[int, list[Any]]
"""Columns by the number of the row in a list, from 1: as text or as fingerprints."""


@dataclass(frozen=True)
class Reading:
    """An end, and a transaction in which it is read."""

    end: End
    connection: psycopg.Connection[Any]

    def images(self, keys: Mapping[int, Sequence[str]], *, with_values: bool) -> Images:
        """The columns of some rows; a row that is not there is left out.

        Args:
            keys: the texts of their keys, by number.
            with_values: as text; else as fingerprints.
        """
        if not keys:
            return {}
        numbers = list(keys)
        query = self.end.columns_of(list(keys.values()), with_values=with_values)
        with translated(f"reading {self.end.name}", self.connection):
            # binary=True asks for the extended protocol: one statement only, whatever it says.
            rows = self.connection.execute(query, binary=True).fetchall()
        return {numbers[position - 1]: columns for position, columns in rows}


class _Found(NamedTuple):
    """A row of the comparison's `found`; `key` is the texts of its key."""

    kind: DifferenceKind
    operation: str | None
    reason: str | None
    has_image: bool
    in_state: bool
    in_destination: bool
    row_id: str
    key: list[str]


@dataclass(frozen=True)
class Details:
    """Reads the rows of a comparison that are to be shown.

    Args:
        comparison: done.
        names: of the mapped columns, in the model.
        model: what the model says.
        state: what this sync wrote last, where that is known.
        destination: what the destination holds.
        with_values: show values; else none leaves its server.
    """

    comparison: Comparison
    names: tuple[str, ...]
    model: Reading
    state: Reading | None
    destination: Reading
    with_values: bool

    def differences(self, limit: int) -> tuple[Difference, ...]:
        """The first rows that are not in step, the worst first.

        Args:
            limit: rows at the most.
        """
        found = dict(enumerate(self._found(limit)))
        ours = self._read(
            self.model, found, lambda row: row.has_image and self._is_needed(row.in_destination)
        )
        if self.state is not None:  # a row that left the model: it should be as it was sent
            ours |= self._read(
                self.state, found, lambda row: row.kind == "differs" and not row.has_image
            )
        theirs = self._read(
            self.destination,
            found,
            lambda row: row.in_destination and self._is_needed(row.has_image or row.in_state),
        )
        return tuple(
            self._difference(row, ours.get(number), theirs.get(number))
            for number, row in found.items()
        )

    def _is_needed(self, there_is_another: bool) -> bool:
        """A row is read to be shown, or to be compared with another one."""
        return self.with_values or there_is_another

    def _found(self, limit: int) -> list[_Found]:
        keys = [column(name, "f") for name in self.comparison.key.names]
        query = sql.SQL(
            "SELECT kind, operation, reason, has_image, in_state, in_destination, {}, ARRAY[{}]"
            " FROM {} AS f WHERE kind <> 'foreign' ORDER BY array_position({}, kind), {} LIMIT {}"
        ).format(
            self.comparison.key.row_id("f"),
            COMMA.join(sql.SQL("{}::text").format(key) for key in keys),
            self.comparison.found,
            sql.Literal(list(get_args(DifferenceKind))),
            COMMA.join(keys),
            sql.Literal(limit),
        )
        return [_Found(*row) for row in self.comparison.connection.execute(query)]

    def _read(
        self, reading: Reading, found: Mapping[int, _Found], chosen: Callable[[_Found], bool]
    ) -> Images:
        keys = {number: row.key for number, row in found.items() if chosen(row)}
        return reading.images(keys, with_values=self.with_values)

    def _difference(
        self, row: _Found, ours: list[Any] | None, theirs: list[Any] | None
    ) -> Difference:
        columns: tuple[str, ...] = ()
        shown = self.names
        if ours is not None and theirs is not None:
            pairs = zip(self.names, ours, theirs, strict=True)
            shown = columns = tuple(name for name, here, there in pairs if here != there)
        return Difference(
            row.row_id,
            row.kind,
            row.operation,
            columns,
            row.reason,
            model=self._values(ours if row.has_image else None, shown),
            destination=self._values(theirs, shown),
        )

    def _values(
        self, images: list[Any] | None, shown: Sequence[str]
    ) -> dict[str, str | None] | None:
        if images is None or not self.with_values:
            return None
        by_name = dict(zip(self.names, images, strict=True))
        return {name: value_of(by_name[name]) for name in shown}


def value_of(composite: str) -> str | None:
    """The text of the only field of a composite value, as in `()`, `("")`, `(a)`, `("a b")`.

    Args:
        composite: as `End.columns_of` has it.
    """
    text = composite[1:-1]
    if not text:
        return None
    if text[0] != '"':
        return text
    return re.sub(r'(["\\])\1', r"\1", text[1:-1])
