"""What a rule looks for: a function for each trigger, from records to findings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import dagster as dg

from ...config import FreshnessConfig, exceeds
from ...config.alerts import RuleConfig, Trigger
from ...config.duration import written as in_words
from ...errors import TooManyRejectedRows
from ..last_ended_well import last_ended_well
from .events import Failure
from .records import Ended, SyncRun, running
from .usual import is_full, usual
from .watched import Watched


@dataclass(frozen=True)
class Problem:
    """What is wrong.

    Args:
        summary: a sentence.
        facts: counts, SQLSTATEs and names.
        remedy: what to do about it.
    """

    summary: str
    facts: Mapping[str, int | float | str] = field(default_factory=dict)
    remedy: str | None = None


@dataclass(frozen=True)
class Finding:
    """What was seen of one subject: a problem, or that all is well.

    Args:
        subject: a sync, with its partition; or a connection.
        event: what it was seen in: a run, told once however often it is looked at.
        at: seconds since 1970.
        problem: None: all is well.
        run_id: of Dagster.
    """

    subject: str
    event: str
    at: float
    problem: Problem | None
    run_id: str | None = None


@dataclass
class Look:
    """What one tick looks at.

    Args:
        instance: of Dagster.
        syncs: every sync of the code location, by name.
        ended: runs that have ended since the last tick.
        now: seconds since 1970.
        freshness: of the syncs that have one.
        connections: that a sync uses, by its name.
        never: syncs that never ran: since when they are expected to; is kept, and added to.
    """

    instance: dg.DagsterInstance
    syncs: Mapping[str, Watched]
    ended: Sequence[Ended]
    now: float
    freshness: Mapping[str, FreshnessConfig] = field(default_factory=dict)
    connections: Mapping[str, frozenset[str]] = field(default_factory=dict)
    never: dict[str, float] = field(default_factory=dict)

    def runs(self, rule: RuleConfig) -> Iterator[SyncRun]:
        """What ended runs did with the syncs of a rule.

        Args:
            rule: any.
        """
        for ended in self.ended:
            yield from (run for run in ended.syncs if self.is_of(rule, run.sync.name))

    def is_of(self, rule: RuleConfig, sync: str) -> bool:
        """Whether a rule is about a sync.

        Args:
            rule: any.
            sync: its name.
        """
        return rule.syncs is None or sync in rule.syncs


def findings(rule: RuleConfig, look: Look) -> Iterator[Finding]:
    """What a rule has to say about this tick, in order.

    Args:
        rule: which.
        look: at what.
    """
    return _TRIGGERS[rule.when](rule, look)


def subject(sync: str, partition: str | None) -> str:
    """A sync, with its partition.

    Args:
        sync: its name.
        partition: its key, if any.
    """
    return f"{sync} [{partition}]" if partition else sync


def _run_failed(rule: RuleConfig, look: Look) -> Iterator[Finding]:
    for run in look.runs(rule):
        yield from _written_well(run)
        if run.failure is not None:
            yield _found(run, run.stopped_at, _failed(run.failure))


def _guard(rule: RuleConfig, look: Look) -> Iterator[Finding]:
    for run in look.runs(rule):
        yield from _written_well(run)
        failure = run.failure
        if failure is not None and "pgsync/guard" in failure.metadata:
            yield _found(run, run.stopped_at, _failed(failure))


def _rejected_rows(rule: RuleConfig, look: Look) -> Iterator[Finding]:
    for run in look.runs(rule):
        for written in run.written:
            rejected, parked = written.count("rows_rejected"), written.count("rows_parked")
            refused, there, problem = rejected + parked, written.rows or 0, None
            if exceeds(refused, rule.over, there + refused):
                known = {"refused": rejected, "parked": parked, "sent": written.sent}
                states = ", ".join(written.sqlstates)
                problem = Problem(
                    f"{refused} rows are refused; the others are in",
                    {**known, "rows at the destination": there}
                    | ({"SQLSTATE": states} if states else {}),
                    f"pgsync-assets rejected {run.sync.name}",
                )
            yield _found(run, written.partition, problem)
        if run.failure is not None and run.failure.error == TooManyRejectedRows.__name__:
            yield _found(run, run.stopped_at, _failed(run.failure))


def _slow_run(rule: RuleConfig, look: Look) -> Iterator[Finding]:
    for run in look.runs(rule):
        for written in run.written:
            problem = _slow(rule, look, run, written.partition, written.seconds, "took")
            yield _found(run, written.partition, problem)
    least = rule.longer_than.total_seconds() if rule.longer_than else 0.0
    for run in running(look.instance, look.now - least, look.now, look.syncs):
        if not look.is_of(rule, run.sync.name) or run.started is None:
            continue
        began = max([run.started, *(one.at for one in run.written)])
        problem = _slow(rule, look, run, run.stopped_at, look.now - began, "has been running for")
        if problem is not None:  # a run that is not slow yet says nothing
            yield _found(run, run.stopped_at, problem)


def _slow(
    rule: RuleConfig, look: Look, run: SyncRun, partition: str | None, seconds: float, verb: str
) -> Problem | None:
    limit = rule.longer_than.total_seconds() if rule.longer_than else None
    if limit is not None and seconds > limit:
        return Problem(f"{verb} {seconds:.0f} s; the limit is {limit:.0f} s")
    if rule.factor_of_usual is None:
        return None
    known = usual(look.instance, run, partition, lambda written: written.seconds)
    if known is None or seconds <= rule.factor_of_usual * known.median:
        return None
    told = f"{verb} {seconds:.0f} s; usual are {known.median:.1f} s"
    return Problem(told, {"runs compared": known.runs})


def _unusual_volume(rule: RuleConfig, look: Look) -> Iterator[Finding]:
    factor = rule.factor_of_usual or 1.0
    for run in look.runs(rule):
        for written in run.written:
            if is_full(run, written):
                continue
            known = usual(look.instance, run, written.partition, lambda one: float(one.sent))
            if known is None:
                continue
            rows, problem = written.sent, None
            is_far = abs(rows - known.median) >= max(1, rule.min_rows)
            if is_far and (rows > factor * known.median or rows * factor < known.median):
                names = ("rows_added", "rows_changed", "rows_removed")
                problem = Problem(
                    f"sent {rows} rows; usual are {known.median:.0f}",
                    {name.removeprefix("rows_"): written.count(name) for name in names}
                    | {"runs compared": known.runs},
                )
            yield _found(run, written.partition, problem)


def _did_not_run(rule: RuleConfig, look: Look) -> Iterator[Finding]:
    keys = {
        name: look.syncs[name].key
        for name in look.freshness
        if name in look.syncs and look.is_of(rule, name)
    }
    ended = last_ended_well(look.instance, list(keys.values()))
    now = dt.datetime.fromtimestamp(look.now, dt.timezone.utc)
    for name, key in keys.items():
        limit, last = look.freshness[name].within, ended[key]
        within = in_words(limit)
        if last is None:  # since when it is expected, nobody knows better than this sensor
            since = look.never.setdefault(name, look.now)
            late = look.now - since > limit.total_seconds()
            problem = Problem(f"never ran; it should run every {within}") if late else None
            yield Finding(name, f"never {since}", look.now, problem)
            continue
        look.never.pop(name, None)
        at = f"{last:%Y-%m-%d %H:%M UTC}"
        told = f"last ran well at {at}; it should run every {within}"
        yield Finding(name, at, look.now, Problem(told) if now - last >= limit else None)


def _connection_failed(rule: RuleConfig, look: Look) -> Iterator[Finding]:
    used = {name for sync in rule.syncs or () for name in look.connections.get(sync, ())}
    for ended in look.ended:
        for test in ended.tests:
            is_ours = test.sync in (rule.syncs or ()) or test.connection in used
            if rule.syncs is None or is_ours:
                told = f"the test failed: {', '.join(test.failed)}"
                facts = {"failed": len(test.failed)}
                remedy = "the run shows each line, with what to do about it"
                problem = Problem(told, facts, remedy) if test.failed else None
                yield Finding(test.subject, test.run.run_id, test.at, problem, test.run.run_id)


def _written_well(run: SyncRun) -> Iterator[Finding]:
    for written in run.written:
        yield _found(run, written.partition, None)


def _found(run: SyncRun, partition: str | None, problem: Problem | None) -> Finding:
    run_id = run.run.run_id
    return Finding(subject(run.sync.name, partition), run_id, run.at, problem, run_id)


def _failed(failure: Failure) -> Problem:
    if failure.message is None:
        told = f"{failure.error} in the step {failure.step}" if failure.step else failure.error
        return Problem(f"{told}; its page in Dagster says more")
    names = ("plan_id", "planned_added", "planned_changed", "planned_removed", "sqlstate")
    found = {name: failure.metadata.get(f"pgsync/{name}") for name in names}
    facts: dict[str, int | float | str] = {
        name.replace("_", " ").replace("plan id", "plan"): value
        for name, value in found.items()
        if isinstance(value, int | str)
    }
    return Problem(failure.message, {"error": failure.error, **facts}, failure.remedy)


_TRIGGERS: dict[Trigger, Callable[[RuleConfig, Look], Iterator[Finding]]] = {
    "run_failed": _run_failed,
    "rejected_rows": _rejected_rows,
    "guard": _guard,
    "slow_run": _slow_run,
    "unusual_volume": _unusual_volume,
    "did_not_run": _did_not_run,
    "connection_failed": _connection_failed,
}
