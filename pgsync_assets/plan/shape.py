"""What a snapshot holds: its columns, where they go, its key, and in which form it has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from ..config import StateKind
from .digest import Algorithm, has_one_text
from .incarnation import Incarnation

DIGEST = "_pgsync_digest"
LABEL = "_pgsync_partition"


@dataclass(frozen=True)
class Shape:
    """Columns of the model that travel, the place they travel to, and how the planner has them.

    Args:
        columns: their names, in the order of the model.
        types: their types, as `format_type` writes them at the source.
        targets: the destination columns they go to.
        key: names of the key columns.
        key_operators: schema of the equality operator of each key column, in the planner.
        table: the destination table, `schema.table`.
        ledger: identity of the destination.
        stored: types of the columns in the planner's own tables.
        holds: what the snapshot has of a row: all columns, or its key and a digest.
        algorithm: of the digest.
        is_labelled: the snapshot says of each row in which partition it was seen last.
        slice: which rows of the model it is about, as JSON; None for all of them.
        key_rules: what decides beside the type when two keys are one: a collation that calls
            different texts equal; empty for each other column of the key.
        predicate: of the partial index that finds rows at the destination: only rows that fulfil it
            are ours; None where the index has all rows.
        nullable_key: key columns of which NULL is a key like any other (NULLS NOT DISTINCT).
        computed: expression of each column that the sync computes over those of the model.
        incarnation: which table it is beyond its name; None where that says nothing of the rows (a
            view with triggers, a foreign table), or is not known.
    """

    columns: tuple[str, ...]
    types: tuple[str, ...]
    targets: tuple[str, ...]
    key: tuple[str, ...]
    key_operators: tuple[str, ...]
    table: str
    ledger: UUID
    stored: tuple[str, ...]
    holds: StateKind
    algorithm: Algorithm
    is_labelled: bool = False
    slice: str | None = None
    key_rules: tuple[str, ...] = ()
    predicate: str | None = None
    nullable_key: tuple[str, ...] = ()
    computed: Mapping[str, str] = field(default_factory=dict)
    incarnation: Incarnation | None = None

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Shape:
        """Reads what `to_json` wrote."""
        lists = ("columns", "types", "targets", "key", "key_operators", "stored")
        known = value.get("incarnation")
        return cls(
            **value
            | {name: tuple(value[name]) for name in lists}
            | {name: tuple(value.get(name, ())) for name in ("key_rules", "nullable_key")}
            | {"ledger": UUID(value["ledger"])}
            | {"incarnation": Incarnation(**known) if known else None}
        )

    def to_json(self) -> dict[str, Any]:
        """As the planner stores it."""
        known = vars(self.incarnation) if self.incarnation else None
        return vars(self) | {"ledger": str(self.ledger), "incarnation": known}

    def type_of(self, name: str) -> str | None:
        """Type of a column at the source; None where there is no such column."""
        return dict(zip(self.columns, self.types, strict=True)).get(name)

    def stored_type(self, name: str) -> str:
        """Type of a column in the planner's tables."""
        return self.stored[self.columns.index(name)]

    @property
    def kept(self) -> tuple[str, ...]:
        """Columns of the snapshot that stand for a row."""
        return self.columns if self.holds == "rows" else (*self.key, DIGEST)

    @property
    def nullable_match(self) -> tuple[str, ...]:
        """The columns of the destination that `nullable_key` is matched with."""
        places = dict(zip(self.columns, self.targets, strict=True))
        return tuple(places[name] for name in self.nullable_key)

    def keeps(self, name: str, other: Shape) -> bool:
        """Whether the snapshot has a column of rows that another shape can take over as it is."""
        is_column = name in self.kept and name != DIGEST
        return is_column and self.type_of(name) == other.type_of(name)

    @property
    def identity(self) -> tuple[object, ...]:
        """Where the rows are and how they are found there: another one is another set of rows."""
        rules = self.key_rules if any(self.key_rules) else ()
        types = tuple(map(self.type_of, self.key))
        return self.ledger, self.table, self.key, types, rules, self.predicate

    def is_remade(self, now: Shape) -> bool:
        """Whether the table was dropped since, and made again under its name."""
        before, by_now = self.incarnation, now.incarnation
        return before is not None and by_now is not None and before.is_remade(by_now)

    def has_rows_of(self, now: Shape) -> bool:
        """Whether both are about the same set of rows."""
        return self.identity == now.identity and not self.is_remade(now)

    def remade_columns(self, now: Shape) -> list[str]:
        """Columns of the destination that were dropped since, and added again under their name."""
        if self.incarnation is None or now.incarnation is None:
            return []
        return self.incarnation.remade_columns(now.incarnation)

    @property
    def key_text(self) -> str:
        """The key for messages: names, types, and what else decides which row it finds."""
        rules = self.key_rules or ("",) * len(self.key)
        parts = zip(self.key, map(self.type_of, self.key), rules, strict=True)
        among = f" WHERE {self.predicate}" if self.predicate else ""
        return ", ".join(" ".join(filter(None, part)) for part in parts) + among

    @property
    def may_respell_keys(self) -> bool:
        """Whether one key can have several texts."""
        types = (self.type_of(name) or "" for name in self.key)
        return any(self.key_rules) or not all(map(has_one_text, types))

    @property
    def meaning(self) -> tuple[object, ...]:
        """What an image says: with another one no two images can be compared."""
        return self.columns, self.types, self.targets, self.identity

    def compares_with(self, other: Shape) -> bool:
        """Whether images of both can be compared, in whichever form they are held."""
        one_form = self.holds == "rows" or self.algorithm == other.algorithm
        return self.meaning == other.meaning and one_form and not self.is_remade(other)
