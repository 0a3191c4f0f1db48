"""The engine was switched: the state that the other one left is carried over.

Which of two states counts is decided by the destination's ledger, never by a mark: the one that
knows the last run. So a switch can be interrupted anywhere, and can be taken back.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

from ..connect import Endpoint, is_migrated
from ..errors import ConfigurationError, PrivilegeError, TerminalError
from ..failpoints import failpoint
from ..plan import STORAGES, Planner, State, Storage, carry, forget, locked, prepare
from ..record import Audit
from ..write import Entry
from .settle import settle
from .told import tell
from .turn import state_name
from .work import Work

SWITCHED = "the engine was switched before all of it was written; the rest is planned anew"
LEFT_BEHIND = (
    "the engine was switched, and what the other one has sent could not be read: rows that it has "
    "sent and that have left the model since stay in the destination"
)


def carried(work: Work, *, is_needed: bool) -> Work:
    """The work with the state that counts, wherever it was until now.

    Args:
        work: the run; its own planner may know nothing of the sync, or something outdated.
        is_needed: False: every row is planned anyway; a state that cannot be read is left behind.

    Raises:
        PrivilegeError: a state of the other engine is there and may not be read.
    """
    if work.elsewhere is not None and not work.ledger.is_exact:
        return _begun_anew(work, work.elsewhere, is_needed)
    if work.elsewhere is None or not is_elsewhere(work):
        return work
    try:
        with _other_planner(work, work.elsewhere) as other:
            return _carried_from(work, other) if other else work
    except PrivilegeError as error:
        if is_needed:
            raise _unreadable(work, work.elsewhere, error) from None
        return replace(work, notes=(*work.notes, LEFT_BEHIND))


def _begun_anew(work: Work, elsewhere: Endpoint, is_needed: bool) -> Work:
    """Without a ledger at the destination nobody tells which of two states counts."""
    if work.state.shape is not None:
        return work
    with _other_planner(work, elsewhere) as other:
        left = other.look(work.sync.name, state_name(work.partition)) if other else None
        if other is None or left is None or left.shape is None:
            return work
        if is_needed:
            raise ConfigurationError(
                f"sync {work.sync.name!r}: its engine was switched, and without a ledger at "
                f"{work.ledger.session.name} what the other one has sent cannot be carried over",
                f"switch back; or begin anew: pgsync-assets run {work.sync.name} --full-resync",
            )
        forget(other, left, because="the engine was switched since")  # so that none goes on there
    return replace(work, notes=(*work.notes, LEFT_BEHIND))


def is_elsewhere(work: Work) -> bool:
    """Whether what was sent is in the planner of the other engine, as far as the ledger knows.

    Args:
        work: with the state of its own planner.
    """
    is_known = work.elsewhere is not None and work.ledger.knows(work.state)
    return is_known and not _is_current(work)


def _is_current(work: Work) -> bool:
    entry = work.ledger.read(work.state)
    if entry is None:
        return work.state.shape is not None and work.state.ledger_run is None
    is_unfinished = work.planner.unsettled(work.state, entry.run) is not None
    return is_unfinished or work.state.ledger_run == entry.run


@contextmanager
def _other_planner(work: Work, endpoint: Endpoint) -> Iterator[Planner | None]:
    """The planner of the other engine, locked against its runs; None where there is none."""
    schema = endpoint.config.schemas.planner
    name = f"pgsync/{work.sync.name}/{work.slice}".rstrip("/")
    with endpoint.session(f"{name} switch") as session, endpoint.session(f"{name} lock") as lock:
        if not is_migrated(session, schema):
            yield None
            return
        with locked(lock, schema, work.sync.name, work.slice):
            with suppress(TerminalError):  # of an older version, and perhaps not ours to write
                prepare(session, schema)
            yield Planner(session, schema)


def _carried_from(work: Work, other: Planner) -> Work:
    left = other.look(work.sync.name, state_name(work.partition))
    entry = work.ledger.read(left) if left else None
    if left is None or entry is None:
        return work
    left, entry = _settled(work, other, left, entry)
    if left.shape is None or left.ledger_run != entry.run:
        return work  # that one is outdated as well: the caller says so
    state = work.planner.claim(work.state.sync, work.state.partition, entry.fence)
    with suppress(TerminalError):  # it may be a standby, or not ours to write any more
        left = replace(left, epoch=other.claim(left.sync, left.partition, state.epoch).epoch)
    # Who slept through the switch may not write any more.
    work.ledger.take_over(replace(state, installation=left.installation), entry.run)
    failpoint("state fenced")
    state = carry(other, left, work.planner, state, _storage(work, left))
    failpoint("state carried over")
    with suppress(TerminalError):
        forget(other, left, because="the engine was switched since")
    failpoint("old state forgotten")
    return replace(work, state=state, carried=state.row_count)


def _settled(work: Work, other: Planner, left: State, entry: Entry) -> tuple[State, Entry]:
    """What the other engine left unfinished is advanced as far as it is in."""
    plan = other.unsettled(left, entry.run)
    if plan is None:
        return left, entry
    left = other.claim(left.sync, left.partition, entry.fence)
    prepare(other.session, other.schema)
    schema = other.session.config.schemas.audit
    audit = Audit.prepare(other.session, other, schema, work.sync, work.audit.circumstances)
    work.ledger.take_over(left, entry.run)
    there = replace(work, planner=other, audit=audit, state=left, elsewhere=None)
    settlement = settle(there, plan, SWITCHED)
    tell(work.sync, other, settlement.state, work.ledger.session)
    return settlement.state, work.ledger.read(left) or entry


def _storage(work: Work, left: State) -> Storage:
    """How our planner has the columns of that state."""
    assert left.shape is not None  # noqa: S101 - looked at before
    shape = left.shape
    same_key = shape.key == work.relation.key
    operators = work.relation.key_operators if same_key else ("pg_catalog",) * len(shape.key)
    columns = list(zip(shape.columns, shape.types, strict=True))
    place = work.sync.traits.place
    return STORAGES[place](work.planner.session, columns, shape.key, operators)


def _unreadable(work: Work, endpoint: Endpoint, error: PrivilegeError) -> PrivilegeError:
    schema = endpoint.config.schemas.planner
    return PrivilegeError(
        f"sync {work.sync.name!r}: its engine was switched, and what the other one has sent "
        f"cannot be read ({error.message})",
        f"as an administrator of {endpoint.name}: GRANT USAGE ON SCHEMA {schema} and SELECT ON ALL "
        f"TABLES IN SCHEMA {schema} to its role until the switch is done (ALL, where a run of it "
        "was interrupted while it wrote); or send everything again: "
        f"pgsync-assets run {work.sync.name} --full-resync",
    )
