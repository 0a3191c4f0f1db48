"""Planner, ledger and audit of a sync, without its model and table: they may be broken or gone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

from ..config import ModelConfig, SyncConfig
from ..connect import Endpoint, is_migrated
from ..plan import Planner, Shape, State, drop, locked, prepare
from ..record import Audit
from ..write import Ledger
from .open_ledger import open_ledger
from .refused_run import close_interrupted
from .settle import settle
from .told import tell, tell_forgotten


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
        settled = replace(self, state=settle(self, plan, why).state)
        tell(self.sync, self.planner, settled.state, self.ledger.session)
        return settled

    def tell_forgotten(self, why: str) -> None:
        """Tells the log of the destination that nothing is known any more of its rows.

        Args:
            why: who did what.
        """
        tell_forgotten(self.sync, self.state, self.ledger.session, why)


@dataclass(frozen=True)
class Shelf:
    """Where the books of a sync are, under the lock of the whole sync.

    Args:
        sync: as configured.
        planner: may have no state of it.
        ledger: of the destination.
        audit: may have a history of it, where there is no state.
    """

    sync: SyncConfig
    planner: Planner
    ledger: Ledger
    audit: Audit

    def books(self, partition: str | None = None) -> list[Books]:
        """Of every state, claimed.

        Args:
            partition: only this one's; None: all of them.
        """
        name, planner = self.sync.name, self.planner
        return [
            _claimed(Books(self.sync, planner, self.ledger, self.audit, state))
            for one in planner.partitions_of(name)
            if partition in (None, one) and (state := planner.look(name, one))
        ]


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
    with shelf(sync, home, destination) as found:
        yield found.books(partition) if found else []


@contextmanager
def shelf(sync: SyncConfig, home: Endpoint, destination: Endpoint) -> Iterator[Shelf | None]:
    """Planner, ledger and audit, under the lock of the whole sync; None where there is no planner.

    Args:
        sync: as configured; its model and table may be broken or gone.
        home: where the planner is.
        destination: where the ledger is.

    Raises:
        AlreadyRunning: a run of it is under way.
        PgsyncError: a database cannot be reached, or a schema of ours not be used.
    """
    application = f"pgsync/{sync.name}"
    schemas = home.config.schemas
    with ExitStack() as stack:
        keeper = stack.enter_context(home.session(application))
        if not is_migrated(keeper, schemas.planner):
            yield None
            return
        writer = stack.enter_context(destination.session(application))
        lock_session = stack.enter_context(home.session(f"{application} lock"))
        planner = prepare(keeper, schemas.planner)
        audit = Audit.prepare(keeper, planner, schemas.audit, sync)
        ledger = stack.enter_context(open_ledger(home, writer, application))
        stack.enter_context(locked(lock_session, planner.schema, sync.name, ""))
        yield Shelf(sync, planner, ledger, audit)


def left_behind(name: str, source: str, destination: str, shape: Shape | None = None) -> SyncConfig:
    """As much of a sync as has to be known to forget it; how it was written, nobody knows any more.

    Args:
        name: its name.
        source: name of a connection.
        destination: of the other one.
        shape: what its state is about, where there is one: the audit names its table and key.
    """
    key = shape.key if shape else ("dropped",)
    return SyncConfig(
        name=name,
        source=source,
        model=ModelConfig(table="dropped.model", key=key),
        destination=destination,
        table=shape.table if shape else "dropped.table",
    )


def drop_alone(name: str, home: Endpoint, shape: Shape | None) -> tuple[int, int]:
    """Removes a name from a planner, and leaves whichever ledger knows it as it is.

    Args:
        name: the name.
        home: where the planner is.
        shape: see `left_behind`.

    Returns:
        How many states there were, and the rows that they knew of.

    Raises:
        AlreadyRunning: a run of it is under way.
    """
    application, schemas = f"pgsync/{name}", home.config.schemas
    with home.session(application) as keeper, home.session(f"{application} lock") as lock:
        planner = prepare(keeper, schemas.planner)
        audit = Audit.prepare(
            keeper, planner, schemas.audit, left_behind(name, home.name, home.name)
        )
        with locked(lock, planner.schema, name, ""):
            states = [planner.claim(name, one) for one in planner.partitions_of(name)]
            for state in states:
                close_interrupted(planner, audit, state)
                drop(planner, state)
            audit.forget_rows()
    return len(states), sum(state.row_count for state in states)


def _claimed(books: Books) -> Books:
    """Under a new epoch, above whatever the ledger has seen."""
    entry = books.ledger.read(books.state)
    state = books.state
    fence = entry.fence if entry else 0
    return replace(books, state=books.planner.claim(state.sync, state.partition, fence))
