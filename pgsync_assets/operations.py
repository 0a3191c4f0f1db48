"""Operations on what is known of a sync: adopt, reset, drop, retry of what was rejected.

The destination is not touched.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from .config import Partition, SyncConfig
from .connect import Endpoint
from .errors import TerminalError
from .failpoints import failpoint
from .outcome import Adopted, Forgotten, Listener, Released
from .plan import Chosen, forget, release
from .plan import drop as drop_state
from .steps.adopt import adopt as taken
from .steps.books import Books, all_books
from .steps.ends import Ends
from .steps.progress import Reporter, silent
from .steps.work import opened

RESET = "the state was reset before all of it was written"
DROPPED = "the sync was dropped before all of it was written"


def adopt(
    sync: SyncConfig,
    source: Endpoint,
    destination: Endpoint,
    *,
    platform: Endpoint | None = None,
    partition: Partition | None = None,
    on_progress: Listener = silent,
) -> Adopted:
    """Takes the destination as it is: rows that are there as the model has them count as sent.

    Nothing is sent and nothing is removed; what is missing or differs is sent by the next run. A
    way to begin on a table that somebody else has filled, and a way out after a restore.

    Args:
        sync: what the user wrote, with the model's SQL loaded.
        source: where the model is read.
        destination: where the table is.
        platform: where engine standard keeps its state.
        partition: only this slice of the model.
        on_progress: is told where the comparison is.

    Raises:
        AlreadyRunning: a run of it is under way; nothing was touched.
        PgsyncError: see `sync.run`.
    """
    reporter = Reporter(sync.name, partition.name if partition else None, on_progress)
    with opened(sync, Ends(source, destination, platform), partition, reporter) as work:
        return taken(work)


def reset(
    sync: SyncConfig,
    source: Endpoint,
    destination: Endpoint,
    *,
    platform: Endpoint | None = None,
    partition: str | None = None,
) -> Forgotten:
    """Forgets what was sent: the next run is a first one, and sends every row of the model.

    Rows that left the model since the last run stay at the destination: nobody knows of them any
    more. To send everything again *and* remove those, run with `full_resync`.

    Args:
        sync: whose state it is.
        source: where lightning keeps it.
        destination: where the ledger is.
        platform: where standard keeps it.
        partition: only this one's; default: all.

    Raises:
        AlreadyRunning: a run of it is under way; nothing was touched.
        PgsyncError: a database cannot be reached.
    """

    def forgotten(books: Books) -> int:
        closed = books.closed(RESET)
        entry = closed.ledger.read(closed.state)
        identity = closed.ledger.identity() if entry else None
        forget(closed.planner, closed.state, identity, entry.run if entry else None)
        failpoint("state forgotten")
        return closed.state.row_count

    return _forgotten(sync, _each(sync, Ends(source, destination, platform), partition, forgotten))


def drop(
    sync: SyncConfig,
    source: Endpoint,
    destination: Endpoint,
    *,
    platform: Endpoint | None = None,
    partition: str | None = None,
) -> Forgotten:
    """Removes a sync from planner and ledger, as if it had never run; the audit keeps its history.

    Interrupted, it is finished by doing it again.

    Args:
        sync: whose state it is.
        source: where lightning keeps it.
        destination: where the ledger is.
        platform: where standard keeps it.
        partition: only this one's; default: all.

    Raises:
        AlreadyRunning: a run of it is under way; nothing was touched.
        PgsyncError: a database cannot be reached.
    """

    def dropped(books: Books) -> int:
        closed = books.closed(DROPPED)
        closed.ledger.drop(closed.state)
        failpoint("ledger dropped")
        drop_state(closed.planner, closed.state)
        failpoint("state dropped")
        if partition is None:
            closed.audit.forget_rows()
        return closed.state.row_count

    return _forgotten(sync, _each(sync, Ends(source, destination, platform), partition, dropped))


def retry(
    sync: SyncConfig,
    source: Endpoint,
    destination: Endpoint,
    *,
    platform: Endpoint | None = None,
    chosen: Chosen = Chosen(),  # noqa: B008 - frozen
) -> Released:
    """Releases parked rows: the next run tries them again.

    Args:
        sync: whose rows they are.
        source: where lightning keeps its state.
        destination: where the ledger is.
        platform: where standard keeps it.
        chosen: which rows; default: all.

    Raises:
        AlreadyRunning: a run of it is under way; nothing was touched.
        PgsyncError: a database cannot be reached.
    """

    def released(books: Books) -> int:
        return release(books.planner, books.state, chosen)

    rows = _each(sync, Ends(source, destination, platform), None, released)
    return Released(sync.name, sum(rows))


RESETS = {"RESET": reset, "DROP": drop}
"""What forgets a state, by the name of the operation."""


def _each(
    sync: SyncConfig, ends: Ends, partition: str | None, do: Callable[[Books], int]
) -> list[int]:
    """Does something to every state of a sync, also to what another engine may have left."""
    home, elsewhere = ends.planner_of(sync)
    rows: list[int] = []
    if elsewhere is not None:
        with (
            suppress(TerminalError),
            all_books(sync, elsewhere, ends.destination, partition) as states,
        ):  # it may be a standby, or not ours to look at
            rows += [do(books) for books in states]
    with all_books(sync, home, ends.destination, partition) as states:
        rows += [do(books) for books in states]
    return rows


def _forgotten(sync: SyncConfig, rows: list[int]) -> Forgotten:
    return Forgotten(sync.name, len(rows), sum(rows))
