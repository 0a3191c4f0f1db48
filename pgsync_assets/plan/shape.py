"""What a snapshot holds: its columns, where they go, and its key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from ..model import ColumnMapping, Relation


@dataclass(frozen=True)
class Shape:
    """Columns of the model that travel, and the place they travel to.

    Args:
        columns: their names, in the order of the model.
        types: their types, as `format_type` writes them.
        targets: the destination columns they go to.
        key: names of the key columns.
        key_operators: schema of the equality operator of each key column.
        table: the destination table, `schema.table`.
        ledger: identity of the destination.
    """

    columns: tuple[str, ...]
    types: tuple[str, ...]
    targets: tuple[str, ...]
    key: tuple[str, ...]
    key_operators: tuple[str, ...]
    table: str
    ledger: UUID

    @classmethod
    def of(cls, relation: Relation, mapping: ColumnMapping, table: str, ledger: UUID) -> Shape:
        """The shape that a sync has now."""
        types = {column.name: column.type for column in relation.columns}
        return cls(
            mapping.sources,
            tuple(types[name] for name in mapping.sources),
            mapping.targets,
            relation.key,
            relation.key_operators,
            table,
            ledger,
        )

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Shape:
        """Reads what `to_json` wrote."""
        return cls(
            columns=tuple(value["columns"]),
            types=tuple(value["types"]),
            targets=tuple(value["targets"]),
            key=tuple(value["key"]),
            key_operators=tuple(value["key_operators"]),
            table=value["table"],
            ledger=UUID(value["ledger"]),
        )

    def to_json(self) -> dict[str, Any]:
        """As the planner stores it."""
        return {
            "columns": list(self.columns),
            "types": list(self.types),
            "targets": list(self.targets),
            "key": list(self.key),
            "key_operators": list(self.key_operators),
            "table": self.table,
            "ledger": str(self.ledger),
        }

    def type_of(self, name: str) -> str | None:
        """Type of a column; None where there is no such column."""
        return dict(zip(self.columns, self.types, strict=True)).get(name)

    @property
    def identity(self) -> tuple[object, ...]:
        """Where the rows are and how they are found there: another one is another set of rows."""
        return self.ledger, self.table, self.key, tuple(map(self.type_of, self.key))
