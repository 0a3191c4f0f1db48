"""Everything about a sync that can be known without writing, one line each.

Where a line fails, what depends on it is not tried; what does not is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ..config import PartitionKind, SyncConfig
from ..connect import Endpoint, Session, login_of, schema_problem
from ..errors import PgsyncError
from ..model import Relation, add_computed, describe_sent, fit_partitions
from ..outcome import CheckResult
from ..write import (
    Target,
    check_replay,
    find_arbiter,
    fit,
    fitting_target,
    ledger_problem,
    lossy_columns,
    read_target,
)
from .ends import Ends
from .work import Problem, storage_of


def check(
    sync: SyncConfig, source: Endpoint, destination: Endpoint, *, platform: Endpoint | None = None
) -> list[CheckResult]:
    """Checks connections, rights, model and table of a sync. Writes nothing.

    Args:
        sync: what the user wrote, with the model's SQL loaded.
        source: where the model is read.
        destination: where the table is.
        platform: where engine standard keeps its state.

    Returns:
        One result for each thing tried, in the order of the road.
    """
    results = _Results()
    sync, relation = _check_source(results, sync, source)
    _check_planner(results, sync, Ends(source, destination, platform), relation)
    target = _check_destination(results, sync, relation, destination)
    if relation is not None and target is not None:
        results.tried(
            "mapping, types, unique index, rights",
            lambda: _fitted(sync, source, relation, target),
        )
    return results.lines


class _Results:
    def __init__(self) -> None:
        self.lines: list[CheckResult] = []

    def tried(self, name: str, attempt: Callable[[], str]) -> bool:
        """Adds a line: what the attempt says, or the error that it raised."""
        try:
            self.lines.append(CheckResult(name, True, attempt()))
        except PgsyncError as error:
            self.lines.append(CheckResult(name, False, error.message, error.remedy))
            return False
        return True

    def schema(
        self, kind: str, session: Session, schema: str, problem: Problem = schema_problem
    ) -> None:
        """Adds a line for one of our schemas."""
        name = f"{kind} schema"
        try:
            remedy = problem(session, schema)
        except PgsyncError as error:
            self.lines.append(CheckResult(name, False, error.message, error.remedy))
            return
        detail = f"{schema} at {session.name}: " + (
            "writable" if remedy is None else "missing, or not writable for our role"
        )
        self.lines.append(CheckResult(name, remedy is None, detail, remedy))


def _check_source(
    results: _Results, sync: SyncConfig, source: Endpoint
) -> tuple[SyncConfig, Relation | None]:
    found: list[tuple[SyncConfig, Relation]] = []

    def described(session: Session) -> str:
        found.append(describe_sent(session, sync))
        relation = found[0][1]
        values = f", {len(sync.values)} of them values of the sync" if sync.values else ""
        return f"{len(relation.columns)} columns{values}, key ({', '.join(relation.key)})"

    def partitioned(session: Session, kind: PartitionKind) -> str:
        fit_partitions(session, *found[0])
        turns = "they run at once" if sync.partitions_run_at_once else "they take turns"
        return f"{kind.summary}; {turns}"

    def connected() -> str:
        with source.session("pgsync/check") as session:
            login = login_of(session)
            results.tried(f"model {sync.model_name}", lambda: described(session))
            kind = sync.partitions
            if found and kind is not None:
                results.tried("partitions", lambda: partitioned(session, kind))
        return login

    _first(results, source, connected)
    return found[0] if found else (sync, None)


def _check_planner(
    results: _Results, sync: SyncConfig, ends: Ends, relation: Relation | None
) -> None:
    """Where the engine keeps what was sent."""
    try:
        home, _ = ends.planner_of(sync)
        with home.session("pgsync/check") as session:
            if home is not ends.source:
                _first(results, home, lambda: login_of(session))
            results.schema("planner", session, home.config.schemas.planner)
            results.schema("audit", session, home.config.schemas.audit)
            if relation is not None and home is not ends.source:
                results.tried("key, compared there", lambda: _key(sync, session, relation))
    except PgsyncError as error:
        results.lines.append(CheckResult("planner", False, error.message, error.remedy))


def _check_destination(
    results: _Results, sync: SyncConfig, relation: Relation | None, destination: Endpoint
) -> Target | None:
    found: list[Target] = []

    def read(session: Session) -> str:
        made: tuple[str, ...] = ()
        if relation is None:
            found.append(read_target(session, sync.table))
        else:
            target, made = fitting_target(session, sync, relation, "try")
            found.append(target)
        usable = [index.name for index in found[0].indexes if index.obstacle is None]
        names = ", ".join(usable) or "none"
        told = f"{len(found[0].columns)} columns, unique indexes: {names}"
        return "; ".join((told, *made))

    def connected() -> str:
        with destination.session("pgsync/check") as session:
            login = login_of(session)
            _check_ledger(results, sync, session)
            results.tried(f"table {sync.table}", lambda: read(session))
        return login

    _first(results, destination, connected)
    return found[0] if found else None


def _check_ledger(results: _Results, sync: SyncConfig, session: Session) -> None:
    schema = session.config.schemas.ledger
    if schema is not None:
        results.schema("ledger", session, schema, ledger_problem)
        return

    def replayable() -> str:
        check_replay(sync, session)
        return f"none at {session.name}: it stands beside the planner, and writes at least once"

    results.tried("ledger", replayable)


def _first(results: _Results, endpoint: Endpoint, connected: Callable[[], str]) -> None:
    """The connection's own line stands before those of what was found through it."""
    before = len(results.lines)
    results.tried(f"connection {endpoint.name}", connected)
    line = results.lines.pop()
    warning = endpoint.weakness if line.passed else None
    results.lines.insert(before, replace(line, warning=warning))


def _key(sync: SyncConfig, keeper: Session, relation: Relation) -> str:
    storage_of(sync, keeper, relation, relation.names)
    return f"({', '.join(relation.key)})"


def _fitted(sync: SyncConfig, source: Endpoint, relation: Relation, target: Target) -> str:
    if lossy := lossy_columns(sync, relation, target):
        with source.session("pgsync/check") as session:
            sync, relation = add_computed(session, sync, relation, lossy)
    mapping = fit(sync, relation, target)
    arbiter = find_arbiter(sync, mapping, target)
    found = f"matched by {arbiter} ({arbiter.name})" if arbiter else "no row is looked up"
    told = f"{len(mapping.targets)} columns mapped, {found}"
    return "; ".join((told, *(one.place for one in lossy)))
