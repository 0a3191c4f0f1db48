"""What the databases of a project know of syncs: planners, and ledgers. Nothing is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid5

from ..connect import Endpoint, Session
from ..errors import HistoryError, PgsyncError, PrivilegeError
from ..plan import KnownState, PlannerId, survey
from ..write import DistantLedger, Ledger, LedgerEntry, drop_entries, ledger_entries


@dataclass(frozen=True)
class Seen:
    """What lies in the database of one connection.

    Args:
        endpoint: the connection.
        planner: which planner is there; None for none.
        states: of that planner.
        identity: which destination it is, as planners remember it; None where it is none.
        entries: of the ledger there.
        kept: of ledgers beside the planner, whose destinations have none.
    """

    endpoint: Endpoint
    planner: PlannerId | None
    states: list[KnownState]
    identity: UUID | None
    entries: list[LedgerEntry]
    kept: list[LedgerEntry]

    @property
    def name(self) -> str:
        """Of the connection."""
        return self.endpoint.name


@dataclass(frozen=True)
class Unseen:
    """A connection that could not be looked at, and why."""

    connection: str
    error: PgsyncError


def look_around(endpoints: Iterable[Endpoint]) -> tuple[list[Seen], list[Unseen]]:
    """Looks at each database; one that cannot be reached is told, and the others are looked at.

    Args:
        endpoints: the connections of a project.
    """
    seen: list[Seen] = []
    unseen: list[Unseen] = []
    for endpoint in endpoints:
        try:
            seen.append(_seen(endpoint))
        except PgsyncError as error:
            unseen.append(Unseen(endpoint.name, error))
    return seen, unseen


def planners(seen: Iterable[Seen]) -> Iterator[tuple[list[str], Seen]]:
    """Each planner once, with the names of all connections that lead to it."""
    known: dict[PlannerId, tuple[list[str], Seen]] = {}
    for one in seen:
        if one.planner is not None:
            known.setdefault(one.planner, ([], one))[0].append(one.name)
    yield from known.values()


@dataclass(frozen=True)
class Remembered:
    """What a ledger remembers, and none of the planners knows.

    Args:
        at: where the ledger's tables are.
        schema: in which they are.
        entry: what it remembers.
        is_ours: whether one of the planners wrote it once.
    """

    at: Seen
    schema: str
    entry: LedgerEntry
    is_ours: bool


def only_remembered(seen: Sequence[Seen]) -> Iterator[Remembered]:
    """What ledgers remember of syncs that none of the planners has.

    Args:
        seen: what the databases know.
    """
    every = [state for _, one in planners(seen) for state in one.states]
    # Beside a planner each destination has a name of its own: see `DistantLedger`.
    known = {(who, one.sync, one.partition) for one in every for who in _names(one)}
    ours = {one.planner[0] for one in seen if one.planner} | {one.installation for one in every}
    told: set[tuple[UUID | None, LedgerEntry]] = set()
    for one in seen:
        schemas = one.endpoint.config.schemas
        both = (schemas.ledger, one.entries), (schemas.planner, one.kept)
        for schema, entry in ((schema, entry) for schema, found in both for entry in found):
            mark = one.identity, entry
            is_known = (entry.installation, entry.sync, entry.partition) in known
            if is_known or mark in told or schema is None:
                continue
            told.add(mark)  # several connections may lead to one database
            is_ours = entry in one.kept or entry.installation in ours
            yield Remembered(one, schema, entry, is_ours)


def forget_remembered(found: Sequence[Remembered]) -> None:
    """Ledgers forget what none of the planners knows.

    Args:
        found: what to forget.

    Raises:
        PgsyncError: a database cannot be reached.
    """
    for one in found:
        with one.at.endpoint.session("pgsync/state") as session:
            drop_entries(session, one.schema, [one.entry])


def _names(state: KnownState) -> tuple[UUID, ...]:
    own = state.installation
    return (own,) if state.ledger is None else (own, uuid5(state.ledger, str(own)))


def _seen(endpoint: Endpoint) -> Seen:
    schemas = endpoint.config.schemas
    with endpoint.session("pgsync/state") as session:
        found = survey(session, schemas.planner)
        planner, states = found or (None, [])
        entries = ledger_entries(session, schemas.ledger) if schemas.ledger else None
        kept = ledger_entries(session, schemas.planner)
        identity = _identity(session, schemas.ledger, is_there=entries is not None)
    return Seen(endpoint, planner, states, identity, entries or [], kept or [])


def _identity(session: Session, schema: str | None, *, is_there: bool) -> UUID | None:
    try:
        if schema is None:
            return DistantLedger(session, session, "").identity()
        return Ledger(session, schema).identity() if is_there else None
    except (PrivilegeError, HistoryError):
        return None  # nobody's destination, or one that does not say so
