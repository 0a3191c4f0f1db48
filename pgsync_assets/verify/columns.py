"""How both ends write a mapped column, so that the same text means the same value.

Text travels, so text is compared: the form that a type's output function gives under the pinned
settings. A destination type may write the value that it was sent in another form (the model's 1 as
`1.00` in a numeric(10,2)); that form is made at the source too, never by rounding.
"""

from __future__ import annotations

from dataclasses import dataclass

from psycopg import sql

from ..write.target import TargetColumn
from ..write.types import MOST_DIGITS, numeric_modifier, parse

# Types of which equal values may be written differently (1.0 and 1.00), or which are far smaller
# than their text. All else is matched as text.
_TYPES = {
    "int2": "int8",
    "int4": "int8",
    **{
        name: name
        for name in (
            "int8", "numeric", "float4", "float8", "bool", "date", "timestamp", "timestamptz",
            "interval", "uuid", "bpchar",
        )
    },
}  # fmt: skip
_TEXTS = ("text", "varchar", "name")


@dataclass(frozen=True)
class MappedColumn:
    """A column of the model and where it goes.

    Args:
        source: its name in the model.
        spelled: its type there, as `format_type` writes it.
        target: the destination column.
        stored: its type in the planner's own tables.
        is_only_key: it is the whole key; False where there are more columns, or it is none.
    """

    source: str
    spelled: str
    target: TargetColumn
    stored: str
    is_only_key: bool = False

    @property
    def key_type(self) -> sql.Composable:
        """Type of its column in a table of keys; every PostgreSQL has it."""
        return sql.SQL("pg_catalog.{}").format(sql.Identifier(self._key_base))

    @property
    def collation(self) -> sql.SQL:
        """Collation of its column in a table of keys: keys are the same when their bytes are."""
        return sql.SQL(' COLLATE "C"' if self._key_base == "text" else "")

    def key(self, value: sql.Composable) -> sql.Composable:
        """Its value at any end, as a key.

        What has no type of its own here is text; in a key of several columns it is the JSON that
        a row's id in the audit has of it, so that both spell a row in the same way.

        Args:
            value: the column, at any end.
        """
        if self._key_base == "jsonb":
            return sql.SQL("pg_catalog.to_jsonb({})").format(value)
        return self.read_key(value)

    def read_key(self, text: sql.Composable) -> sql.Composable:
        """The key in the text of one.

        Args:
            text: what `key(..)::text` gave.
        """
        return sql.SQL("CAST({} AS {}){}").format(text, self.key_type, self.collation)

    def sent(self, value: sql.Composable) -> sql.Composable:
        """Its value at the source, written as the destination writes what it was sent.

        Args:
            value: the column, at the source or in the state.
        """
        if not self._is_remade:
            return value
        if self._base == "bpchar" or self._base == "_bpchar":
            return self._without_padding(value)
        scale = sql.Literal(numeric_modifier(self.target.modifier)[1])
        if self._base == "numeric":
            return sql.SQL("pg_catalog.round(CAST({} AS pg_catalog.numeric), {})").format(
                value, scale
            )
        return sql.SQL("CAST({} AS pg_catalog.numeric({}, {})[])").format(
            value, sql.Literal(MOST_DIGITS), scale
        )

    def kept(self, value: sql.Composable) -> sql.Composable:
        """Its value at the destination.

        Args:
            value: the column, at the destination.
        """
        padded = self._is_remade and self._base.removeprefix("_") == "bpchar"
        return self._without_padding(value) if padded else value

    @property
    def _key_base(self) -> str:
        if self._base in _TYPES:
            return _TYPES[self._base]
        # A type that the planner's database does not know is text in its log as well.
        is_text = self._base in _TEXTS or self.stored == "text"
        return "text" if is_text or self.is_only_key else "jsonb"

    @property
    def _base(self) -> str:
        return self.target.base.removeprefix("pg_catalog.")

    @property
    def _is_remade(self) -> bool:
        """The destination's type writes a value in another form than the model's does."""
        modifiers = parse(self.spelled)[1]
        if self.target.modifier < 0:
            return False
        if self._base.removeprefix("_") == "bpchar":
            return modifiers != (self.target.modifier - 4,)
        if self._base.removeprefix("_") == "numeric":
            return (*modifiers, 0, 0)[1] < numeric_modifier(self.target.modifier)[1]
        return False

    def _without_padding(self, value: sql.Composable) -> sql.Composable:
        """char(3) pads to 3, char(5) to 5: without its padding the value is the same."""
        array = sql.SQL("[]" if self._base.startswith("_") else "")
        return sql.SQL("CAST({} AS pg_catalog.text{})").format(value, array)
