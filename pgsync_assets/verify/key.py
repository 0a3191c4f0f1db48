"""The key of a sync in tables of our own: columns k1, k2 .., whatever the user calls them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from psycopg import sql

from ..sql import COMMA, all_of, column, column_list, same_or_null
from .columns import MappedColumn


class Key:
    """The key columns, and what is said about them in statements.

    Args:
        columns: of the key, in its order.
        nullable: names of those in the model in which NULL is a key.
    """

    def __init__(self, columns: Iterable[MappedColumn], nullable: Collection[str] = ()) -> None:
        self.columns = tuple(columns)
        self.names = tuple(f"k{number}" for number, _ in enumerate(self.columns, 1))
        self._nullable = {
            name
            for name, one in zip(self.names, self.columns, strict=True)
            if one.source in nullable
        }

    def declared(self) -> sql.Composable:
        """`k1 type, k2 type`, for CREATE TABLE."""
        return COMMA.join(
            sql.SQL("{} {}{}").format(column(name), one.key_type, one.collation)
            for name, one in zip(self.names, self.columns, strict=True)
        )

    def read_from(self, texts: str | None) -> sql.Composable:
        """`k1, k2` typed, out of their texts.

        Args:
            texts: alias of a relation with k1, k2 .. as text; None for NULL in each.
        """
        return self.named(
            one.read_key(column(name, texts) if texts else sql.SQL("NULL"))
            for name, one in zip(self.names, self.columns, strict=True)
        )

    def named(self, values: Iterable[sql.Composable]) -> sql.Composable:
        """`value AS k1, value AS k2`."""
        return COMMA.join(
            sql.SQL("{} AS {}").format(value, column(name))
            for name, value in zip(self.names, values, strict=True)
        )

    def first_of(self, *aliases: str) -> sql.Composable:
        """`coalesce(m.k1, s.k1) AS k1, ..`."""
        return self.named(_first(name, aliases) for name in self.names)

    def is_there(self, alias: str) -> sql.Composable:
        """No column of it is NULL that may not be."""
        return all_of(
            sql.SQL("{} IS NOT NULL").format(column(name, alias))
            for name in self.names
            if name not in self._nullable
        )

    def same(self, *aliases: str) -> sql.Composable:
        """The last alias has the key that the first of the others has which has one."""
        *others, last = aliases
        return self.equals((_first(name, others) for name in self.names), last)

    def equals(self, values: Iterable[sql.Composable], alias: str) -> sql.Composable:
        """Values, typed as the key is, are the key of a row.

        Args:
            values: one for each column.
            alias: of a relation with k1, k2 ..
        """
        return all_of(
            same_or_null(value, column(name, alias))
            if name in self._nullable
            else sql.SQL("{} OPERATOR(pg_catalog.=) {}").format(value, column(name, alias))
            for name, value in zip(self.names, values, strict=True)
        )

    def row_id(self, alias: str) -> sql.Composable:
        """The key as the audit writes it (`plan.keys.row_id`)."""
        columns = [column(name, alias) for name in self.names]
        if len(columns) == 1:
            return sql.SQL("coalesce({}::text, '(null)')").format(columns[0])
        return sql.SQL("pg_catalog.jsonb_build_array({})::text").format(COMMA.join(columns))

    def listed(self, keys: Sequence[Sequence[str]]) -> sql.Composable:
        """A relation with the keys k1, k2 .. of a list, and their number n in it, from 1.

        Args:
            keys: the texts of at least one key.
        """
        arrays = [sql.Literal(list(texts)) for texts in zip(*keys, strict=True)]
        return sql.SQL("(SELECT {}, n FROM unnest({}) WITH ORDINALITY AS listed ({}, n))").format(
            self.read_from("listed"),
            COMMA.join(sql.SQL("{}::text[]").format(array) for array in arrays),
            column_list(self.names),
        )


def _first(name: str, aliases: Sequence[str]) -> sql.Composable:
    columns = COMMA.join(column(name, alias) for alias in aliases)
    return sql.SQL("coalesce({})").format(columns) if len(aliases) > 1 else columns
