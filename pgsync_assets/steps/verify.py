"""The model compared with the destination, row by row: `verify`, and what `adopt` stands on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from ..connect import READ_ONLY
from ..outcome import Counts, Verification
from ..verify import (
    Bookkeeping,
    Comparison,
    Details,
    Key,
    MappedColumn,
    Reading,
    destination_end,
    model_end,
    state_end,
)
from ..write.remove import REMOVALS
from .work import Work


@dataclass(frozen=True)
class Compared:
    """A comparison that is done, while its transactions are open.

    Args:
        comparison: its tables, in the planner's transaction `comparison.connection`.
        rows: of the model.
        model: the model, to read more of it.
        state: what this sync wrote last, where that is known.
        destination: the destination table.
    """

    comparison: Comparison
    rows: int
    model: Reading
    state: Reading | None
    destination: Reading


@contextmanager
def compared(work: Work) -> Iterator[Compared]:
    """Compares model, state and destination; what was found is there for the length of the block.

    One transaction at each end. The planner's holds the state, reads the model too, and may be
    written in: it is committed where the block ends well. The destination's is read only.

    Args:
        work: locked and claimed.

    Raises:
        FencedOff: a newer run took over.
        ConnectionLost: of the lock, too: a run may have been under way in the meantime.
    """
    columns = mapped_columns(work)
    key = Key(one for name in work.mapping.key for one in columns if one.source == name)
    session = work.ledger.session
    with (
        session.transaction(f"reading {work.target.name}", READ_ONLY) as there,
        # Inside, so that what goes wrong is said of the planner unless a reading says otherwise.
        work.planner.hold(work.state, "comparing") as here,
    ):
        comparison = Comparison(work.planner, here, work.state, key)
        source = work.planner.session.name
        model = Reading(model_end(source, work.sync.model, columns, key, work.partition), here)
        table = destination_end(session.name, work.target, columns, key, work.partition)
        destination = Reading(table, there)
        rows = _read(work, comparison, model, destination)
        work.lock.check()
        work.reporter.step("compare", rows)
        state = state_end(work.planner, work.state, work.shape, columns, key)
        comparison.compare(state, removes=REMOVALS[work.sync.delete] is not None)
        known = Reading(state, here) if state is not None and state.images else None
        yield Compared(comparison, rows, model, known, destination)
        comparison.drop()


def verify(work: Work, *, limit: int, with_values: bool) -> Verification:
    """Whether the destination is in step with the model. Changes nothing anywhere.

    Args:
        work: locked and claimed.
        limit: differences to list at the most.
        with_values: list values of the rows; else none leaves its server.

    Raises:
        PgsyncError: see `compared`.
    """
    entry = work.ledger.read(work.state)
    audit = work.planner.session.config.schemas.audit
    bookkeeping = Bookkeeping(work.planner, work.state, work.shape, entry, audit)
    with compared(work) as done:
        problems = tuple(bookkeeping.problems(done.comparison.connection))
        names = work.mapping.sources
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
        differences=differences,
        problems=problems,
        seconds=work.reporter.finish(),
    )


def mapped_columns(work: Work) -> tuple[MappedColumn, ...]:
    """The mapped columns, in the order of the model.

    Args:
        work: with the described model and table.
    """
    types = {column.name: column.type for column in work.relation.columns}
    only_key = work.mapping.key if len(work.mapping.key) == 1 else ()
    return tuple(
        MappedColumn(source, types[source], work.target.columns[target], source in only_key)
        for source, target in zip(work.mapping.sources, work.mapping.targets, strict=True)
    )


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
