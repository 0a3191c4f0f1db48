"""Everything a run needs, opened once: sessions, lock, claimed state, described model and table."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from ..config import Partition, SyncConfig
from ..connect import Endpoint
from ..errors import TerminalError
from ..failpoints import failpoint
from ..model import ColumnMapping, Relation, describe
from ..plan import Lock, Planner, Shape, State, locked, prepare
from ..record import Audit
from ..write import Ledger, Target, fit, read_target
from .progress import Reporter


@dataclass(frozen=True)
class Work:
    """A sync (or one partition of it), ready to run.

    Args:
        sync: what the user wrote.
        partition: the slice, or None.
        planner: what was sent before.
        ledger: how far we came at the destination.
        audit: what happened.
        lock: held for the whole run.
        state: as claimed by this run.
        relation: the model, described.
        target: the destination table, read from its catalog.
        mapping: which column goes where.
        shape: what the snapshot will hold.
        reporter: is told about progress.
    """

    sync: SyncConfig
    partition: Partition | None
    planner: Planner
    ledger: Ledger
    audit: Audit
    lock: Lock
    state: State
    relation: Relation
    target: Target
    mapping: ColumnMapping
    shape: Shape
    reporter: Reporter

    @property
    def fingerprint(self) -> str:
        """Changes with everything that decides what a plan means."""
        model = self.sync.model
        slice_of = self.partition and [self.partition.lower, self.partition.upper]
        text = json.dumps(
            [
                [model.table, model.sql, slice_of],
                [self.sync.mode, self.sync.delete],
                self.shape.to_json(),
            ]
        )
        return hashlib.sha256(text.encode()).hexdigest()


@contextmanager
def opened(
    sync: SyncConfig,
    source: Endpoint,
    destination: Endpoint,
    partition: Partition | None,
    reporter: Reporter,
) -> Iterator[Work]:
    """Connects, locks, claims and describes, for the length of the block.

    Three connections: the lock's, the planner's (which reads the model too) and the writer's.

    Raises:
        AlreadyRunning: another run of this sync is under way.
        TerminalError: configuration, model, table or rights; recorded in the audit where possible.
        TransientError: a server cannot be reached now.
    """
    name = partition.name if partition else ""
    application = f"pgsync/{sync.name}/{name}".rstrip("/")
    with ExitStack() as stack:
        planner_session = stack.enter_context(source.session(application))
        writer_session = stack.enter_context(destination.session(application))
        lock_session = stack.enter_context(source.session(f"{application} lock"))
        planner = prepare(planner_session, source.config.schemas.planner)
        audit = Audit.prepare(planner_session, planner, source.config.schemas.audit, sync)
        ledger = Ledger.prepare(writer_session, destination.config.schemas.ledger)
        lock = stack.enter_context(locked(lock_session, planner.schema, sync.name, name))
        state = planner.claim(sync.name, name)
        failpoint("claimed")
        try:
            relation = describe(planner_session, sync.model)
            target = read_target(writer_session, sync.table)
            mapping = fit(sync, relation, target)
            shape = Shape.of(relation, mapping, sync.table, ledger.identity())
        except TerminalError as error:
            _record(planner, audit, state, error)
            raise
        yield Work(
            sync,
            partition,
            planner,
            ledger,
            audit,
            lock,
            state,
            relation,
            target,
            mapping,
            shape,
            reporter,
        )


def _record(planner: Planner, audit: Audit, state: State, error: TerminalError) -> None:
    """A run that could not even begin is a failed run, and shows in sync_runs."""
    if planner.open_plan(state) is not None:
        return  # an unfinished run comes first; it is settled when this is mended
    planner.abandoned(state)
    run = planner.begin(state)
    audit.fail(state, run, error.message)
    planner.drop(state, run, "failed")
