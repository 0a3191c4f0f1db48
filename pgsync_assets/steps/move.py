"""The state of a name that no sync has any more goes to the sync that took its place.

The planner and the ledger are two databases. The ledger is renamed first: until the planner is as
well, neither name can run (the histories differ, or the state is another's), and the same command
again finds out from the ledger how far it came.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from uuid import UUID

from ..config import SyncConfig
from ..config.validation import suggestion
from ..connect import READ_ONLY, Endpoint
from ..errors import ConfigurationError, HistoryError, PgsyncError
from ..failpoints import failpoint
from ..plan import Planner, PlannerId, Shape, State, locked, prepare, renamed, survey
from ..record import Audit, add_former_name, former_names
from ..write import UNWRITTEN, Entry, Ledger
from .ends import Ends
from .open_ledger import open_ledger
from .refused_run import close_interrupted
from .told import log_of, tell
from .turn import slice_of, state_name

RENAMED = "the sync was renamed before its first row was written"


@dataclass(frozen=True)
class Moved:
    """What was known of a name, and is known of a sync now.

    Args:
        old: the name that no sync has.
        sync: the sync that goes on from there.
        planner: the connection whose database has the state.
        states: how many there are: one, or one for each partition; 0: it was moved already.
        rows: rows that are known to be at the destination.
    """

    old: str
    sync: str
    planner: str
    states: int
    rows: int


@dataclass(frozen=True)
class Moving:
    """What it takes to move a state, under the locks of both names.

    Args:
        old: the name that no sync has.
        sync: the one that gets its state.
        planner: that has the state.
        audit: name of the audit's schema there.
        ledger: of the destination.
        states: of the old name.
        instead: of the new one; they hold nothing.
    """

    old: str
    sync: SyncConfig
    planner: Planner
    audit: str
    ledger: Ledger
    states: list[State]
    instead: list[State]


def move(old: str, sync: SyncConfig, ends: Ends) -> Moved:
    """Gives a sync what is known of another name: runs, refused rows, held plan, ledger, history.

    Interrupted, it is finished by doing it again. Rows of the destination are not touched.

    Args:
        old: a name that no sync has.
        sync: the sync, which has no state yet.
        ends: its databases.

    Raises:
        AlreadyRunning: a run of one of the two is under way.
        ConfigurationError: there is no such state, or it is not about rows of this sync.
        HistoryError: planner and ledger do not know the same runs.
        FencedOff: a newer run took over meanwhile.
    """
    home = _home_of(old, sync, ends)
    if home is None:
        return Moved(old, sync.name, ends.planner_of(sync)[0].name, 0, 0)
    with _opened(old, sync, ends, home) as moving:
        _check(moving)
        states = _fenced(moving)
        failpoint("ledger fenced")
        for state in states:
            _close(moving, state)
        failpoint("unwritten plans dropped")
        moving.ledger.rename(states, sync.name)
        _log_renamed(moving)
        failpoint("ledger renamed")
        with renamed(moving.planner, states, moving.instead, sync.name) as connection:
            add_former_name(connection, moving.audit, old, sync.name)
        failpoint("state renamed")
    rows = sum(state.row_count for state in states)
    return Moved(old, sync.name, home.name, len(states), rows)


def _home_of(old: str, sync: SyncConfig, ends: Ends) -> Endpoint | None:
    """The planner that has the state; None where it was moved already.

    A state that is where another engine has it is found by the next run, as after any switch.
    """
    found: dict[PlannerId, Endpoint] = {}
    others: set[str] = set()
    is_done = False
    taken: Endpoint | None = None
    for endpoint in filter(None, ends.planner_of(sync)):
        with endpoint.session(f"pgsync/{sync.name} move") as session:
            seen = survey(session, endpoint.config.schemas.planner)
            if seen is None:
                continue
            others |= {state.sync for state in seen[1]}
            if any(state.sync == old for state in seen[1]):
                found.setdefault(seen[0], endpoint)
            if any(state.sync == sync.name and not state.is_only_held for state in seen[1]):
                taken = endpoint
            with session.transaction("reading the audit", READ_ONLY) as connection:
                audit = endpoint.config.schemas.audit
                is_done |= old in former_names(connection, audit, sync.name)
    if not found and not is_done:
        raise _unknown(old, sync, ends, others)
    if found and taken:
        raise _taken(old, sync.name, taken)
    if len(found) > 1:
        raise _in_two(old, list(found.values()))
    return next(iter(found.values()), None)


def _taken(old: str, new: str, endpoint: Endpoint) -> ConfigurationError:
    return ConfigurationError(
        f"sync {new!r} has a state already, in the planner of {endpoint.name}: that of {old!r} "
        "cannot be put in its place",
        f"one of them has to go: pgsync-assets state drop {old}; or pgsync-assets drop {new}, "
        "and then move",
    )


def _in_two(old: str, endpoints: list[Endpoint]) -> ConfigurationError:
    return ConfigurationError(
        f"{' and '.join(one.name for one in endpoints)} both have a state named {old!r}: its "
        "engine was switched, and no run has come to its end since",
        f"name the sync {old!r} again and run it once; then rename it and move the state",
    )


def _unknown(old: str, sync: SyncConfig, ends: Ends, others: set[str]) -> ConfigurationError:
    places = " and ".join(one.name for one in ends.planner_of(sync) if one)
    return ConfigurationError(
        f"no state is named {old!r} in the planner of {places}, where sync {sync.name!r} would "
        f"have it; {suggestion(old, others - {sync.name})}",
        "`pgsync-assets state` lists what is there",
    )


@contextmanager
def _opened(old: str, sync: SyncConfig, ends: Ends, home: Endpoint) -> Iterator[Moving]:
    application = f"pgsync/{sync.name} move"
    schemas = home.config.schemas
    with ExitStack() as stack:
        keeper = stack.enter_context(home.session(application))
        writer = stack.enter_context(ends.destination.session(application))
        lock_session = stack.enter_context(home.session(f"{application} lock"))
        planner = prepare(keeper, schemas.planner)
        Audit.prepare(keeper, planner, schemas.audit, sync)
        ledger = stack.enter_context(open_ledger(home, writer, application))
        for name in (old, sync.name):
            stack.enter_context(locked(lock_session, planner.schema, name, ""))
        looked = (planner.look(old, partition) for partition in planner.partitions_of(old))
        states = [state for state in looked if state]
        names = {state.partition for state in states}.union(planner.partitions_of(sync.name))
        instead = [planner.claim(sync.name, name) for name in sorted(names)]
        yield Moving(old, sync, planner, schemas.audit, ledger, states, instead)


def _check(moving: Moving) -> None:
    """Makes sure that it is about the same rows, before anything is changed.

    Raises:
        ConfigurationError: it is not; the message says what differs.
    """
    identity = moving.ledger.identity()
    known = [(state, shape) for state in moving.states if (shape := _shape(moving, state))]
    if not known:
        raise ConfigurationError(
            f"{moving.old!r} has sent nothing: there is nothing to move",
            f"forget it: pgsync-assets state drop {moving.old}",
        )
    for state, shape in known:
        for what, is_now, was in _differences(moving, identity, shape):
            raise ConfigurationError(
                f"the state of {moving.old!r} is about other rows than sync {moving.sync.name!r}: "
                f"its {what} is {was}, that of the sync {is_now}",
                f"begin anew: pgsync-assets state drop {moving.old}; or give the sync that {what} "
                "again",
            )
        _check_partition(moving, state, shape)


def _shape(moving: Moving, state: State) -> Shape | None:
    """What the state is about; of a first run that was interrupted, what its plan is about."""
    plan = moving.planner.open_plan(state)
    return state.shape or (plan.shape if plan and _entry(moving, state) else None)


def _differences(moving: Moving, identity: UUID, shape: Shape) -> Iterator[tuple[str, str, str]]:
    sync = moving.sync
    if shape.table != sync.table:
        yield "destination table", sync.table, shape.table
    if shape.ledger != identity:
        yield (
            "destination",
            f"{sync.destination} ({identity})",
            f"another database ({shape.ledger})",
        )
    if shape.key != sync.model.key:
        yield "key", ", ".join(sync.model.key), ", ".join(shape.key)


def _check_partition(moving: Moving, state: State, shape: Shape) -> None:
    sync, name = moving.sync, state.partition
    try:
        partition = sync.partition_named(name) if name else None
    except ConfigurationError:
        partition = None
    fits_name = state_name(partition) == name
    has_own = sync.partitions is not None and sync.partitions_run_at_once
    if fits_name and slice_of(partition) == shape.slice and bool(name) == has_own:
        return
    raise ConfigurationError(
        f"the state of {moving.old!r} is cut otherwise than sync {sync.name!r}: it has "
        f"{'a state of its own for partition ' + repr(name) if name else 'one state for all rows'}",
        f"give the sync the partitions that {moving.old!r} had; change them after the move",
    )


def _log_renamed(moving: Moving) -> None:
    """The log of the destination goes on under the new name; what is in its way stops nobody."""
    was = moving.sync.model_copy(update={"name": moving.old})
    for state in moving.states[:1]:
        log = log_of(was, state, moving.ledger.session)
        with suppress(PgsyncError):
            if log is not None:
                log.rename(moving.sync.name)


def _entry(moving: Moving, state: State) -> Entry | None:
    """What the ledger knows of a state, under its old name or, half moved, under the new one."""
    entry = moving.ledger.read(state) or moving.ledger.read(_as(state, moving.sync.name))
    return entry if entry and entry.run != UNWRITTEN else None


def _fenced(moving: Moving) -> list[State]:
    """New epochs in planner and ledger: who slept through the move may not write any more.

    Returns:
        The states as claimed.

    Raises:
        HistoryError: both names are known to the ledger.
        FencedOff: a run has begun meanwhile.
    """
    least = max((state.epoch for state in moving.instead), default=0)
    states = []
    for left in moving.states:
        was, is_now = moving.ledger.read(left), moving.ledger.read(_as(left, moving.sync.name))
        if was and is_now:
            raise _known_twice(moving)
        entry = was or is_now
        fence = max(least, entry.fence if entry else 0)
        state = moving.planner.claim(left.sync, left.partition, fence)
        if entry is None:
            moving.ledger.open(state, UNWRITTEN)
        else:
            moving.ledger.take_over(_as(state, moving.sync.name) if is_now else state, entry.run)
        states.append(state)
    return states


def _as(state: State, name: str) -> State:
    return replace(state, sync=name)


def _known_twice(moving: Moving) -> HistoryError:
    return HistoryError(
        f"the ledger at {moving.ledger.keeper.name} knows runs of {moving.sync.name!r} that the "
        f"planner at {moving.planner.session.name} does not: it was restored or replaced",
        f"look at both; to forget those runs: pgsync-assets drop {moving.sync.name}; then move",
    )


def _close(moving: Moving, state: State) -> None:
    """Ends what was begun and never written; a plan that may be in goes on under the new name."""
    was = moving.sync.model_copy(update={"name": moving.old})
    audit = Audit(moving.planner, moving.audit, was)
    close_interrupted(moving.planner, audit, state)
    plan, entry = moving.planner.open_plan(state), _entry(moving, state)
    if plan is not None and (entry is None or entry.run != plan.run.id):
        audit.fail(state, plan.run, RENAMED, plan.counts)
        moving.planner.drop(state, plan.run, "superseded", RENAMED)
    tell(was, moving.planner, state, moving.ledger.session)
