"""Names and values of rows in statements on the audit, as `privacy.py` says that they are shown.

A name is made of the text that would be shown without a policy, so that it can be made of the
plain name alone: of rows that the planner knows, and of those that the audit has from before.
"""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

from ..plan import Shape, keys
from ..privacy import NO_KEY, Privacy
from ..sql import COMMA, column, relation, statement

_JSON_TEXT = sql.SQL("pg_catalog.to_jsonb({}) #>> '{{}}'")


class RowNames:
    """How one sync's rows are named, in SQL.

    Args:
        privacy: what the sync says.
        audit: name of the audit's schema, which has the function.
    """

    def __init__(self, privacy: Privacy, audit: str) -> None:
        self.privacy = privacy
        self._audit = audit
        self._positions = privacy.hashed_key

    def bind(self, connection: psycopg.Connection[Any]) -> None:
        """Gives the key of the hash to a transaction; nothing where nothing is hashed.

        Raises:
            ConfigurationError: the key cannot be read.
        """
        if self.privacy.is_hashed:
            inner, outer = (pad.hex() for pad in self.privacy.pads)
            query = statement(__package__ or "", "hash_key.sql")
            connection.execute(query, {"inner": inner, "outer": outer})

    def of(self, shape: Shape, alias: str) -> sql.Composable:
        """The public name of each row of a relation.

        Args:
            shape: its columns and key.
            alias: of the relation.
        """
        if not self._positions:
            return keys.row_id(shape, alias)
        columns = [column(name, alias) for name in shape.key]
        if len(columns) == 1:
            return sql.SQL("coalesce({}, {})").format(
                self.value(shape.key[0], alias), sql.Literal(NO_KEY)
            )
        parts = (
            self._hash(_JSON_TEXT.format(one)) if n in self._positions else one
            for n, one in enumerate(columns, 1)
        )
        return sql.SQL("pg_catalog.jsonb_build_array({})::text").format(COMMA.join(parts))

    def of_stored(self, row_id: sql.Composable) -> sql.Composable:
        """The public name of a row by its plain one.

        Args:
            row_id: expression for the plain one.
        """
        if not self._positions:
            return row_id
        return sql.SQL("{}({}, {}, {})").format(
            relation(self._audit, "row_name"),
            row_id,
            sql.Literal(list(self._positions)),
            sql.Literal(len(self.privacy.key)),
        )

    @property
    def values(self) -> dict[str, Any]:
        """What the fixed statements want to know, to name rows by their plain names."""
        return {"hashed": list(self._positions), "key_columns": len(self.privacy.key)}

    def value(self, name: str, alias: str) -> sql.Composable:
        """The hash of a column of each row of a relation; NULL where that is NULL."""
        return self._hash(sql.SQL("{}::text").format(column(name, alias)))

    def _hash(self, text: sql.Composable) -> sql.Composable:
        return sql.SQL("{}({})").format(relation(self._audit, "hashed"), text)
