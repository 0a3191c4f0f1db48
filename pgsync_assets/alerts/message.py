"""What is told: plain values, with counts and names in them, and never a value of a row."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from ..config.alerts import Severity

State = Literal["new", "again", "recovered", "test"]

SCHEMA = "pgsync_assets.alerts/1"
"""Of the JSON that a webhook gets; a change that could break a reader makes it another number."""

MOST_ALERTS = 50
"""In one message; the others are counted."""


@dataclass(frozen=True)
class Alert:
    """One thing that somebody should know.

    Args:
        rule: name of the rule.
        when: its trigger.
        state: `new`, `again` (it happened once more), `recovered`, or `test`.
        severity: `info`, `warning`, `error` or `critical`.
        subject: a sync, as in `orders`, with its partition; or `connection crm`.
        summary: a sentence.
        since: when it began, in seconds since 1970.
        times: how many times in a row it has happened.
        incident: what began together; PagerDuty opens one incident for it.
        facts: counts, SQLSTATEs and names.
        remedy: what to do about it.
        run_id: of Dagster.
        run_url: page of that run.
    """

    rule: str
    when: str
    state: State
    severity: Severity
    subject: str
    summary: str
    since: float
    times: int = 1
    incident: str = ""
    facts: dict[str, int | float | str] = field(default_factory=dict)
    remedy: str | None = None
    run_id: str | None = None
    run_url: str | None = None


@dataclass(frozen=True)
class Message:
    """What one channel is told at once.

    Args:
        component: name of the component that tells it.
        at: when, in seconds since 1970.
        alerts: at most 50.
        more: how many alerts more there are.
        resolved: incidents of which nothing is left.
    """

    component: str
    at: float
    alerts: tuple[Alert, ...]
    more: int = 0
    resolved: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The same for each try to deliver it: who gets it twice can tell."""
        return hashlib.sha256(self.dumps().encode()).hexdigest()[:32]

    def dumps(self) -> str:
        """As JSON, to be kept."""
        return json.dumps(asdict(self), sort_keys=True)

    @staticmethod
    def loads(text: str) -> Message:
        """What `dumps` made.

        Args:
            text: of it.
        """
        kept: dict[str, Any] = json.loads(text)
        alerts = tuple(Alert(**one) for one in kept.pop("alerts"))
        return Message(alerts=alerts, **(kept | {"resolved": tuple(kept["resolved"])}))

    def document(self) -> dict[str, Any]:
        """As a webhook gets it."""
        found = asdict(self)
        return {
            "schema": SCHEMA,
            "id": self.key,
            "component": self.component,
            "sent_at": iso(self.at),
            "more": self.more,
            "resolved": list(self.resolved),
            "alerts": [one | {"since": iso(one["since"])} for one in found["alerts"]],
        }


def message_of(
    component: str, at: float, alerts: list[Alert], resolved: tuple[str, ...] = ()
) -> Message:
    """A message that stays readable, however much has happened.

    Args:
        component: name of the component.
        at: seconds since 1970.
        alerts: all of them; what has gone wrong stays before what is well again.
        resolved: incidents of which nothing is left.
    """
    ordered = sorted(alerts, key=lambda alert: alert.state == "recovered")
    more = max(0, len(ordered) - MOST_ALERTS)
    return Message(component, at, tuple(ordered[:MOST_ALERTS]), more, resolved)


def iso(seconds: float) -> str:
    """A time as `2026-01-31T06:00:00Z`.

    Args:
        seconds: since 1970.
    """
    found = dt.datetime.fromtimestamp(seconds, dt.timezone.utc)
    return found.strftime("%Y-%m-%dT%H:%M:%SZ")
