"""Operations on what is known of a sync: adopt, reset, drop, move, retry of what was rejected.

The destination is not touched.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

from .config import Partition, SyncConfig
from .connect import READ_ONLY, Endpoint
from .errors import TerminalError, UnfinishedRun
from .failpoints import failpoint
from .outcome import Adopted, Forgotten, Listener, Released, RowForgotten
from .plan import Chosen, Shape, forget, plainly, release
from .plan import drop as drop_state
from .record import added_up
from .steps.adopt import adopt as taken
from .steps.books import Books, all_books, drop_alone, left_behind
from .steps.ends import Ends
from .steps.forget_row import forget_row as taken_out
from .steps.move import Moved
from .steps.move import move as move_state
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
        closed.tell_forgotten("the sync was reset: the next run sends every row again")
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
        return _dropped(books, is_all=partition is None)

    return _forgotten(sync, _each(sync, Ends(source, destination, platform), partition, dropped))


def move(
    old: str,
    sync: SyncConfig,
    source: Endpoint,
    destination: Endpoint,
    *,
    platform: Endpoint | None = None,
) -> Moved:
    """Gives a sync the state of a name that no sync has any more: it was renamed.

    Interrupted, it is finished by doing it again.

    Args:
        old: the name.
        sync: the sync, which has no state yet.
        source: where lightning keeps it.
        destination: where the ledger is.
        platform: where standard keeps it.

    Raises:
        AlreadyRunning: a run of one of the two is under way; nothing was touched.
        ConfigurationError: there is no such state, or it is not about rows of this sync.
        HistoryError: planner and ledger do not know the same runs.
        PgsyncError: a database cannot be reached.
    """
    return move_state(old, sync, Ends(source, destination, platform))


def drop_left(
    name: str, home: Endpoint, destination: Endpoint | None, shape: Shape | None = None
) -> Forgotten:
    """Removes a name that no sync has from one planner, and from the ledger of a destination.

    The audit keeps its history. Interrupted, it is finished by doing it again.

    Args:
        name: the name.
        home: where the planner is.
        destination: where the ledger is; None: it is left as it is.
        shape: what its state is about, where there is one: the audit names its table and key.

    Raises:
        AlreadyRunning: a run of it is under way; nothing was touched.
        PgsyncError: a database cannot be reached.
    """
    if destination is None:
        return Forgotten(name, *drop_alone(name, home, shape))
    sync = left_behind(name, home.name, destination.name, shape)
    with all_books(sync, home, destination, None) as states:
        return _forgotten(sync, [_dropped(books, is_all=True) for books in states])


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
        planner, privacy = books.planner, books.audit.privacy
        with planner.session.transaction("looking for refused rows", READ_ONLY) as connection:
            known = plainly(connection, planner.schema, privacy, chosen)
        return release(planner, books.state, known)

    rows = _each(sync, Ends(source, destination, platform), None, released)
    return Released(sync.name, sum(rows))


def forget_row(
    sync: SyncConfig,
    source: Endpoint,
    destination: Endpoint,
    *,
    platform: Endpoint | None = None,
    key: Sequence[str],
    also_state: bool = False,
    by: str,
) -> RowForgotten:
    """Removes a row, as that of a person, from audit, plans and what is known as refused.

    Rows of the log keep their place without name and values, so that runs go on to add up. The
    destination's table is not touched. Interrupted, it is finished by doing it again.

    Args:
        sync: whose row it is.
        source: where lightning keeps its state.
        destination: where the ledger is.
        platform: where standard keeps it.
        key: one text for each column of the key, or `name=value`; or one, as the row is listed.
        also_state: the sync forgets that it was sent, too.
        by: who wants it.

    Raises:
        AlreadyRunning: a run of it is under way; nothing was touched.
        UnfinishedRun: a run was interrupted while it wrote; nothing was touched.
        ConfigurationError: it is not a key of the sync, or the key of the hash cannot be read.
        PgsyncError: a database cannot be reached.
    """
    ends = Ends(source, destination, platform)
    home, elsewhere = ends.planner_of(sync)
    found: list[RowForgotten] = []
    notes: tuple[str, ...] = ()

    def forget_at(place: Endpoint) -> RowForgotten:
        return taken_out(sync, place, destination, key, also_state=also_state, by=by)

    if elsewhere is not None:
        try:
            found.append(forget_at(elsewhere))
        except UnfinishedRun:
            raise
        except TerminalError as error:  # it may be a standby, or not ours to look at
            notes = (f"the audit of the other engine was not looked at: {error.message}",)
    found.append(forget_at(home))
    removed = added_up(pair for one in found for pair in one.removed.items())
    still = dict.fromkeys(told for one in found for told in one.still)
    return RowForgotten(sync.name, removed, tuple(still), notes)


RESETS = {"RESET": reset, "DROP": drop}
"""What forgets a state, by the name of the operation."""


def _dropped(books: Books, *, is_all: bool) -> int:
    closed = books.closed(DROPPED)
    closed.ledger.drop(closed.state)
    failpoint("ledger dropped")
    drop_state(closed.planner, closed.state)
    failpoint("state dropped")
    closed.tell_forgotten("the sync was dropped: it writes here no more")
    if is_all:
        closed.audit.forget_rows()
    return closed.state.row_count


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
