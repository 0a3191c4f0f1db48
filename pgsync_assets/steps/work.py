"""Everything a run needs, opened once: sessions, lock, claimed state, described model and table."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from uuid import UUID

from ..config import Partition, SyncConfig, code_version
from ..connect import Endpoint, Session, meanwhile, opened_together, schema_problem
from ..errors import PrivilegeError
from ..failpoints import failpoint
from ..log import log_problem
from ..model import (
    ColumnMapping,
    Relation,
    add_computed,
    computed_by,
    describe_sent,
    fit_partitions,
    own_columns,
)
from ..plan import (
    STORAGES,
    Algorithm,
    Incarnation,
    Lock,
    Planner,
    Shape,
    Sides,
    State,
    Storage,
    Streamed,
    check_platform_keys,
    newest_algorithm,
    prepare,
)
from ..privacy import Privacy
from ..record import Audit, Circumstances
from ..write import (
    Ledger,
    Making,
    Target,
    check_replay,
    find_arbiter,
    find_there,
    fit,
    fitting_target,
    incarnation,
    ledger_problem,
    lossy_columns,
    nullable,
    untaken,
)
from .ends import Ends
from .open_ledger import open_ledger
from .progress import Reporter
from .refused_run import recorded
from .told import log_of
from .turn import shares_state, slice_of, state_name, turn
from .unclaimed import unclaimed

Problem = Callable[[Session, str], str | None]


@dataclass(frozen=True)
class Work:
    """A sync (or one partition of it), ready to run.

    Args:
        sync: what the user wrote; its model has the columns that the sync computes.
        partition: the slice, or None.
        reader: the session that reads the model, at the source.
        planner: what was sent before; where its session is depends on the engine.
        home: the database that holds it.
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
        orphans: names in the planner that no sync of the project has, where that can be told.
        streamed: the source's snapshot, where the rows of the plan are still there only.
        ledger_oid: of a table of the ledger, 0 for none there; None where the destination table is
            only tried: nothing of it will be what it is now.
    """

    sync: SyncConfig
    partition: Partition | None
    reader: Session
    planner: Planner
    home: Endpoint
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
    orphans: tuple[str, ...] = ()
    streamed: Streamed | None = None
    ledger_oid: int | None = None

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
            incarnation=self._incarnation,
        )

    @property
    def _incarnation(self) -> Incarnation | None:
        if self.ledger_oid is None:
            return None
        is_shared = shares_state(self.partition)
        return incarnation(self.target, self.mapping, self.ledger_oid, knows_columns=not is_shared)

    @property
    def sides(self) -> Sides:
        """What both ends look like now."""
        own = own_columns(self.sync.model, self.relation.names)
        model = {one.name: one.type for one in self.relation.columns if one.name in own}
        table = {name: one.column.type for name, one in self.target.columns.items()}
        return Sides(model, table)

    def _nullable_key(self, there: tuple[str, ...]) -> tuple[str, ...]:
        """Columns of the key in which NULL finds a row there, and may be or was in the model."""
        pairs = zip(self.mapping.key, self.mapping.match, strict=True)
        known = self.state.shape.nullable_key if self.state.shape else ()
        is_proven = self.relation.unique_key
        return tuple(name for name, to in pairs if to in there and (name in known or not is_proven))

    @contextmanager
    def holding_rows(self) -> Iterator[None]:
        """The rows of the plan can be read for the length of the block, wherever they are."""
        try:
            yield
        finally:
            self.let_go()

    def let_go(self) -> None:
        """Nobody reads the rows of the plan at the source any more."""
        if self.streamed is not None:
            self.streamed.close()

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
                [model.asked, slice_of(self.partition)],
                [self.sync.mode, self.sync.delete_behavior, self.sync.deleted_column],
                replace(self.shape, incarnation=None).to_json(),
            ]
        )
        return hashlib.sha256(text.encode()).hexdigest()


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

    Nothing is changed before all is known to fit. `making`: is a table made then, or only tried?

    Raises:
        AlreadyRunning: another run of this sync is under way.
        TerminalError: configuration, model, table or rights; recorded if `records_refusal`.
        TransientError: a server cannot be reached now.
    """
    application = f"pgsync/{sync.name}/{partition.name if partition else ''}".rstrip("/")
    home, elsewhere = ends.planner_of(sync)
    with ExitStack() as stack:
        reader, keeper, writer, lock_session = _sessions(stack, sync, ends, home, application)
        here = _circumstances(sync, ends, reader, writer, reporter)
        refusal = (keeper, lock_session, writer, partition, here) if records_refusal else None
        with recorded(sync, refusal):
            found = _fitted(sync, reader, keeper, writer, making)
        sync, relation, target, mapping, storage, made = found
        planner = prepare(keeper, home.config.schemas.planner)
        audit = Audit.prepare(keeper, planner, home.config.schemas.audit, sync, here)
        ledger = stack.enter_context(open_ledger(home, writer, application))
        with recorded(sync, refusal):
            identity, beside = ledger.whereabouts()
            orphans, notes = unclaimed(planner, sync, identity, ends.known, elsewhere)
        lock = stack.enter_context(turn(lock_session, planner, sync, partition))
        state = planner.claim(sync.name, state_name(partition), by=ends.by)
        failpoint("claimed")
        is_tried = bool(made) and making != "keep"
        if made and not is_tried:  # all else is fine, and no other run of it is under way
            target, made = _made(writer, sync, relation, state)
            failpoint("table made")
        yield Work(
            sync=sync,
            partition=partition,
            reader=reader,
            planner=planner,
            home=home,
            elsewhere=elsewhere,
            ledger=ledger,
            audit=audit,
            lock=lock,
            state=state,
            relation=relation,
            target=target,
            mapping=mapping,
            storage=storage,
            ledger_id=identity,
            reporter=reporter,
            notes=(*ends.weaknesses(sync), *notes, *made, *_untaken(sync, relation, mapping)),
            orphans=orphans,
            ledger_oid=None if is_tried else beside,
        )


