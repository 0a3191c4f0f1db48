"""The sensor of a component: one tick reads what has ended since, and tells it.

One for all rules of a component: what they read is read once, and what happened at the same time is
one message for each channel.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import dagster as dg

# Private: a tick that fails loses its cursor, and what was delivered would be sent again by the
# next one. Dagster's own run status sensors have the same need, and this way of saying so.
from dagster._core.definitions.run_request import DagsterRunReaction
from dagster_shared.error import SerializableErrorInfo

from ...alerts import Alert
from ...alerts.message import message_of
from ...config import FreshnessConfig
from ...config.alerts import ChannelConfig, RuleConfig
from ...config.base import ENV_NAME
from ..run_requests import repository_of
from .memory import Memory
from .news import news
from .outbox import Delivery, Pending, deliver
from .records import ended_after, newest
from .triggers import Look, findings
from .watched import syncs_of

INTERVAL_S = 30
SETTLED_S = 2.0
"""Records that are younger are left to the next tick."""


@dataclass(frozen=True)
class Alerting:
    """What a component says.

    Args:
        name: of the component.
        channels: by name.
        rules: in order.
        dagster_url: where runs have their pages; may be `$NAME`.
        freshness: of the syncs of the project that have one.
        connections: that a sync uses, by its name.
    """

    name: str
    channels: Mapping[str, ChannelConfig]
    rules: Sequence[RuleConfig]
    dagster_url: str | None = None
    freshness: Mapping[str, FreshnessConfig] = field(default_factory=dict)
    connections: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def url(self) -> str | None:
        """Where runs have their pages, if that is known here."""
        written = self.dagster_url
        if written is None or not ENV_NAME.fullmatch(written):
            return written
        found = os.environ.get(written[1:])
        return found.rstrip("/") if found else None


def build_alert_sensor(
    alerting: Alerting,
    *,
    default_status: dg.DefaultSensorStatus = dg.DefaultSensorStatus.RUNNING,
) -> dg.SensorDefinition:
    """The sensor. Its first tick only notes where it begins: what was before is nobody's news.

    Args:
        alerting: what it tells, and to whom.
        default_status: whether it runs as soon as it is loaded.
    """

    @dg.sensor(
        name=alerting.name,
        minimum_interval_seconds=INTERVAL_S,
        default_status=default_status,
        description="Tells people about syncs that need them: "
        + ", ".join(dict.fromkeys(rule.title for rule in alerting.rules)),
    )
    def alerts(context: dg.SensorEvaluationContext) -> Iterator[dg.SkipReason | DagsterRunReaction]:
        now = time.time()
        if not context.cursor:
            context.update_cursor(Memory(newest(context.instance)).dumps())
            yield dg.SkipReason("it begins here: runs that end from now on are looked at")
            return
        memory = Memory.loads(context.cursor)
        _look(context, alerting, memory, now)
        delivery = deliver(memory.outbox, alerting.channels, os.environ, now)
        memory.outbox = delivery.waiting
        context.update_cursor(memory.dumps())
        yield _told(alerting.name, delivery)

    return alerts


def _look(
    context: dg.SensorEvaluationContext, alerting: Alerting, memory: Memory, now: float
) -> None:
    """Reads what is new, and puts what there is to tell into the outbox."""
    instance, syncs = context.instance, syncs_of(repository_of(context))
    ended, memory.position = ended_after(instance, memory.position, now - SETTLED_S, syncs)
    look = Look(instance, syncs, ended, now, alerting.freshness, alerting.connections, memory.never)
    told: dict[str, list[Alert]] = {name: [] for name in alerting.channels}
    resolved: dict[str, list[str]] = {name: [] for name in alerting.channels}
    kept = {}
    for rule in alerting.rules:
        kept[rule.title] = memory.opened.get(rule.title, {})
        found = news(alerting.name, rule, kept[rule.title], findings(rule, look), alerting.url)
        for channel in rule.channels:
            told[channel] += found.alerts
            resolved[channel] += found.resolved
    memory.opened = kept
    for name, alerts in told.items():
        if alerts or resolved[name]:
            message = message_of(alerting.name, now, alerts, tuple(resolved[name]))
            memory.outbox.append(Pending(name, message.dumps(), now))


def _told(name: str, delivery: Delivery) -> dg.SkipReason | DagsterRunReaction:
    sent = ", ".join(f"{count} to {channel}" for channel, count in delivery.sent.items())
    waiting = f"; {len(delivery.waiting)} wait" if delivery.waiting else ""
    if not delivery.errors:
        return dg.SkipReason(f"sent {sent}{waiting}" if sent else f"nothing to tell{waiting}")
    told = "\n".join(["alerts were not delivered", *delivery.errors])
    error = SerializableErrorInfo(told, [], "Undelivered")
    return DagsterRunReaction(dg.DagsterRun(job_name=name), error=error)
