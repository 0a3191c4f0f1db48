"""PagerDuty, by its Events API v2: what began together is one incident, which resolves itself.

No client library: dagster-pagerduty builds on pypd, which PagerDuty gave up; pdpyras is at its end;
their `pagerduty` brings an HTTP stack of its own, and takes no address of this machine.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from typing import Any

from ..config.alerts import PagerDutyConfig
from .channel import Part, Values
from .http import post
from .message import Alert, Message, iso
from .text import headline, plain

_ORDER = ("info", "warning", "error", "critical")
_LONGEST = 20_000  # characters; an event takes 512 kB


def parts(config: PagerDutyConfig, message: Message, values: Values) -> list[Part]:
    """One event for each incident: opened, told of again, or resolved.

    Args:
        config: where to.
        message: what.
        values: reads secrets.
    """
    return [
        Part(f"{event['event_action']} {event['dedup_key']}", partial(_send, config, event, values))
        for event in _events(message)
    ]


def _send(config: PagerDutyConfig, event: dict[str, Any], values: Values) -> None:
    body = json.dumps({"routing_key": values(config.routing_key), **event})
    address = f"{values(config.api_url)}/v2/enqueue"
    post(address, data=body.encode(), headers={"Content-Type": "application/json"})


def _events(message: Message) -> Iterator[dict[str, Any]]:
    bad = [alert for alert in message.alerts if alert.state != "recovered"]
    for incident in dict.fromkeys(alert.incident for alert in bad):
        of_it = tuple(alert for alert in bad if alert.incident == incident)
        # What is not among the alerts of a message began with the last of them.
        more = message.more if incident == bad[-1].incident else 0
        yield _trigger(incident, Message(message.component, message.at, of_it, more))
    for incident in message.resolved:
        yield {"event_action": "resolve", "dedup_key": incident}


def _trigger(incident: str, message: Message) -> dict[str, Any]:
    first = message.alerts[0]
    worst = max((alert.severity for alert in message.alerts), key=_ORDER.index)
    event: dict[str, Any] = {
        "event_action": "trigger",
        "dedup_key": incident,
        "client": "pgsync_assets",
        "payload": {
            "summary": headline(message),
            "source": message.component,
            "severity": worst,
            "timestamp": iso(message.at),
            "component": first.subject,
            "class": first.when,
            "custom_details": {"alerts": plain(message)[:_LONGEST]},
        },
    }
    links = [_link(alert) for alert in message.alerts[:5] if alert.run_url]
    return event | ({"links": links} if links else {})


def _link(alert: Alert) -> dict[str, str | None]:
    return {"href": alert.run_url, "text": f"Run of {alert.subject} in Dagster"}
