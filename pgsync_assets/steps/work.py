"""Everything a run needs, opened once: sessions, lock, claimed state, described model and table."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from uuid import UUID

from ..config import Partition, SyncConfig
from ..connect import Endpoint, Session, is_migrated, schema_problem
from ..errors import AlreadyRunning, PrivilegeError, TerminalError
from ..failpoints import failpoint
from ..model import (
    ColumnMapping,
    Relation,
    add_computed,
    computed_by,
    describe_sent,
    fit_partitions,
)
from ..plan import (
    STORAGES,
    Algorithm,
    Lock,
    Planner,
    Shape,
    State,
    Storage,
    check_platform_keys,
    locked,
    newest_algorithm,
    prepare,
)
from ..record import Audit
from ..write import (
    Ledger,
    Making,
    Target,
    check_replay,
    find_arbiter,
    fit,
    fitting_target,
    ledger_problem,
    lossy_columns,
    nullable,
    untaken,
)
from .ends import Ends
from .open_ledger import open_ledger
from .progress import Reporter

Problem = Callable[[Session, str], str | None]
INTERRUPTED = "interrupted before its plan was complete; nothing was written"


@dataclass(frozen=True)
class Work:
    """A sync (or one partition of it), ready to run.

    Args:
        sync: what the user wrote; its model has the columns that the sync computes.
        partition: the slice, or None.
        reader: the session that reads the model, at the source.
        planner: what was sent before; where its session is depends on the engine.
        elsewhere: the database that would hold the planner of the other engine, if there is one.
        ledger: how far we came at the destination.
        audit: what happened.
        lock: held for the whole run.
        state: as claimed by this run.
        relation: the model, described.
        target: the destination table, read from its catalog.
        mapping: which column goes where.
        storage: types of the columns in the planner's tables.
        ledger_id: identity of the destination.
        reporter: is told about progress.
        carried: rows of the state that was carried over from another engine, if it was.
        notes: what a person should know about the run, in sentences.
        bytes_read: from the source, to find and fetch what changed, where that is elsewhere.
    """

    sync: SyncConfig
    partition: Partition | None
    reader: Session
    planner: Planner
    elsewhere: Endpoint | None
    ledger: Ledger
    audit: Audit
    lock: Lock
    state: State
    relation: Relation
    target: Target
    mapping: ColumnMapping
    storage: Storage
    ledger_id: UUID
    reporter: Reporter
    carried: int | None = None
    notes: tuple[str, ...] = ()
    bytes_read: int = 0

    @property
    def slice(self) -> str:
        """Name of the partition; empty for the whole model."""
        return self.partition.name if self.partition else ""

    @property
    def shape(self) -> Shape:
        """What the snapshot will hold."""
        types = {column.name: column.type for column in self.relation.columns}
        arbiter = find_arbiter(self.sync, self.mapping, self.target)
        return Shape(
            columns=self.mapping.sources,
            types=tuple(types[name] for name in self.mapping.sources),
            targets=self.mapping.targets,
            key=self.relation.key,
            key_operators=self.storage.key_operators,
            table=self.sync.table,
            ledger=self.ledger_id,
            stored=self.storage.types,
            holds=self.sync.holds,
            algorithm=self._algorithm,
            is_labelled=shares_state(self.partition),
            slice=slice_of(self.partition),
            key_rules=tuple(equality.rule for equality in self.relation.key_equality),
            predicate=arbiter.predicate if arbiter else None,
            nullable_key=self._nullable_key(nullable(arbiter, self.target)),
            computed={one.name: one.expression for one in computed_by(self.sync.model)},
        )

    def _nullable_key(self, there: tuple[str, ...]) -> tuple[str, ...]:
        """Columns of the key in which NULL finds a row there, and may be or was in the model."""
        pairs = zip(self.mapping.key, self.mapping.match, strict=True)
        known = self.state.shape.nullable_key if self.state.shape else ()
        is_proven = self.relation.unique_key
        return tuple(name for name, to in pairs if to in there and (name in known or not is_proven))

    def show(self, run: int) -> None:
        """Lets the servers tell which run it is, in pg_stat_activity.

        Args:
            run: its number.
        """
        for session in (self.reader, self.planner.session, self.ledger.session):
            session.run = run

    @property
    def _algorithm(self) -> Algorithm:
        """The one that the state has, as long as the source knows it."""
        newest = newest_algorithm(self.reader.connection.info.server_version)
        known = self.state.shape.algorithm if self.state.shape else newest
        return known if newest == "record" else newest

    @property
    def fingerprint(self) -> str:
        """Changes with everything that decides what a plan means."""
        model = self.sync.model
        # A plan of shared state may be finished by a run of another partition.
        text = json.dumps(
            [
                [model.table, model.sql, slice_of(self.partition)],
                [self.sync.mode, self.sync.delete_behavior, self.sync.deleted_column],
                self.shape.to_json(),
            ]
        )
        return hashlib.sha256(text.encode()).hexdigest()


def shares_state(partition: Partition | None) -> bool:
    """Whether a partition has no state of its own: its rows may move to another one."""
    return partition is not None and not partition.is_of_key


def slice_of(partition: Partition | None) -> str | None:
    """What a state of its own is about, as JSON; None for a state of the whole model."""
    if partition is None or shares_state(partition):
        return None
    return json.dumps(partition.fingerprint)


@contextmanager
def opened(
    sync: SyncConfig,
    ends: Ends,
    partition: Partition | None,
    reporter: Reporter,
    records_refusal: bool = True,
    making: Making = "never",
) -> Iterator[Work]:
    """Connects, describes, locks and claims, for the length of the block.

    What is wrong shows before anything is created or changed anywhere; `making` says whether a
    table that the sync may create is made then, or only tried.

    Raises:
        AlreadyRunning: another run of this sync is under way.
        TerminalError: configuration, model, table or rights. Where the sync's schemas are there
            already, the failed run shows in `sync_runs`, unless `records_refusal` is False.
        TransientError: a server cannot be reached now.
    """
    application = f"pgsync/{sync.name}/{partition.name if partition else ''}".rstrip("/")
    home, elsewhere = ends.planner_of(sync)
    with ExitStack() as stack:
        reader = stack.enter_context(ends.source.session(application))
        keeper = reader if home is ends.source else stack.enter_context(home.session(application))
        writer = stack.enter_context(ends.destination.session(application))
        lock_session = stack.enter_context(home.session(f"{application} lock"))
        try:
            found = _fitted(sync, reader, keeper, writer, making)
        except TerminalError as error:
            if records_refusal:
                record_refusal(sync, keeper, lock_session, partition, error)
            raise
        sync, relation, target, mapping, storage, made = found
        planner = prepare(keeper, home.config.schemas.planner)
        audit = Audit.prepare(keeper, planner, home.config.schemas.audit, sync)
        ledger = stack.enter_context(open_ledger(home, writer, application))
        lock = stack.enter_context(_locked(lock_session, planner.schema, sync, partition))
        if made and making == "keep":  # all else is fine, and no other run of it is under way
            target, made = fitting_target(writer, sync, relation, making)
            failpoint("table made")
        state = planner.claim(sync.name, state_name(partition))
        failpoint("claimed")
        yield Work(
            sync=sync,
            partition=partition,
            reader=reader,
            planner=planner,
            elsewhere=elsewhere,
            ledger=ledger,
            audit=audit,
            lock=lock,
            state=state,
            relation=relation,
            target=target,
            mapping=mapping,
            storage=storage,
            ledger_id=ledger.identity(),
            reporter=reporter,
            notes=(*ends.weaknesses(sync), *made, *_untaken(sync, relation, mapping)),
        )


def _untaken(sync: SyncConfig, relation: Relation, mapping: ColumnMapping) -> Iterator[str]:
    told = untaken(sync, relation, mapping.sources)
    if told is not None:
        yield told


def _fitted(
    sync: SyncConfig, reader: Session, keeper: Session, writer: Session, making: Making
) -> tuple[SyncConfig, Relation, Target, ColumnMapping, Storage, tuple[str, ...]]:
    """Model and table, and how they fit; a table that may be made is only tried."""
    sync, relation = _described(reader, sync)
    tried: Making = "never" if making == "never" else "try"
    target, made = fitting_target(writer, sync, relation, tried)
    lossy = lossy_columns(sync, relation, target)
    sync, relation = add_computed(reader, sync, relation, lossy)
    mapping = fit(sync, relation, target)
    storage = storage_of(sync, keeper, relation, mapping.sources)
    check_replay(sync, writer)
    _require_schemas(keeper, writer)
    return sync, relation, target, mapping, storage, made


def _described(reader: Session, sync: SyncConfig) -> tuple[SyncConfig, Relation]:
    whole, relation = describe_sent(reader, sync)
    fit_partitions(reader, whole, relation)
    return whole, relation


def state_name(partition: Partition | None) -> str:
    """Under which name a partition's state is kept."""
    return "" if partition is None or shares_state(partition) else partition.name


