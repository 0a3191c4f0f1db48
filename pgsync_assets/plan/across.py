"""Engine standard: the source is only read; keys and digests come over, then changed rows by key.

All of it happens in one snapshot of the source. An image that is fetched after the comparison
carries a digest of its own: where it differs, the model does not answer the same twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from psycopg import sql

from ..connect import READ_ONLY, Session, pump, translated
from ..model import check_moment
from ..sql import COMMA, column, column_list, relation
from .buckets import Buckets
from .keys import OPERATION, ROW, equal_keys
from .reading import Connection, Fetch, Question
from .run import Run
from .settings import Settings
from .shape import DIGEST, Shape
from .state import Planner, State
from .streamed import Streamed

AT_ONCE = 200_000
"""Keys in one statement: some megabytes of text."""

SCAN = 0.04
"""What it costs to look whether a row is asked for, beside bringing it over."""


class Across:
    """The model is in another database, which is only read.

    Args:
        planner: of the platform.
        state: as claimed.
        question: what is read.
        source: where the model is.
        told: is told how many rows came over so far.
        streamed: holds the snapshot until the rows are written, where they may travel that way.
    """

    def __init__(
        self,
        planner: Planner,
        state: State,
        question: Question,
        source: Session,
        told: Callable[[int], None],
        streamed: Streamed | None = None,
    ) -> None:
        self._planner = planner
        self._state = state
        self._question = question
        self._source = source
        self._tables = {
            name: relation(planner.schema, f"{name}_{state.id}")
            for name in ("model", "image", "left")
        }
        self._stored: list[str] = []
        self._reader: Connection | None = None
        self._rows = 0
        self._told = told
        self._streamed = streamed
        self._come = 0
        self._buckets: Buckets | None = None
        self.bytes = 0

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """One read-only transaction at the source: works on a hot standby."""
        with ExitStack() as stack:
            if self._streamed is not None:
                reader = self._streamed.open()
            else:
                begun = self._source.transaction("reading the model", READ_ONLY)
                reader = stack.enter_context(begun)
            self._reader = reader
            with self._asking() as reader:
                reader.execute(self._planner.statement("reading_settings.sql"), {})
            self._settings = Settings(self._source)
            yield
            if self._streamed is not None and self._streamed.bytes is None:
                self._streamed.close()  # the rows were stored after all

    @contextmanager
    def _asking(self) -> Iterator[Connection]:
        """The source's transaction, whose errors are its own and not the planner's around it."""
        assert self._reader is not None  # noqa: S101 - only within `snapshot`
        with translated(f"{self._source.name}: reading the model", self._reader):
            yield self._reader

    def stream(self, connection: Connection, run: Run) -> int | None:
        """Keys, digests and places are copied over; see `Streamed`."""
        if self._streamed is None:
            return None
        made = self._streamed.plan_across(connection, run, self._told)
        if made is None:
            return None
        self._settings.check_all()
        self.check(connection)
        self.bytes += made[1]
        return self._streamed.bytes

    def fetch(self, *, images: bool) -> Fetch | None:
        """Columns travel only where they are asked for; else the changed rows' do, by key."""
        return None if images else self._images

    def model(self, connection: Connection, *, images: bool, old: Shape | None) -> sql.Composable:
        """Keys and digests, or whole rows, copied over; see `Buckets` for those that are not."""
        shape = self._question.shape
        columns = shape.columns if images else shape.key
        selected = self._question.rows(columns)
        if old is not None and not images:
            selected = self._narrowed(connection, selected, old)
        self._create(connection, "model", columns)
        copied = self._copy(connection, "model", columns, selected)
        self._rows = self._buckets.rows if self._buckets else copied
        return sql.SQL("{} AS model").format(self._tables["model"])

    def among(self, alias: str) -> sql.Composable | None:
        """Rows of the buckets that differ."""
        return self._buckets.of_the_snapshot(alias) if self._buckets else None

    def _narrowed(
        self, connection: Connection, selected: sql.Composable, old: Shape
    ) -> sql.Composable:
        assert self._reader is not None  # noqa: S101 - only within `snapshot`
        buckets = Buckets.of(connection, self._planner, self._state, self._question, old)
        if buckets is None:
            return selected
        buckets.compare(connection, self._reader, self._told)
        self._settings.check_all()
        self._come += buckets.rows  # they were read, if at the source
        self.bytes += buckets.bytes
        if not buckets.most_are_same:
            buckets.forget(connection)
            return selected
        self._buckets = buckets
        return buckets.of_the_model(connection, selected)

    def _images(self, connection: Connection, changed: sql.Composable) -> sql.Composable:
        """Images by key, or of the whole model where much of it has changed."""
        shape = self._question.shape
        self._create(connection, "image", shape.columns)
        selected = self._question.rows(shape.columns)
        wanted = sql.SQL("{} <> 'r'").format(column(OPERATION))
        self._fetch(connection, "image", shape.columns, selected, changed, wanted)
        if self._question.relation.unique_key:
            return self._tables["image"]
        # A model that answers differently each time may do so twice for one key.
        return sql.SQL("(SELECT DISTINCT ON ({keys}) * FROM {table} ORDER BY {keys})").format(
            keys=column_list(shape.key), table=self._tables["image"]
        )

    def keys_left(self, connection: Connection, gone: sql.Composable) -> sql.Composable:
        """Asks the source for the keys in question."""
        key = self._question.shape.key
        self._create(connection, "left", key, with_digest=False)
        selected = self._question.keys_of_all()
        self._fetch(connection, "left", key, selected, gone, sql.SQL("true"))
        return sql.SQL("TABLE {}").format(self._tables["left"])

    def highest(self, connection: Connection, name: str) -> str | None:
        """Asks the source, in the snapshot that was compared."""
        query = sql.SQL("SELECT max({})::text FROM ({}) AS model").format(
            column(name, "model"), self._question.cut((name,))
        )
        with self._asking() as reader:
            row = reader.execute(query, binary=True).fetchone()
        return row[0] if row else None

    def check(self, connection: Connection) -> None:
        """By the source's transaction."""
        with self._asking() as reader:
            check_moment(reader, self._source.name)

    def forget(self, connection: Connection) -> None:
        """Drops what was copied."""
        for name in self._stored:
            connection.execute(sql.SQL("DROP TABLE {}").format(self._tables[name]))
        self._stored.clear()
        if self._buckets is not None:
            self._buckets.forget(connection)

    def _create(
        self,
        connection: Connection,
        name: str,
        columns: tuple[str, ...],
        *,
        with_digest: bool = True,
    ) -> None:
        shape = self._question.shape
        # Types come from format_type, never from a user.
        typed = [sql.SQL("{} {}").format(column(c), sql.SQL(shape.stored_type(c))) for c in columns]
        if with_digest:
            typed.append(sql.SQL("{} bigint").format(column(DIGEST)))
        connection.execute(
            sql.SQL("CREATE UNLOGGED TABLE {} ({})").format(self._tables[name], COMMA.join(typed))
        )
        self._stored.append(name)

    def _copy(
        self,
        connection: Connection,
        name: str,
        columns: tuple[str, ...],
        query: sql.Composable,
        *,
        with_digest: bool = True,
    ) -> int:
        assert self._reader is not None  # noqa: S101 - only within `snapshot`
        names = (*columns, DIGEST) if with_digest else columns
        into = sql.SQL("{} ({})").format(self._tables[name], column_list(names))
        before = self._come
        rows, size = pump(
            self._reader, query, connection, into, told=lambda rows: self._told(before + rows)
        )
        self._settings.check_all()
        self._come += rows
        self.bytes += size
        return rows

    def _fetch(
        self,
        connection: Connection,
        name: str,
        columns: tuple[str, ...],
        selected: sql.Composable,
        asked: sql.Composable,
        wanted: sql.Composable,
    ) -> None:
        """Copies those rows of a SELECT whose keys are asked for, or all where that is cheaper."""
        has_digest = name == "image"
        count, last = _extent(connection, asked, wanted)
        if not count:
            return
        if count > AT_ONCE and not self._is_cheaper_by_key(count):
            self._copy(connection, name, columns, selected, with_digest=has_digest)
            return
        for first in range(0, last, AT_ONCE):
            query = self._by_key(connection, selected, asked, wanted, first)
            if query is not None:
                self._copy(connection, name, columns, query, with_digest=has_digest)

    def _is_cheaper_by_key(self, count: int) -> bool:
        """Each statement reads the whole table once; a query might answer differently each time."""
        scans = -(-count // AT_ONCE)
        is_less = scans * SCAN * self._rows <= self._rows - count
        return is_less and self._question.relation.unique_key

    def _by_key(
        self,
        connection: Connection,
        selected: sql.Composable,
        asked: sql.Composable,
        wanted: sql.Composable,
        first: int,
    ) -> sql.Composable | None:
        shape = self._question.shape
        arrays = _arrays(connection, shape, asked, wanted, first)
        if arrays[0] is None:
            return None
        typed = [
            sql.SQL("{}::{}[]").format(sql.Literal(array), sql.SQL(_element_type(shape, name)))
            for name, array in zip(shape.key, arrays, strict=True)
        ]
        values = [
            sql.SQL("asked.{}::{}").format(column(name), sql.SQL(shape.type_of(name) or "text"))
            for name in shape.key
        ]
        operators = self._question.relation.key_operators
        same = equal_keys(shape.key, operators, "model", "wanted", shape.nullable_key)
        return sql.SQL(
            "SELECT model.* FROM ({selected}) AS model JOIN"
            " (SELECT {values} FROM unnest({arrays}) AS asked ({keys})) AS wanted ({keys})"
            " ON {same}"
        ).format(
            selected=selected,
            values=COMMA.join(values),
            arrays=COMMA.join(typed),
            keys=column_list(shape.key),
            same=same,
        )


def _extent(
    connection: Connection, asked: sql.Composable, wanted: sql.Composable
) -> tuple[int, int]:
    """How many keys are asked for, and the highest of their numbers."""
    row = connection.execute(
        sql.SQL("SELECT count(*), coalesce(max({}), 0) FROM {} WHERE {}").format(
            column(ROW), asked, wanted
        )
    ).fetchone()
    assert row is not None  # noqa: S101 - an aggregate has one row
    return row[0], row[1]


def _arrays(
    connection: Connection,
    shape: Shape,
    asked: sql.Composable,
    wanted: sql.Composable,
    first: int,
) -> tuple[str | None, ...]:
    """The keys numbered `first < number <= first + AT_ONCE`, one array for each key column.

    As the text of an array, which the other server reads: no key becomes a Python object.
    """
    lists = COMMA.join(
        sql.SQL("array_agg({}{})::text").format(
            column(name), sql.SQL("::text" if _is_array(shape, name) else "")
        )
        for name in shape.key
    )
    row = connection.execute(
        sql.SQL("SELECT {} FROM {} WHERE {} AND {row} > {} AND {row} <= {}").format(
            lists, asked, wanted, sql.Literal(first), sql.Literal(first + AT_ONCE), row=column(ROW)
        )
    ).fetchone()
    assert row is not None  # noqa: S101 - an aggregate has one row
    return tuple(row)


def _is_array(shape: Shape, name: str) -> bool:
    return (shape.type_of(name) or "").endswith("[]")


def _element_type(shape: Shape, name: str) -> str:
    # unnest would take arrays within an array apart: those travel as text.
    return "text" if _is_array(shape, name) else shape.type_of(name) or "text"
