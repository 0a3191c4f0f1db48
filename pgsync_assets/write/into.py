"""Which columns of the table are written, and how a staged row finds its own."""

from __future__ import annotations

from dataclasses import dataclass

from psycopg import sql

from ..sql import COMMA, all_of, column
from .stage import Stage
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
    """

    target: Target
    mapped: tuple[str, ...]
    match: tuple[str, ...]
    stamps: tuple[str, ...] = ()
    mark: Mark | None = None
    stage: Stage = Stage()

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

    def assignments(self, alias: str) -> sql.Composable:
        """What an UPDATE sets.

        An equal key may be another value (1.0 and 1.00): it is written too, but only then, as
        writing a key locks out whoever inserts a row that refers to it. At least one assignment is
        needed for the row to be counted.

        Args:
            alias: of the relation that has the new values.
        """
        exact = {name for name in self.match if self._is_exact(name)}
        written = [name for name in self.columns if name not in exact]
        set_to = [sql.SQL("{} = {}").format(column(n), column(n, alias)) for n in written]
        if self.mark is not None:
            set_to.append(sql.SQL("{} = {}").format(column(self.mark.name), self.mark.present))
        if not set_to:
            first = self.match[0]
            set_to.append(sql.SQL("{} = {}").format(column(first), column(first, "t")))
        return COMMA.join(set_to)

    def same_row(self) -> sql.Composable:
        """`t` and `s` have the same key, by the operators that an index on it uses."""
        return all_of(
            sql.SQL("{} OPERATOR({}.=) {}").format(
                column(name, "t"),
                sql.Identifier(self.target.columns[name].equality),
                column(name, "s"),
            )
            for name in self.match
        )

    def _is_exact(self, name: str) -> bool:
        key = self.target.columns[name].key
        return key is not None and key.is_identity