def _locked(
    session: Session, planner: str, sync: SyncConfig, partition: Partition | None
) -> AbstractContextManager[Lock]:
    name = partition.name if partition else ""
    return locked(session, planner, sync.name, name, in_turns=shares_state(partition))


def storage_of(
    sync: SyncConfig, keeper: Session, relation: Relation, names: tuple[str, ...]
) -> Storage:
    """In which types the planner has columns of the model.

    Args:
        sync: the sync.
        keeper: on the planner's database.
        relation: the model, described.
        names: of the columns that travel, those of the key among them.

    Raises:
        ConfigurationError: the planner's database cannot tell when two of the keys are one.
    """
    types = {column.name: column.type for column in relation.columns}
    columns = [(name, types[name]) for name in names]
    place = sync.traits.place
    storage = STORAGES[place](keeper, columns, relation.key, relation.key_operators)
    if place == "platform":
        stored = dict(zip(names, storage.types, strict=True))
        check_platform_keys(sync.name, relation, stored)
    return storage


def _require_schemas(keeper: Session, destination: Session) -> None:
    """All three can be used, or none is touched.

    Raises:
        PrivilegeError: one is missing or not ours to write; the remedy is the statement to run.
    """
    ours = keeper.config.schemas
    wanted: tuple[tuple[Session, str | None, Problem], ...] = (
        (keeper, ours.planner, schema_problem),
        (keeper, ours.audit, schema_problem),
        (destination, destination.config.schemas.ledger, ledger_problem),
    )
    for session, schema, problem in wanted:
        remedy = problem(session, schema) if schema is not None else None
        if remedy is not None:
            raise PrivilegeError(
                f"{session.name}: schema {schema} is missing, or our role may not write it",
                f"as an administrator: {remedy}",
            )


