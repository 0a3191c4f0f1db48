"""The model compared with the destination, row by row: `verify`, and what `adopt` stands on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol

import psycopg

from ..config import SyncConfig
from ..connect import READ_ONLY
from ..model import ColumnMapping, Relation, check_moment
from ..outcome import Counts
from ..plan import Storage
from ..privacy import Privacy
from ..verification import Difference, Verification
from ..verify import (
    Bookkeeping,
    Comparison,
    Details,
    Key,
    MappedColumn,
    Reading,
    comparable,
    destination_end,
    model_end,
    state_end,
)
from ..write import Target
from .switch import is_elsewhere
from .turn import shares_state
from .work import Work

SWITCHED = (
    "the engine was switched, and no run has been since: what was sent is in the other planner "
    "until then, so that every row looks as if it was not"
)


@dataclass(frozen=True)
class Compared:
    """A comparison that is done, while its transactions are open.

    Args:
        comparison: its tables, in the planner's transaction `comparison.connection`.
        rows: of the model.
        model: the model, to read more of it.
        state: what this sync wrote last, where its columns are known.
        destination: the destination table.
        problems: what does not agree in the bookkeeping.
    """

    comparison: Comparison
    rows: int
    model: Reading
    state: Reading | None
    destination: Reading
    problems: tuple[str, ...]


@contextmanager
def compared(work: Work) -> Iterator[Compared]:
    """Compares model, state and destination; what was found is there for the length of the block.

    One transaction at each end. The planner's holds the state, reads the model too where that is in
    the same database, and may be written in: it is committed where the block ends well. The others
    are read only.

    Args:
        work: locked and claimed.

    Raises:
        FencedOff: a newer run took over.
        ConnectionLost: of the lock, too: a run may have been under way in the meantime.
    """
    columns = mapped_columns(work)
    of_key = (one for name in work.mapping.key for one in columns if one.source == name)
    key = Key(of_key, work.shape.nullable_key)
    books = _bookkeeping(work)
    with _transactions(work) as (here, reader, there):
        comparison = Comparison(work.planner, here, work.state, key)
        model, destination = _readings(work, columns, key, reader, there)
        rows = _read(work, comparison, model, destination)
        check_moment(reader, work.reader.name)
        work.lock.check()
        work.reporter.step("compare", rows)
        state = state_end(work.planner, work.state, work.shape, columns, key)
        comparison.compare(state, removes=_removes(work))
        known = Reading(state, here) if state is not None and state.images else None
        problems = tuple(books.problems(here))
        yield Compared(comparison, rows, model, known, destination, problems)
        comparison.drop()


def verify(work: Work, *, limit: int, with_values: bool) -> Verification:
    """Whether the destination is in step with the model. Changes nothing but the sync's epoch.

    Args:
        work: locked and claimed.
        limit: differences to list at the most.
        with_values: list values of the rows; else none leaves its server.

    Raises:
        PgsyncError: see `compared`.
    """
    switched = (SWITCHED,) if work.state.shape is None and is_elsewhere(work) else ()
    with compared(work) as done:
        names = tuple(one.source for one in mapped_columns(work))
        details = Details(
            done.comparison, names, done.model, done.state, done.destination, with_values
        )
        differences = details.differences(limit)
        counts = done.comparison.counts()
    return Verification(
        sync=work.sync.name,
        partition=work.partition.name if work.partition else None,
        rows=done.rows,
        same=counts.same,
        missing=counts.of("missing"),
        differs=counts.of("differs"),
        rejected=counts.of("rejected"),
        pending=Counts(
            counts.of("pending", "added"),
            counts.of("pending", "changed"),
            counts.of("pending", "removed"),
        ),
        foreign=counts.of("foreign"),
        differences=tuple(_seen(one, work.audit.privacy) for one in differences),
        problems=(*switched, *done.problems),
        seconds=work.reporter.finish(),
    )


def _seen(row: Difference, privacy: Privacy) -> Difference:
    return replace(
        row,
        row_id=privacy.name(row.row_id),
        model=privacy.image(row.model),
        destination=privacy.image(row.destination),
    )


class Fitted(Protocol):
    """A model and a table, and how they fit."""

    @property
    def sync(self) -> SyncConfig:
        """What the user wrote."""

    @property
    def relation(self) -> Relation:
        """The model, described."""

    @property
    def target(self) -> Target:
        """The table."""

    @property
    def mapping(self) -> ColumnMapping:
        """Which column goes where."""

    @property
    def storage(self) -> Storage:
        """Types of the columns in the planner's tables."""