def _sessions(
    stack: ExitStack, sync: SyncConfig, ends: Ends, home: Endpoint, application: str
) -> tuple[Session, Session, Session, Session]:
    """Of model, planner, destination and lock; the first two are one where they can be."""
    reader, writer, lock_session, *others = opened_together(
        stack,
        ends.source.session(application),
        ends.destination.session(application),
        home.session(f"{application} lock"),
        *(() if _is_one(sync) else (home.session(application),)),
    )
    return reader, others[0] if others else reader, writer, lock_session


def _made(
    writer: Session, sync: SyncConfig, relation: Relation, state: State
) -> tuple[Target, tuple[str, ...]]:
    """The table, made or completed; the log of the destination is told in the same transaction."""
    return fitting_target(writer, sync, relation, "keep", log_of(sync, state, writer))


def _circumstances(
    sync: SyncConfig, ends: Ends, reader: Session, writer: Session, reporter: Reporter
) -> Circumstances:
    """What is recorded of whatever comes of it; the sync is as it was written."""
    versions = reader.server_version, writer.server_version
    return Circumstances(ends.by, code_version(sync), *versions, reporter.spent)


def _untaken(sync: SyncConfig, relation: Relation, mapping: ColumnMapping) -> Iterator[str]:
    told = untaken(sync, relation, mapping.sources)
    if told is not None:
        yield told


def _fitted(
    sync: SyncConfig, reader: Session, keeper: Session, writer: Session, making: Making
) -> tuple[SyncConfig, Relation, Target, ColumnMapping, Storage, tuple[str, ...]]:
    """Model and table, and how they fit; a table that may be made is only tried."""
    table = partial(find_there, writer, sync)
    with meanwhile(table) as there:
        sync, relation = _described(reader, sync)
        Privacy.of(sync).check(relation.names)
    tried: Making = "never" if making == "never" else "try"
    target, made = fitting_target(writer, sync, relation, tried, found=there.result())
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


def _is_one(sync: SyncConfig) -> bool:
    """Engine standard reads in one transaction and stores in another, also on one server."""
    return sync.traits.place == "source"


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
    """All of them can be used, or none is touched.

    Raises:
        PrivilegeError: one is missing or not ours to write; the remedy is the statement to run.
    """
    ours = keeper.config.schemas
    wanted: tuple[tuple[Session, str | None, Problem], ...] = (
        (keeper, ours.planner, schema_problem),
        (keeper, ours.audit, schema_problem),
        (destination, destination.config.schemas.ledger, ledger_problem),
        (destination, destination.config.schemas.log, log_problem),
    )
    for session, schema, problem in wanted:
        remedy = problem(session, schema) if schema is not None else None
        if remedy is not None:
            raise PrivilegeError(
                f"{session.name}: schema {schema} is missing, or our role may not write it",
                f"as an administrator: {remedy}",
            )
