"""The three places where a row is: in the model, in the state, at the destination.

Each says of its rows the key, a fingerprint of the mapped columns where it has them, and, of a few
rows that are asked for by key, the columns themselves. A state that holds digests has those only:
its own digest of a row (a mark) is then asked of the model, too, in the same words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg import sql

from ..config import ModelConfig, Partition, Slice
from ..model import condition, rows
from ..plan import Planner, Shape, State, keys
from ..plan.digest import digest
from ..plan.shape import DIGEST
from ..sql import COMMA, column, column_list
from ..write import Target
from .columns import MappedColumn
from .key import Key

TRUE = sql.SQL("true")
NO_FINGERPRINT = sql.SQL("NULL::pg_catalog.bytea")
NO_MARK = sql.SQL("NULL::bigint")
ALIAS = "held"  # of an end's rows in our statements


@dataclass(frozen=True)
class End:
    """Rows, and how their keys and their mapped columns are written so that they can be compared.

    Args:
        name: for messages.
        rows: a relation, or a sub-select, without an alias.
        key: the key of the sync.
        keys: its columns here, typed as in a table of keys.
        images: the mapped columns, in the order of the model; none where it does not have them.
        mark: what the state's own digest of a row is, where the state holds digests.
        is_known: where the image of a row is known: elsewhere fingerprint and mark are NULL; None:
            wherever there are images or a mark.
        where: which of the rows; None: all.
    """

    name: str
    rows: sql.Composable
    key: Key
    keys: tuple[sql.Composable, ...]
    images: tuple[sql.Composable, ...]
    mark: sql.Composable | None = None
    is_known: sql.Composable | None = None
    where: sql.Composable | None = None

    def fingerprints(self) -> sql.Composed:
        """One row for each: its key as k1, k2 .., its fingerprint and its mark."""
        return sql.SQL(
            "SELECT {keys}, CASE WHEN {is_known} THEN {fingerprint} END AS fingerprint,"
            " CASE WHEN {is_known} THEN {mark} END AS mark FROM {rows} WHERE {where}"
        ).format(
            keys=self.key.named(self.keys),
            is_known=self.is_known or TRUE,
            fingerprint=fingerprint(self.images) if self.images else NO_FINGERPRINT,
            mark=self.mark or NO_MARK,
            rows=self._from(),
            where=self.where or TRUE,
        )

    def columns_of(self, wanted: Sequence[Sequence[str]], *, with_values: bool) -> sql.Composed:
        """The columns of some rows: the row's number in the list, and an array of its columns.

        Args:
            wanted: the texts of the keys of at least one row.
            with_values: the text of each value as in a composite value, `("")` or `()` for NULL;
                else its fingerprint, so that no value travels.
        """
        write = _text if with_values else fingerprint
        return sql.SQL(
            "SELECT wanted.n, ARRAY[{}] FROM {} JOIN {} AS wanted ON {} WHERE {}"
        ).format(
            COMMA.join(write((image,)) for image in self.images),
            self._from(),
            self.key.listed(wanted),
            self.key.equals(self.keys, "wanted"),
            self.where or TRUE,
        )

    def _from(self) -> sql.Composable:
        return sql.SQL("{} AS {}").format(self.rows, sql.Identifier(ALIAS))


def model_end(
    source: str,
    model: ModelConfig,
    columns: Sequence[MappedColumn],
    key: Key,
    partition: Partition | None,
    covered: Slice | None,
    state: Shape | None,
) -> End:
    """What the model says now.

    Args:
        source: name of the connection that it is read from.
        model: with its SQL loaded.
        columns: the mapped ones.
        key: the key of the sync.
        partition: only this slice.
        covered: what all partitions hold together; None for everything.
        state: of a state whose images can be compared with the model's; None where there is none.
    """
    names = tuple(one.source for one in columns)
    among = condition(covered, "model") if covered else None
    mark = None
    if state is not None and state.holds == "digest":
        mark = digest([(one.source, one.spelled) for one in columns], ALIAS, state.algorithm)
    return End(
        f"the model at {source}",
        sql.SQL("({})").format(rows(model, names, partition, among)),
        key,
        planned_keys(key),
        _images(columns),
        mark,
    )


def comparable(state: State, shape: Shape) -> Shape | None:
    """The shape of a state whose images can be compared with the model's.

    Args:
        state: as claimed.
        shape: the sync's shape as it is now.
    """
    old = state.shape
    return old if old is not None and old.compares_with(shape) else None


def state_end(
    planner: Planner,
    state: State,
    shape: Shape,
    columns: Sequence[MappedColumn],
    key: Key,
) -> End | None:
    """What this sync wrote last, as its state has it; None where it has no state of this table.

    Where the mapping has changed since, keys are known and images are not; so it is with a row
    that was marked to be sent again.

    Args:
        planner: where the state is.
        state: as claimed.
        shape: the sync's shape as it is now.
        columns: the mapped ones.
        key: the key of the sync.
    """
    if state.shape is None or state.shape.identity != shape.identity:
        return None
    known = comparable(state, shape)
    is_newest = sql.SQL("{} <> {}").format(
        column(keys.OPERATION, ALIAS), sql.Literal(keys.SEND_AGAIN)
    )
    has_rows = known is not None and known.holds == "rows"
    has_digests = known is not None and known.holds == "digest"
    return End(
        "the state",
        planner.snapshot_table(state),
        key,
        planned_keys(key),
        _images(columns) if has_rows else (),
        column(DIGEST, ALIAS) if has_digests else None,
        is_known=is_newest,
    )


def destination_end(
    destination: str,
    target: Target,
    columns: Sequence[MappedColumn],
    key: Key,
    partition: Partition | None,
    predicate: str | None,
) -> End:
    """What the destination table holds.

    Args:
        destination: name of the connection.
        target: the table.
        columns: the mapped ones.
        key: the key of the sync.
        partition: where its column is one of the key, rows of other slices are not read; else
            they are foreign to it.
        predicate: of the partial index that rows are matched by: others are nobody's business.
    """
    names = {one.source: one.target.column.name for one in columns}
    where: sql.Composable | None = None
    if partition is not None and partition.is_of_key:
        where = condition(partition.slice.renamed(names), ALIAS)
    return End(
        f"{target.name} at {destination}",
        _among(target, tuple(names.values()), predicate) if predicate else target.relation,
        key,
        tuple(one.key(column(names[one.source], ALIAS)) for one in key.columns),
        tuple(one.kept(column(names[one.source], ALIAS)) for one in columns),
        where=where,
    )


def _among(target: Target, names: Sequence[str], predicate: str) -> sql.Composable:
    """The rows that fulfil a predicate, where its bare names cannot be anybody else's."""
    # PostgreSQL wrote it.
    return sql.SQL("(SELECT {} FROM {} WHERE {})").format(
        column_list(names), target.relation, sql.SQL(predicate)
    )


def fingerprint(images: Sequence[sql.Composable]) -> sql.Composable:
    """64 bits of what travels, the same on any server: of the UTF-8 bytes, whatever it stores.

    `ROW(..)::text` calls the output functions that COPY calls, and tells NULL from the empty text.
    Not hashtext: its answer depends on the byte order of the machine. Not md5: a server may forbid
    it. Two values of one row are taken for the same once in 2^64 times.
    """
    return sql.SQL(
        "pg_catalog.substr(pg_catalog.sha256(pg_catalog.convert_to({}, 'UTF8')), 1, 8)"
    ).format(_text(images))


def _text(images: Sequence[sql.Composable]) -> sql.Composable:
    return sql.SQL("ROW({})::text").format(COMMA.join(images))


def planned_keys(key: Key) -> tuple[sql.Composable, ...]:
    """The key columns of a relation named `held` that has the model's columns.

    Args:
        key: the key of the sync.
    """
    return tuple(one.key(column(one.source, ALIAS)) for one in key.columns)


def _images(columns: Sequence[MappedColumn]) -> tuple[sql.Composable, ...]:
    return tuple(one.sent(column(one.source, ALIAS)) for one in columns)
