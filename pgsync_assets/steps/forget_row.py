"""One row of a sync is forgotten: what names it in planner, audit and ledger, on one engine.

Bookkeeping at the destination first, then planner and audit together: the same command again ends
what was interrupted between.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..config import SyncConfig
from ..connect import READ_ONLY, Endpoint
from ..errors import ConfigurationError, UnfinishedRun
from ..failpoints import failpoint
from ..outcome import RowForgotten
from ..plan import Plan
from ..record import Found, added_up
from ..record.asked_key import asked_key, texts_of
from .books import Books, Shelf, shelf


def forget_row(
    sync: SyncConfig,
    home: Endpoint,
    destination: Endpoint,
    key: Sequence[str],
    *,
    also_state: bool,
    by: str,
) -> RowForgotten:
    """Takes a row out of one planner and the audit beside it.

    Args:
        sync: as configured.
        home: where the planner is.
        destination: where the ledger is.
        key: see `asked_key.texts_of`.
        also_state: out of what was sent, too.
        by: who wants it.

    Raises:
        UnfinishedRun: a run was interrupted while it wrote; nothing was touched.
        AlreadyRunning: a run of it is under way; nothing was touched.
        ConfigurationError: it is not a key of the sync, or the key of the hash cannot be read.
        PgsyncError: a database cannot be reached.
    """
    with shelf(sync, home, destination) as found:
        if found is None:
            return RowForgotten(sync.name, {})
        return _forgotten(found, key, also_state=also_state, by=by)


def _forgotten(known: Shelf, key: Sequence[str], *, also_state: bool, by: str) -> RowForgotten:
    books, planner, privacy = known.books(), known.planner, known.audit.privacy
    for book in books:
        _refuse_unfinished(book)
    row_ids = _row_ids(known, books, key)
    row = known.audit.forgetting(row_ids)
    held: list[Plan | None] = [planner.open_plan(book.state, "held") for book in books]
    with planner.session.transaction("looking for the row", READ_ONLY) as connection:
        row.bind(connection)
        pairs = zip(books, held, strict=True)
        found = [row.find(connection, book.state, plan) for book, plan in pairs]
    # Whoever gave its public name: under its plain one it may be in the log from before.
    plain = {name for one in found for name in one.names}
    row = known.audit.forgetting({*row_ids, *plain, *map(privacy.name, plain)})
    removed = [
        ("pgsync_rejects", known.ledger.forget_rejects(one.state, one.rejections))
        for one in found
        if one.rejections
    ]
    failpoint("rejects forgotten")
    doing = "forgetting the row"
    with planner.hold_all([one.state for one in found], doing) as connection:
        row.bind(connection)
        for one in found:
            removed += row.forget(connection, one, also_state=also_state)
        removed += row.forget_in_audit(connection, known.sync.name)
        total = added_up(removed)
        if total:
            row.note(connection, known.sync.name, total, by)
        failpoint("row forgotten")
    failpoint("forgetting committed")
    still = [told for one in found for told in _still(known.sync, one, also_state=also_state)]
    return RowForgotten(known.sync.name, total, tuple(dict.fromkeys(still)))


def _row_ids(known: Shelf, books: Sequence[Books], given: Sequence[str]) -> tuple[str, ...]:
    """Every name that the row may have; `0A..` is the uuid `0a..`, where its type is known."""
    sync, planner, privacy = known.sync, known.planner, known.audit.privacy
    texts = [text for text in texts_of(sync.model.key, given) if text is not None]
    row_ids = privacy.row_ids(texts if len(texts) == len(sync.model.key) else given)
    shapes = [one.state.shape for one in books if one.state.shape is not None]
    if not shapes or shapes[0].key != sync.model.key:
        return row_ids
    try:
        with planner.session.transaction("reading the key", READ_ONLY) as connection:
            asked = asked_key(connection, sync.model.key, given, shapes[0])
    except ConfigurationError:
        if not privacy.hashed_key:
            raise
        return row_ids  # a hash is none of its type
    return (*row_ids, asked.row_id, privacy.name(asked.row_id))


def _refuse_unfinished(books: Books) -> None:
    entry = books.ledger.read(books.state)
    plan = books.planner.open_plan(books.state)
    if plan is None and entry is not None:
        plan = books.planner.unsettled(books.state, entry.run)
    if plan is not None:
        name = f"{books.sync.name} {books.state.partition}".rstrip()
        raise UnfinishedRun(
            f"{name}: run {plan.run.id} was interrupted; its plan may hold the row",
            f"finish it first: pgsync-assets run {books.sync.name}",
        )


def _still(sync: SyncConfig, found: Found, *, also_state: bool) -> Iterator[str]:
    """Where the row still is, or may come from again."""
    if found.rows and not also_state:
        yield (
            f"it was sent and stands in {sync.table} at {sync.destination}, as far as the sync "
            "knows, and in its state, by which it is found there: delete it at the source, let the "
            "sync run, and forget it again; or let the sync forget that it was sent: --also-state"
        )
    if found.rows and also_state:
        yield (
            f"it stands in {sync.table} at {sync.destination}, and no run will remove it there; "
            "where the model still has it, the next run sends it again"
        )
    if found.is_refused:
        yield "it was refused: where the model still has it, the next run is refused it again"
    if found.frames:
        loads = ", ".join(map(str, found.frames))
        yield (
            f"it is in loads of the model {sync.model_name!r} on the platform ({loads}): the next "
            "runs load the rows anew, and drop the older loads"
        )
