"""Model, state and destination side by side: (key, fingerprint) of each, joined by one statement.

Both ends send keys and fingerprints as bytes into unlogged tables of one planner transaction, so
that memory stays flat here and no image travels. What is not in step is one more such table. All
of them are gone when the transaction ends, however it ends.

Who is right about a row: where model and destination agree, nothing is wrong with it, whatever the
state says; the next run sends it once more (pending). Where they do not, and the destination has
what this sync wrote last, the model was changed since (pending) or the row was refused (rejected).
Where the destination has something else, somebody else was there (differs, missing).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from ..connect import pump, translated
from ..plan import Planner, State
from ..plan.invalid_keys import MISSING, REPEATED
from ..sql import column_list, relation
from .ends import NO_FINGERPRINT, NO_MARK, End
from .key import Key

Told = Callable[[int], None]
"""Is told how many rows have arrived."""

# m, s, d: the row in the model, the state, the destination. The model's fingerprint is empty where
# a key occurs more than once. A state has fingerprints, or marks of its own that the model has too,
# or neither: then both of these are NULL, for unknown.
_IS_MODEL = sql.SQL("coalesce(s.fingerprint = m.fingerprint, s.mark = m.mark)")
_IS_DESTINATION = sql.SQL(
    "coalesce(s.fingerprint = d.fingerprint,"
    " CASE WHEN s.mark = m.mark THEN m.fingerprint = d.fingerprint END)"
)

# By the first line that holds. {removes}: rows that left the model leave the destination, too.
_KIND = sql.SQL("""
    CASE
        WHEN m.fingerprint IS NULL AND s.there IS NULL THEN 'foreign'
        WHEN m.fingerprint = d.fingerprint THEN
            CASE WHEN s.there IS NULL OR NOT {is_model} THEN 'pending' END
        WHEN m.fingerprint IS NULL AND NOT {removes} THEN NULL
        WHEN m.fingerprint IS NULL AND d.fingerprint IS NULL THEN 'pending'
        WHEN s.there IS NOT NULL AND d.fingerprint IS NULL THEN 'missing'
        WHEN NOT {is_destination} THEN 'differs'
        WHEN m.fingerprint = '' OR NOT {has_key} THEN 'rejected'
        ELSE 'pending'
    END""")

_FIND = sql.SQL("""
    CREATE UNLOGGED TABLE {found} AS
    SELECT * FROM (
        SELECT {keys}, {kind} AS kind,
            CASE WHEN s.there IS NULL THEN 'added' WHEN m.fingerprint IS NULL THEN 'removed'
                WHEN {is_model} THEN NULL ELSE 'changed' END AS operation,
            CASE WHEN NOT {has_key} THEN {missing} WHEN m.fingerprint = '' THEN {repeated}
                END AS reason,
            m.fingerprint IS NOT NULL AS in_model,
            coalesce(m.fingerprint <> '' AND {has_key}, false) AS has_image,
            s.there IS NOT NULL AS in_state,
            d.fingerprint IS NOT NULL AS in_destination,
            m.fingerprint IS NOT DISTINCT FROM d.fingerprint AS agrees
        FROM {model} AS m
        FULL JOIN (SELECT *, true AS there FROM ({state}) AS s) AS s ON {same_in_state}
        FULL JOIN {destination} AS d ON {same_in_destination}
    ) AS compared
    WHERE kind IS NOT NULL""")

_REPEATED_KEYS = sql.SQL("""
    WITH repeated AS MATERIALIZED (
        SELECT {keys} FROM {model} AS m WHERE {has_key} GROUP BY {keys} HAVING count(*) > 1
    ), gone AS (
        DELETE FROM {model} AS m USING repeated WHERE {same}
    )
    INSERT INTO {model} SELECT {repeated}, '', NULL FROM repeated""")

_REJECTED = sql.SQL("""
    UPDATE {found} AS f SET kind = 'rejected', operation = r.operation, reason = r.reason
    FROM {refused} AS r
    WHERE r.state_id = {state} AND r.row_id = {row_id} AND f.kind = 'pending' AND NOT agrees""")


@dataclass(frozen=True)
class Found:
    """Numbers of rows.

    Args:
        numbers: of those that are not in step, and of foreign ones, by kind and operation.
        same: rows that are in step.
    """

    numbers: dict[tuple[str, str | None], int]
    same: int

    def of(self, kind: str, operation: str | None = None) -> int:
        """Rows of a kind.

        Args:
            kind: `missing`, `differs`, `rejected`, `pending` or `foreign`.
            operation: only those for which the model asks for this.
        """
        return sum(
            number
            for (one, asked), number in self.numbers.items()
            if one == kind and operation in (None, asked)
        )


class Comparison:
    """A comparison within a planner transaction.

    Its tables `model` and `destination` have the columns of the key (k1, k2 ..), `fingerprint`
    and `mark`. `found` has one row for each that is not in step, or foreign: the key, `kind`,
    `operation` (of the next run; NULL for none), `reason`, `in_model`, `has_image` (exactly one
    row of the model has the key), `in_state`, `in_destination`, and `agrees` (model and
    destination are the same).

    Args:
        planner: its database holds the tables.
        connection: a transaction of the planner that holds the state.
        state: as claimed.
        key: the key of the sync.
    """

    def __init__(
        self, planner: Planner, connection: psycopg.Connection[Any], state: State, key: Key
    ) -> None:
        self._planner = planner
        self._state = state
        self.key = key
        self.connection = connection
        self.model = relation(planner.schema, f"verify_model_{state.id}")
        self.destination = relation(planner.schema, f"verify_destination_{state.id}")
        self.found = relation(planner.schema, f"verify_found_{state.id}")

    def read_model(
        self, end: End, reader: psycopg.Connection[Any], *, proven: bool, told: Told
    ) -> int:
        """Takes in the keys and fingerprints of the model.

        Args:
            end: the model.
            reader: where it is read; it may be the planner's own transaction.
            proven: an index guarantees that its key is unique and never NULL.
            told: is told how many rows have arrived.

        Returns:
            Rows of the model.
        """
        rows = self._read(end, reader, self.model, told)
        if not proven:
            self._run(
                _REPEATED_KEYS,
                has_key=self.key.is_there("m"),
                same=self.key.same("m", "repeated"),
                keys=column_list(self.key.names, "m"),
                repeated=column_list(self.key.names, "repeated"),
            )
        return rows

    def read_destination(self, end: End, reader: psycopg.Connection[Any], told: Told) -> int:
        """Takes in the keys and fingerprints of the destination.

        Args:
            end: the destination.
            reader: where it is read.
            told: is told how many rows have arrived.

        Returns:
            Rows of the destination.
        """
        return self._read(end, reader, self.destination, told)

    def compare(self, state: End | None, *, removes: bool) -> None:
        """Finds what is not in step.

        Args:
            state: what this sync wrote last; None where there is nothing.
            removes: rows that left the model are to leave the destination.
        """
        has_key = sql.SQL("(m.fingerprint IS NULL OR {})").format(self.key.is_there("m"))
        self._run(
            _FIND,
            keys=self.key.first_of("m", "s", "d"),
            kind=_KIND.format(
                removes=sql.Literal(removes),
                has_key=has_key,
                is_model=_IS_MODEL,
                is_destination=_IS_DESTINATION,
            ),
            has_key=has_key,
            is_model=_IS_MODEL,
            missing=sql.Literal(MISSING),
            repeated=sql.Literal(REPEATED),
            state=state.fingerprints() if state else self._nothing(),
            same_in_state=self.key.same("m", "s"),
            same_in_destination=self.key.same("m", "s", "d"),
        )
        self._run(
            _REJECTED,
            refused=relation(self._planner.schema, "refused_rows"),
            state=sql.Literal(self._state.id),
            row_id=self.key.row_id("f"),
        )

    def counts(self) -> Found:
        """How many rows there are of each kind."""
        query = sql.SQL("SELECT kind, operation, count(*) FROM {} GROUP BY kind, operation")
        rows = self.connection.execute(query.format(self.found)).fetchall()
        same = sql.SQL(
            "SELECT (SELECT count(*) FROM {}) - (SELECT count(*) FROM {} WHERE in_model)"
        )
        row = self.connection.execute(same.format(self.model, self.found)).fetchone()
        return Found(
            {(kind, operation): number for kind, operation, number in rows}, row[0] if row else 0
        )

    def identical(self) -> sql.Composed:
        """A query: the keys k1, k2 .. of rows of the model that the destination has as they are.

        What may be taken into the state without being sent (`adopt`). Rows of a NULL or repeated
        key are not among them. `Key.equals` finds the rows of the model for these keys.
        """
        return sql.SQL(
            "SELECT {} FROM {} AS m JOIN {} AS d ON {} AND m.fingerprint = d.fingerprint"
        ).format(
            column_list(self.key.names, "m"),
            self.model,
            self.destination,
            self.key.same("m", "d"),
        )

    def drop(self) -> None:
        """Removes the tables, so that the transaction can be committed without them."""
        self._run(sql.SQL("DROP TABLE IF EXISTS {model}, {destination}, {found}"))

    def _read(
        self, end: End, reader: psycopg.Connection[Any], table: sql.Composable, told: Told
    ) -> int:
        self._run(
            sql.SQL(
                "CREATE UNLOGGED TABLE {table}"
                " ({columns}, fingerprint pg_catalog.bytea, mark bigint)"
            ),
            table=table,
            columns=self.key.declared(),
        )
        if reader is not self.connection:
            return pump(
                reader, end.fingerprints(), self.connection, table, reading=end.name, told=told
            )[0]
        query = sql.SQL("INSERT INTO {} {}").format(table, end.fingerprints())
        with translated(f"reading {end.name}", reader):
            # binary=True asks for the extended protocol: one statement only, whatever it says.
            rows = reader.execute(query, binary=True).rowcount
        told(rows)
        return rows

    def _nothing(self) -> sql.Composable:
        return sql.SQL("SELECT {}, {} AS fingerprint, {} AS mark WHERE false").format(
            self.key.read_from(None), NO_FINGERPRINT, NO_MARK
        )

    def _run(self, template: sql.SQL, **parts: sql.Composable) -> None:
        names = {"model": self.model, "destination": self.destination, "found": self.found}
        self.connection.execute(template.format(**names, **parts))
