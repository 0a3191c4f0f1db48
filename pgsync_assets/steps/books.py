"""Planner, ledger and audit of a sync, without its model and table: they may be broken or gone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

from ..config import SyncConfig
from ..connect import Endpoint, is_migrated
from ..plan import Planner, State, locked, prepare
from ..record import Audit
from ..write import Ledger
from .open_ledger import open_ledger
from .settle import settle
from .work import close_interrupted


@dataclass(frozen=True)
class Books:
    """The books of one state: see `settle.Books`."""

    sync: SyncConfig
    planner: Planner
    ledger: Ledger
    audit: Audit
    state: State

    def closed(self, why: str) -> Books:
        """Settles what a run left unfinished by what the ledger says; nothing more is written.

        Args:
            why: the rest of it is given up.
        """
        close_interrupted(self.planner, self.audit, self.state)
        entry = self.ledger.read(self.state)
        plan = self.planner.unsettled(self.state, entry.run) if entry else None
        if plan is None:
            return self
        self.ledger.take_over(self.state, plan.run.id)
        return replace(self, state=settle(self, plan, why).state)


@contextmanager
def all_books(
    sync: SyncConfig, home: Endpoint, destination: Endpoint, partition: str | None
) -> Iterator[list[Books]]:
    """The books of every state that a planner has of a sync, under the lock of the whole sync.

    Args:
        sync: as configured; its model and table may be broken or gone.
        home: where the planner is.
        destination: where the ledger is.
        partition: only this one's; None: all of them.

    Raises:
        AlreadyRunning: a run of it is under way.
        PgsyncError: a database cannot be reached, or a schema of ours not be used.
    """
    application = f"pgsync/{sync.name}"
    schemas = home.config.schemas
    with ExitStack() as stack:
        keeper = stack.enter_context(home.session(application))
        if not is_migrated(keeper, schemas.planner):
            yield []
            return
        writer = stack.enter_context(destination.session(application))
        lock_session = stack.enter_context(home.session(f"{application} lock"))
        planner = prepare(keeper, schemas.planner)
        audit = Audit.prepare(keeper, planner, schemas.audit, sync)
        ledger = stack.enter_context(open_ledger(home, writer, application))
        stack.enter_context(locked(lock_session, planner.schema, sync.name, ""))
        names = planner.partitions_of(sync.name)
        yield [
            _claimed(Books(sync, planner, ledger, audit, state))
            for name in names
            if partition in (None, name) and (state := planner.look(sync.name, name))
        ]


def _claimed(books: Books) -> Books:
    """Under a new epoch, above whatever the ledger has seen."""
    entry = books.ledger.read(books.state)
    state = books.state
    fence = entry.fence if entry else 0
    return replace(books, state=books.planner.claim(state.sync, state.partition, fence))
