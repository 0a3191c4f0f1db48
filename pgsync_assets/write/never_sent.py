"""Rows of a plan that never travel: with a text that is too long, or too many bytes.

PostgreSQL would refuse such a text, or cut it without a word where it is too long by blanks only
(trap 20). And a row of which the source cannot make a message stops the COPY of all others, without
saying which one it is: 600 MB of bytea are 1.2 GB as text, more than PostgreSQL takes in one piece.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from ..connect import translated
from ..model import ColumnMapping, Relation
from ..plan.batches import PAGE
from ..plan.keys import ROW
from ..sql import PACKED, column, size_of
from .ledger import Reject
from .reject import too_large, too_long

_TOO_LARGE = -1


@dataclass(frozen=True)
class NeverSent:
    """What is asked of the rows of a batch before they are sent.

    Args:
        mapping: which column goes where.
        types: of the model's columns that travel, as PostgreSQL spells them.
        longest: columns of the model whose texts may be longer than those of the destination, and
            how many characters are taken there.
        row_bytes: most bytes of the values of a row: of texts and bytea as they are, of anything
            else as text.
    """

    mapping: ColumnMapping
    types: Mapping[str, str]
    longest: Mapping[str, int]
    row_bytes: int

    def may_be(self, apart: int) -> bool:
        """Whether it has to be asked.

        Args:
            apart: bytes of the values that the rows' table stores apart (TOAST). What is not
                there lies in a page, packed or not.
        """
        return bool(self.longest) or self._may_be_large(apart)

    def find(
        self,
        connection: psycopg.Connection[Any],
        alias: str,
        rows: sql.Composable,
        apart: int,
    ) -> list[Reject]:
        """The rows that never travel, in their order.

        Args:
            connection: where they are.
            alias: of the relation, whose rows are numbered.
            rows: what stands behind FROM.
            apart: see `may_be`.
        """
        names = list(self.longest)
        cases: list[sql.Composable] = [
            sql.SQL(
                "WHEN pg_catalog.length({value}::text) > {limit}"
                # Which counts bytes: what is too long is found by the destination's table then.
                " AND pg_catalog.getdatabaseencoding() <> 'SQL_ASCII' THEN {number}"
            ).format(
                value=column(name, alias),
                limit=sql.Literal(self.longest[name]),
                number=sql.Literal(number),
            )
            for number, name in enumerate(names)
        ]
        if self._may_be_large(apart):
            cases.insert(0, self._is_large(alias))
        query = sql.SQL(
            "SELECT {row}, why FROM (SELECT {numbered}, CASE {cases} END AS why FROM {rows})"
            " AS looked_at WHERE why IS NOT NULL ORDER BY {row}"
        ).format(
            row=column(ROW),
            numbered=column(ROW, alias),
            cases=sql.SQL(" ").join(cases),
            rows=rows,
        )
        with translated("reading the rows", connection):  # not where they go
            found = connection.execute(query).fetchall()
        targets = dict(zip(self.mapping.sources, self.mapping.targets, strict=True))
        return [
            too_large(row) if why == _TOO_LARGE else too_long(row, targets[names[why]])
            for row, why in found
        ]

    def _may_be_large(self, apart: int) -> bool:
        return (apart + PAGE) * PACKED > self.row_bytes

    def _is_large(self, alias: str) -> sql.Composable:
        names = self.mapping.sources
        sizes = [
            sql.SQL("coalesce({}, 0)::bigint").format(
                size_of(column(name, alias), self.types[name], self.row_bytes, len(names))
            )
            for name in names
        ]
        return sql.SQL("WHEN {size} > {limit} THEN {it}").format(
            size=sql.SQL(" + ").join(sizes),
            limit=sql.Literal(self.row_bytes),
            it=sql.Literal(_TOO_LARGE),
        )


def never_sent(
    relation: Relation, mapping: ColumnMapping, longest: Mapping[str, int], row_bytes: int
) -> NeverSent:
    """What is asked of the rows of a model.

    Args:
        relation: the model.
        mapping: which column goes where.
        longest: see `NeverSent`.
        row_bytes: see `NeverSent`.
    """
    types = {one.name: one.type for one in relation.columns}
    return NeverSent(mapping, types, longest, row_bytes)
