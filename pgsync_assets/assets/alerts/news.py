"""First, again, recovered: what was open before, and what is seen now, make the news."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ...alerts import Alert, State
from ...config.alerts import RuleConfig
from .triggers import Finding

_EVENTS = 5
"""Ids of what was told that an open problem remembers."""


@dataclass
class Open:
    """A problem that is not over.

    Args:
        since: when it was first seen, in seconds since 1970.
        times: how many times in a row.
        incident: what it began together with.
        events: in which it was seen, the last ones.
    """

    since: float
    times: int
    incident: str
    events: list[str]

    @staticmethod
    def of(kept: Mapping[str, Any]) -> Open:
        """What was kept of one.

        Args:
            kept: made by `kept`.
        """
        return Open(**kept)

    def kept(self) -> dict[str, Any]:
        """To be kept."""
        return asdict(self)


@dataclass(frozen=True)
class News:
    """What a rule tells in one tick.

    Args:
        alerts: one for each subject at most of each state.
        resolved: incidents of which nothing is left.
    """

    alerts: list[Alert]
    resolved: list[str]


def news(
    component: str,
    rule: RuleConfig,
    opened: dict[str, Open],
    found: Iterable[Finding],
    dagster_url: str | None,
) -> News:
    """What has changed; each event counts once, however often it is looked at.

    Args:
        component: name of it.
        rule: that is applied.
        opened: problems that are not over, by subject; is changed.
        found: what is seen now, in order.
        dagster_url: where runs have their pages.
    """
    alerts: dict[tuple[str, str], Alert] = {}
    left: set[str] = set()
    incident = ""
    for finding in found:
        before = opened.get(finding.subject)
        if finding.problem is None:
            if before is not None and finding.event not in before.events:
                del opened[finding.subject]
                left.add(before.incident)
                _recovered(alerts, rule, finding, before, dagster_url)
            continue
        if before is not None and finding.event in before.events:
            continue
        state: State = "new" if before is None else "again"
        if before is None:
            incident = incident or f"{component}/{rule.title}/{finding.event}"
            before = opened[finding.subject] = Open(finding.at, 0, incident[:255], [])
        before.times += 1
        before.events = [*before.events, finding.event][-_EVENTS:]
        if state == "new" or rule.notify == "every":
            told = alerts.get((finding.subject, "bad"))
            state = told.state if told is not None else state
            alert = _alert(rule, state, finding, before, dagster_url)
            alerts[finding.subject, "bad"] = alert
    still = {one.incident for one in opened.values()}
    resolved = sorted(left - still) if rule.recovered else []
    return News(list(alerts.values()), resolved)


def _recovered(
    alerts: dict[tuple[str, str], Alert],
    rule: RuleConfig,
    finding: Finding,
    before: Open,
    dagster_url: str | None,
) -> None:
    if rule.recovered:
        alert = _alert(rule, "recovered", finding, before, dagster_url)
        alerts[finding.subject, "well"] = alert


def _alert(
    rule: RuleConfig, state: State, finding: Finding, opened: Open, dagster_url: str | None
) -> Alert:
    problem = finding.problem
    run = finding.run_id
    return Alert(
        rule=rule.title,
        when=rule.when,
        state=state,
        severity=rule.badness if problem else "info",
        subject=finding.subject,
        summary=problem.summary if problem else "all is well again",
        since=opened.since,
        times=opened.times,
        incident=opened.incident,
        facts=dict(problem.facts) if problem else {},
        remedy=problem.remedy if problem else None,
        run_id=run,
        run_url=f"{dagster_url}/runs/{run}" if run and dagster_url else None,
    )
