"""How a sync stands by what its runs have recorded. Sends nothing, and changes nothing.

The checks of a run are evaluated by it; this is for somebody who asks for them alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

from ..config import SyncConfig
from ..connect import READ_ONLY, Endpoint, is_migrated
from ..drift import Drift
from ..errors import AlreadyRunning
from ..model import describe
from ..outcome import Rejection
from ..plan import (
    Chosen,
    Planner,
    RefusedRow,
    Sides,
    State,
    keyless_rows,
    locked,
    prepare,
    refused_rows,
)
from ..privacy import Privacy
from ..record import run_report
from ..verify import Bookkeeping
from ..write import SILENT, UNWRITTEN, Ledger, find_target
from .drift import drift
from .ends import Ends
from .open_ledger import open_ledger

SAMPLE_ROWS = 20


@dataclass(frozen=True)
class Standing:
    """What planner, ledger and audit say of a sync now.

    Args:
        runs: numbers of the last runs that came to their end: one, or one for each partition;
            empty for a sync that never ran.
        rejected: rows that are refused now, parked ones among them.
        parked: those that are not tried.
        absorbed: those that the destination takes without an error and does not keep.
        rejections: a sample of the refused rows.
        planned: rows of those runs.
        applied: rows of those runs that the destination took, as its ledger counted.
        problems: what does not agree, one sentence each.
    """

    runs: tuple[int, ...] = ()
    rejected: int = 0
    parked: int = 0
    absorbed: int = 0
    rejections: tuple[Rejection, ...] = ()
    planned: int = 0
    applied: int = 0
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Book:
    """The books of one state."""

    runs: tuple[int, ...]
    planned: int
    applied: int
    problems: tuple[str, ...]
    keyless: int


def standing(
    sync: SyncConfig, source: Endpoint, destination: Endpoint, *, platform: Endpoint | None = None
) -> Standing:
    """Reads the books of a sync: of its last runs, of all its partitions.

    Args:
        sync: its name, engine and connections count; neither model nor table is looked at.
        source: engine lightning has the books there.
        destination: where the ledger is.
        platform: where engine standard has them.

    Raises:
        AlreadyRunning: a run is under way, and the books are not closed.
        PgsyncError: a database cannot be reached or read.
    """
    home, _ = Ends(source, destination, platform).planner_of(sync)
    with _opened(sync, home, destination) as (planner, ledger):
        if planner is None or ledger is None:
            return Standing()
        states = _states(planner, sync.name)
        books = [_book(planner, ledger, state) for state in states]
        reasons, rows = refused_rows(
            planner.session, planner.schema, Privacy.of(sync), Chosen(), SAMPLE_ROWS
        )
    return Standing(
        runs=tuple(run for book in books for run in book.runs),
        rejected=sum(one.rows for one in reasons) + sum(book.keyless for book in books),
        parked=sum(one.parked for one in reasons),
        absorbed=sum(one.rows for one in reasons if one.reason in SILENT),
        rejections=tuple(map(_rejection, rows)),
        planned=sum(book.planned for book in books),
        applied=sum(book.applied for book in books),
        problems=tuple(told for book in books for told in book.problems),
    )


def drift_now(
    sync: SyncConfig, source: Endpoint, destination: Endpoint, *, platform: Endpoint | None = None
) -> Drift:
    """Compares both ends, as they are now, with what the last successful runs noted of them.

    Args:
        sync: with the model's SQL loaded.
        source: where the model is read.
        destination: where the table is.
        platform: where engine standard keeps its state.

    Raises:
        ModelError: the model is not one SELECT any more, say.
        PgsyncError: a database cannot be reached or read.
    """
    home, _ = Ends(source, destination, platform).planner_of(sync)
    name = f"pgsync/{sync.name} drift"
    with home.session(name) as keeper:
        schema = keeper.config.schemas.planner
        if not is_migrated(keeper, schema):
            return Drift()
        known = [state.columns for state in _states(Planner(keeper, schema), sync.name)]
    now = _sides(sync, source, destination, name)
    found = [drift(sync, before, now) for before in known]
    changes = dict.fromkeys(change for one in found for change in one.changes)
    here = drift(sync, None, now)
    return Drift(tuple(changes), here.unsent, here.unwritten, any(one.is_known for one in found))


def _sides(sync: SyncConfig, source: Endpoint, destination: Endpoint, name: str) -> Sides:
    with source.session(name) as reader, destination.session(name) as writer:
        relation = describe(reader, sync.model)
        with writer.transaction(f"describing table {sync.table}", READ_ONLY) as connection:
            target = find_target(writer, connection, sync.table)
    there = target.columns if target else {}
    table = {name: one.column.type for name, one in there.items()}
    return Sides({one.name: one.type for one in relation.columns}, table)


@contextmanager
def _opened(
    sync: SyncConfig, home: Endpoint, destination: Endpoint
) -> Iterator[tuple[Planner | None, Ledger | None]]:
    """Planner and ledger while no run of the sync is under way; None where it never ran."""
    name, schemas = f"pgsync/{sync.name} checks", home.config.schemas
    with ExitStack() as stack:
        keeper = stack.enter_context(home.session(name))
        if not all(is_migrated(keeper, one) for one in (schemas.planner, schemas.audit)):
            yield None, None
            return
        planner = prepare(keeper, schemas.planner)
        lock = stack.enter_context(home.session(f"{name} lock"))
        try:
            stack.enter_context(locked(lock, planner.schema, sync.name, ""))
        except AlreadyRunning:
            raise AlreadyRunning(f"{sync.name}: a run is under way") from None
        writer = stack.enter_context(destination.session(name))
        yield planner, stack.enter_context(open_ledger(home, writer, name))


def _states(planner: Planner, sync: str) -> list[State]:
    """States of a sync that know of a run."""
    found = (planner.look(sync, name) for name in planner.partitions_of(sync))
    return [state for state in found if state is not None and state.shape is not None]


def _book(planner: Planner, ledger: Ledger, state: State) -> _Book:
    assert state.shape is not None  # noqa: S101 - see `_states`
    entry, audit = ledger.read(state), planner.session.config.schemas.audit
    claimed = replace(state, epoch=state.epoch + 1)  # as the next run would have it
    books = Bookkeeping(planner, claimed, state.shape, entry, state.partition, audit)
    with planner.session.transaction("reading the books", READ_ONLY) as connection:
        runs = tuple(books.last_runs(connection))
        problems = [*books.problems(connection)]
        keyless = keyless_rows(planner, connection, runs)
    reports = (run_report(planner.session, audit, run, limit=0) for run in runs)
    planned = sum(report.run.planned.total for report in reports if report)
    if entry is not None and entry.run != UNWRITTEN:
        problems += _ledger_problem(planner, audit, entry.run, entry.applied)
    applied = entry.applied if entry and entry.run in runs else 0
    told = tuple(f"{state.partition}: {one}" if state.partition else one for one in problems)
    return _Book(runs, planned, applied, told, keyless)


def _ledger_problem(planner: Planner, audit: str, run: int, applied: int) -> Iterator[str]:
    """The ledger counts in the transactions of the rows; retention may have taken the other."""
    report = run_report(planner.session, audit, run, limit=0)
    if report is not None and report.run.succeeded.total != applied:
        yield (
            f"run {run}: the destination's ledger counted {applied:,} rows, sync_runs says "
            f"{report.run.succeeded.total:,}"
        )


def _rejection(row: RefusedRow) -> Rejection:
    return Rejection(
        row.row_id,
        row.operation,
        row.sqlstate,
        row.constraint,
        row.column,
        row.reason,
        row.attempts,
    )