def mapped_columns(work: Fitted) -> tuple[MappedColumn, ...]:
    """The columns that have to be the same at both ends, in the order of the model.

    All that are mapped; or those of the key, where a row that changed is not sent again.

    Args:
        work: with the described model and table.
    """
    is_compared = {*work.mapping.sources}
    if not work.sync.mode_traits.sends_changes:
        is_compared = {*work.mapping.key}
    types = {column.name: column.type for column in work.relation.columns}
    only_key = work.mapping.key if len(work.mapping.key) == 1 else ()
    return tuple(
        MappedColumn(source, types[source], work.target.columns[target], stored, source in only_key)
        for source, target, stored in zip(
            work.mapping.sources, work.mapping.targets, work.storage.types, strict=True
        )
        if source in is_compared
    )


Connection = psycopg.Connection[Any]


@contextmanager
def _transactions(work: Work) -> Iterator[tuple[Connection, Connection, Connection]]:
    """Of the planner, of the model (the same one where it is the same database), of the table."""
    writer, planner = work.ledger.session, work.planner
    with ExitStack() as stack:
        zone = work.reader.config.time_zone  # in which the model writes what is compared
        doing = f"reading {work.target.name}"
        there = stack.enter_context(writer.transaction(doing, READ_ONLY, time_zone=zone))
        reader = None
        if work.reader is not planner.session:
            reader = stack.enter_context(work.reader.transaction("reading the model", READ_ONLY))
        # Inside, so that what goes wrong is said of the planner unless a reading says otherwise.
        here = stack.enter_context(planner.hold(work.state, "comparing"))
        yield here, reader or here, there


def _readings(
    work: Work, columns: tuple[MappedColumn, ...], key: Key, reader: Connection, there: Connection
) -> tuple[Reading, Reading]:
    known = comparable(work.state, work.shape) if work.sync.mode_traits.sends_changes else None
    covered = work.sync.partitions.covered if work.sync.partitions else None
    model = model_end(
        work.reader.name, work.sync.model, columns, key, work.partition, covered, known
    )
    name = work.ledger.session.name
    table = destination_end(name, work.target, columns, key, work.partition, work.shape.predicate)
    return Reading(model, reader), Reading(table, there)


def _bookkeeping(work: Work) -> Bookkeeping:
    entry = work.ledger.read(work.state)
    audit = work.planner.session.config.schemas.audit
    return Bookkeeping(work.planner, work.state, work.shape, entry, work.slice, audit)


def _removes(work: Work) -> bool:
    """Whether a row that the model does not have is to leave the destination.

    One that left a partition of shared state may be in another one: only a comparison of the whole
    model tells.
    """
    return work.sync.deletes and not shares_state(work.partition)


def _read(work: Work, comparison: Comparison, model: Reading, destination: Reading) -> int:
    work.reporter.step("model")
    rows = comparison.read_model(
        model.end,
        model.connection,
        proven=work.relation.unique_key,
        told=partial(work.reporter.rows, total=0, rejected=0),
    )
    work.reporter.step("destination")
    comparison.read_destination(
        destination.end,
        destination.connection,
        told=partial(work.reporter.rows, total=0, rejected=0),
    )
    return rows