def record_refusal(
    sync: SyncConfig,
    session: Session,
    lock_session: Session,
    partition: Partition | None,
    error: TerminalError,
) -> None:
    """A run that could not even begin is a failed run, and shows in sync_runs.

    Only where our schemas are there already: the first try of a sync changes nothing anywhere.

    Args:
        sync: the sync.
        session: on the planner's database.
        lock_session: for the lock.
        partition: the slice, or None.
        error: why it could not begin.
    """
    if session.connection.closed:  # what refused us hung up, too
        return
    schemas = session.config.schemas
    ours = (schemas.planner, schemas.audit)
    if not all(schema_problem(session, s) is None and is_migrated(session, s) for s in ours):
        return
    planner = prepare(session, schemas.planner)
    audit = Audit.prepare(session, planner, schemas.audit, sync)
    with (
        suppress(AlreadyRunning),
        _locked(lock_session, planner.schema, sync, partition),
    ):
        state = planner.claim(sync.name, state_name(partition))
        close_interrupted(planner, audit, state)
        if planner.open_plan(state) is None:  # else that run comes first, when this is mended
            run = planner.begin(state, partition.name if partition else "")
            audit.fail(state, run, error.message)
            planner.drop(state, run, "failed")


def close_interrupted(planner: Planner, audit: Audit, state: State) -> None:
    """Runs that died before their plan was complete are failed runs: nothing was written."""
    for run in planner.abandoned(state):
        audit.fail(state, run, INTERRUPTED)
