"""Which columns of the table are written, and how a staged row finds its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from psycopg import sql

from ..sql import COMMA, all_of, column, column_list
from .same_key import same_key
from .stage import Stage, staged_column
from .target import Target


@dataclass(frozen=True)
class Mark:
    """The column that says that a row has left the model.

    Args:
        name: of it.
        gone: what it gets then, an expression.
        present: what it has while the row is in the model.
    """

    name: str
    gone: sql.SQL
    present: sql.SQL

    @property
    def is_null_when_present(self) -> bool:
        """Whether a row that is in the model has NULL there."""
        return self.present == sql.SQL("NULL")


@dataclass(frozen=True)
class Into:
    """Where rows go. In statements the table is `t` and the stage is `s`.

    Args:
        target: the destination table.
        mapped: columns that get something from the model.
        match: those of them that find the row.
        stamps: columns that say when and by which run.
        mark: of rows that left the model, where they stay.
        stage: where they land first.
        predicate: of the partial index that finds the row, among the rows that fulfil it only; None
            where the index has all rows. Its columns have no alias.
        nullable: those columns of `match` in which NULL finds a row.
    """

    target: Target
    mapped: tuple[str, ...]
    match: tuple[str, ...]
    stamps: tuple[str, ...] = ()
    mark: Mark | None = None
    stage: Stage = Stage()
    predicate: str | None = None
    nullable: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """All that travel, in the order in which they are staged."""
        return self.mapped + self.stamps

    @property
    def inserted(self) -> tuple[list[sql.Composable], list[sql.Composable]]:
        """Columns of a new row, and their values from the stage."""
        names: list[sql.Composable] = [column(name) for name in self.columns]
        values: list[sql.Composable] = list(names)
        if self.mark is not None:
            names.append(column(self.mark.name))
            values.append(self.mark.present)
        return names, values

    def assignments(self, value: Callable[[str], sql.Composable]) -> sql.Composable:
        """What an UPDATE sets.

        An equal key may be another value (1.0 and 1.00): it is written too, but only then, as
        writing a key locks out whoever inserts a row that refers to it. At least one assignment is
        needed for the row to be counted.

        Args:
            value: the new one of a column.
        """
        exact = {name for name in self.match if self._is_exact(name)}
        written = [name for name in self.columns if name not in exact]
        set_to = [sql.SQL("{} = {}").format(column(n), value(n)) for n in written]
        if self.mark is not None:
            set_to.append(sql.SQL("{} = {}").format(column(self.mark.name), self.mark.present))
        if not set_to:
            first = self.match[0]
            set_to.append(sql.SQL("{} = {}").format(column(first), column(first, "t")))
        return COMMA.join(set_to)

    def same_row(self) -> sql.Composable:
        """`t` and `s` have the same key, by the operators of the index, and `t` is in the index."""
        values = {name: self.staged(name) for name in self.match}
        same = same_key(self.target, values, self.nullable)
        return all_of([same, *self._is_inside])

    def staged(self, name: str) -> sql.Composable:
        """A staged column in a statement whose FROM has `beside`."""
        return staged_column(self.columns, name)

    @property
    def beside(self) -> sql.Composable:
        """The stage as `s`, beside the table in a FROM."""
        return self.stage.beside(self.columns)

    @property
    def conflict(self) -> sql.Composable:
        """What ON CONFLICT infers the index from."""
        where = [sql.SQL(" WHERE {}").format(one) for one in self._is_inside]
        return sql.SQL("({}){}").format(column_list(self.match), sql.Composed(where))

    def counting(self, write: sql.Composed) -> sql.Composed | None:
        """The same statement, answering how many rows it wrote and how many of those the index has.

        None where it has all rows: PostgreSQL's own count says it then.

        Args:
            write: an INSERT, UPDATE or DELETE.
        """
        if self.predicate is None:
            return None
        return sql.SQL(
            "WITH written AS ({} RETURNING {} IS TRUE AS is_inside)"
            " SELECT count(*), count(*) FILTER (WHERE is_inside) FROM written"
        ).format(write, *self._is_inside)

    @property
    def _is_inside(self) -> list[sql.Composable]:
        # PostgreSQL wrote it.
        return [sql.SQL("({})").format(sql.SQL(self.predicate))] if self.predicate else []

    def _is_exact(self, name: str) -> bool:
        key = self.target.columns[name].key
        return key is not None and key.is_identity
