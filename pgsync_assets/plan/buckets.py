"""Which rows can have changed, asked of both ends before any key travels.

Rows belong to buckets by a hash of their key. Each end combines the digests of its rows bucket
by bucket; where model and snapshot agree about a bucket, none of its rows has changed. Of a
million rows of which nothing changed a few megabytes travel, not a digest for each.

The digests of a bucket are combined by XOR. That is safe as no row is there twice: an index of the
model proves its key, the snapshot has one of its own, and the digest covers the key. A difference
is missed with probability 2^-64 for each bucket, as for each row (`digest.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from psycopg import sql

from ..connect import Session, pump, translated
from ..sql import column, relation
from .digest import digest
from .keys import OPERATION, SEND_AGAIN
from .reading import Connection, Question
from .shape import DIGEST, Shape
from .state import Planner, State

FEWEST_ROWS = 100_000
"""Below, reading every key takes less time than the additional questions."""

ROWS_IN_ONE = 16
"""With 1 % of all rows changed, a seventh of the buckets differs. Smaller ones cost more to count
than what they save."""

MOST = 1 << 19
"""Buckets: about 100 MB in each process that combines digests, of 8 million rows and more."""

WORTH_IT = 0.05
"""Share of rows that the last run found changed; above, nearly each bucket would differ."""

_HAVE_BIT_XOR = 140_000
_HASHES = {
    "bigint": "hashint8extended",
    "integer": "hashint4extended",
    "smallint": "hashint2extended",
    "uuid": "uuid_hash_extended",
}
"""Of frequent keys. A record of one column costs twice as much, for each row at both ends."""


@dataclass
class Buckets:
    """The buckets of one comparison.

    Args:
        planner: where the snapshot is.
        state: as claimed.
        question: what is read.
        number: of buckets, a power of two.
        differ: how many of them can hold a change.
        rows: of the whole model.
        bytes: that came over.
    """

    planner: Planner
    state: State
    question: Question
    number: int
    differ: int = 0
    rows: int = 0
    bytes: int = 0

    @classmethod
    def of(
        cls, connection: Connection, planner: Planner, state: State, question: Question, old: Shape
    ) -> Buckets | None:
        """The buckets that pay for themselves; None where there are none.

        Args:
            connection: the planner's transaction.
            planner: where the snapshot is.
            state: as claimed.
            question: what is read.
            old: of the snapshot.
        """
        if state.row_count < FEWEST_ROWS or not _can_tell(planner.session, question, old):
            return None
        last = planner.statement("last_changes.sql")
        row = connection.execute(last, {"state": state.id}).fetchone()
        if row is not None and row[0] > WORTH_IT * state.row_count:
            return None
        number = 1 << (state.row_count // ROWS_IN_ONE).bit_length()
        return cls(planner, state, question, min(number, MOST))

    def compare(
        self, connection: Connection, reader: Connection, told: Callable[[int], None]
    ) -> None:
        """Asks both ends, and keeps the buckets that differ in a table.

        Args:
            connection: the planner's transaction.
            reader: the source's transaction.
            told: is told how many rows were read.
        """
        connection.execute(
            sql.SQL("CREATE UNLOGGED TABLE {} (bucket bigint, rows bigint, digests bigint)").format(
                self._sums
            )
        )
        with self._by_hashing(reader, "reading the model"):
            _, self.bytes = pump(reader, self._of_model(), connection, self._sums)
        with self._by_hashing(connection, "comparing by bucket"):
            connection.execute(self._of_both(), binary=True)
        row = connection.execute(
            sql.SQL("SELECT (SELECT sum(rows) FROM {}), (SELECT count(*) FROM {})").format(
                self._sums, self._differing
            )
        ).fetchone()
        assert row is not None  # noqa: S101 - it has one row
        self.rows, self.differ = int(row[0] or 0), row[1]
        told(self.rows)

    @contextmanager
    def _by_hashing(self, connection: Connection, doing: str) -> Iterator[None]:
        """Sums are made in memory; after an error the transaction is over, and its settings too."""
        self._let_sort(connection, doing, "off")
        yield
        self._let_sort(connection, doing, "on")

    def _let_sort(self, connection: Connection, doing: str, sorting: str) -> None:
        with translated(doing, connection):  # one of the two sessions is not the planner's
            connection.execute(self.planner.statement("memory_settings.sql"), {})
            connection.execute(self.planner.statement("sorting.sql"), {"sorting": sorting})

    @property
    def most_are_same(self) -> bool:
        """Whether there is much that need not be looked at."""
        return self.differ <= self.number // 2

    def of_the_model(self, connection: Connection, rows: sql.Composable) -> sql.Composable:
        """Those rows of a SELECT, which has the key, that can have changed.

        Args:
            connection: the planner's transaction.
            rows: of the model.
        """
        query = sql.SQL("SELECT coalesce(array_agg(bucket), '{{}}')::text FROM {}")
        row = connection.execute(query.format(self._differing)).fetchone()
        assert row is not None  # noqa: S101 - an aggregate has one row
        return sql.SQL(
            "SELECT model.* FROM ({rows}) AS model"
            " WHERE {bucket} IN (SELECT pg_catalog.unnest({numbers}::bigint[]))"
        ).format(rows=rows, bucket=self._bucket("model"), numbers=sql.Literal(row[0]))

    def of_the_snapshot(self, alias: str) -> sql.Composable:
        """The condition on a row of the snapshot that its bucket differs."""
        return sql.SQL("{} IN (SELECT bucket FROM {})").format(self._bucket(alias), self._differing)

    def forget(self, connection: Connection) -> None:
        """Drops what was stored."""
        for table in (self._sums, self._differing):
            connection.execute(sql.SQL("DROP TABLE {}").format(table))

    @property
    def _sums(self) -> sql.Composable:
        return relation(self.planner.schema, f"sums_{self.state.id}")

    @property
    def _differing(self) -> sql.Composable:
        return relation(self.planner.schema, f"buckets_{self.state.id}")

    def _bucket(self, alias: str) -> sql.Composable:
        shape = self.question.shape
        hashes = [_hash(name, shape.type_of(name) or "text", alias) for name in shape.key]
        return sql.SQL("(({}) & {})").format(
            sql.SQL(" # ").join(hashes), sql.Literal(self.number - 1)
        )

    def _of_model(self) -> sql.Composable:
        return sql.SQL(
            "SELECT {bucket}, pg_catalog.count(*), pg_catalog.bit_xor({digest})"
            " FROM ({rows}) AS model GROUP BY 1"
        ).format(
            bucket=self._bucket("model"),
            digest=column(DIGEST, "model"),
            rows=self.question.rows(self.question.shape.key),
        )

    def _of_both(self) -> sql.Composed:
        """A row that is to be sent again makes its bucket differ, whatever its digest."""
        return sql.SQL(
            "CREATE UNLOGGED TABLE {differing} AS"
            " SELECT coalesce(new.bucket, known.bucket) AS bucket FROM {sums} AS new FULL JOIN ("
            "SELECT {bucket} AS bucket, pg_catalog.count(*) AS rows,"
            " pg_catalog.bit_xor({digest}) AS digests, pg_catalog.bool_or({op} = {again}) AS again"
            " FROM {snapshot} AS old GROUP BY 1) AS known ON known.bucket = new.bucket"
            " WHERE known.again"
            " OR (new.rows = known.rows AND new.digests = known.digests) IS NOT TRUE"
        ).format(
            differing=self._differing,
            sums=self._sums,
            bucket=self._bucket("old"),
            digest=column(DIGEST, "old"),
            op=column(OPERATION, "old"),
            again=sql.Literal(SEND_AGAIN),
            snapshot=self.planner.snapshot_table(self.state),
        )


def _can_tell(session: Session, question: Question, old: Shape) -> bool:
    """Whether equal sums mean equal rows, and both servers can make them."""
    shape = question.shape
    return (
        old.holds == shape.holds == "digest"
        and old.algorithm == shape.algorithm == "record"
        and old.meaning == shape.meaning
        and not (old.is_labelled or shape.is_labelled)
        and question.partition is None
        and question.past is None
        and question.relation.unique_key
        # Two spellings of one key would be in two buckets.
        and not (shape.may_respell_keys or shape.nullable_key)
        and session.connection.info.server_version >= _HAVE_BIT_XOR
    )


def _hash(name: str, spelled: str, alias: str) -> sql.Composable:
    function = _HASHES.get(spelled)
    if function is None:
        return digest([(name, spelled)], alias, "record")
    return sql.SQL("pg_catalog.{}({}, 0)").format(sql.Identifier(function), column(name, alias))
