"""Everything a run needs, opened once: sessions, lock, claimed state, described model and table."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass

from ..config import Partition, SyncConfig
from ..connect import Endpoint, Session, is_migrated, schema_problem
from ..errors import AlreadyRunning, PrivilegeError, TerminalError
from ..failpoints import failpoint
from ..model import ColumnMapping, Relation, describe
from ..plan import Lock, Planner, Shape, State, locked, prepare
from ..record import Audit
from ..write import Ledger, Target, fit, read_target
from .progress import Reporter

INTERRUPTED = "interrupted before its plan was complete; nothing was written"


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
    *,
    records_refusal: bool = True,
) -> Iterator[Work]:
    """Connects, describes, locks and claims, for the length of the block.

    Three connections: the planner's (which reads the model too), the writer's and the lock's. What
    is wrong with model, table or rights shows before anything is created or changed anywhere.

    Raises:
        AlreadyRunning: another run of this sync is under way.
        TerminalError: configuration, model, table or rights. Where the sync's schemas are there
            already, the failed run shows in `sync_runs`, unless `records_refusal` is False.
        TransientError: a server cannot be reached now.
    """
    name = partition.name if partition else ""
    application = f"pgsync/{sync.name}/{name}".rstrip("/")
    with ExitStack() as stack:
        reader = stack.enter_context(source.session(application))
        writer = stack.enter_context(destination.session(application))
        lock_session = stack.enter_context(source.session(f"{application} lock"))
        try:
            relation = describe(reader, sync.model)
            target = read_target(writer, sync.table)
            mapping = fit(sync, relation, target)
            _require_schemas(reader, writer)
        except TerminalError as error:
            if records_refusal:
                record_refusal(sync, reader, lock_session, name, error)
            raise
        planner = prepare(reader, source.config.schemas.planner)
        audit = Audit.prepare(reader, planner, source.config.schemas.audit, sync)
        ledger = Ledger.prepare(writer, destination.config.schemas.ledger)
        lock = stack.enter_context(locked(lock_session, planner.schema, sync.name, name))
        state = planner.claim(sync.name, name)
        failpoint("claimed")
        shape = Shape.of(relation, mapping, sync.table, ledger.identity())
        yield Work(
            sync=sync,
            partition=partition,
            planner=planner,
            ledger=ledger,
            audit=audit,
            lock=lock,
            state=state,
            relation=relation,
            target=target,
            mapping=mapping,
            shape=shape,
            reporter=reporter,
        )


def _require_schemas(source: Session, destination: Session) -> None:
    """All three can be used, or none is touched.

    Raises:
        PrivilegeError: one is missing or not ours to write; the remedy is the statement to run.
    """
    ours = source.config.schemas
    wanted = (
        (source, ours.planner),
        (source, ours.audit),
        (destination, destination.config.schemas.ledger),
    )
    for session, schema in wanted:
        remedy = schema_problem(session, schema)
        if remedy is not None:
            raise PrivilegeError(
                f"{session.name}: schema {schema} is missing, or our role may not write it",
                f"as an administrator: {remedy}",
            )


def record_refusal(
    sync: SyncConfig, session: Session, lock_session: Session, partition: str, error: TerminalError
) -> None:
    """A run that could not even begin is a failed run, and shows in sync_runs.

    Only where our schemas are there already: the first try of a sync changes nothing anywhere.

    Args:
        sync: the sync.
        session: on the planner's database.
        lock_session: for the lock.
        partition: name of the partition, or empty.
        error: why it could not begin.
    """
    schemas = session.config.schemas
    if not (is_migrated(session, schemas.planner) and is_migrated(session, schemas.audit)):
        return
    planner = prepare(session, schemas.planner)
    audit = Audit.prepare(session, planner, schemas.audit, sync)
    with (
        suppress(AlreadyRunning),
        locked(lock_session, planner.schema, sync.name, partition),
    ):
        state = planner.claim(sync.name, partition)
        close_interrupted(planner, audit, state)
        if planner.open_plan(state) is None:  # else that run comes first, when this is mended
            run = planner.begin(state)
            audit.fail(state, run, error.message)
            planner.drop(state, run, "failed")


def close_interrupted(planner: Planner, audit: Audit, state: State) -> None:
    """Runs that died before their plan was complete are failed runs: nothing was written."""
    for run in planner.abandoned(state):
        audit.fail(state, run, INTERRUPTED)
