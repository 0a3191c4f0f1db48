"""A message in words: one headline, and some lines for each alert. Nothing here is markup."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from ..printable import cut, printable
from .message import Alert, Message

MOST_SHOWN = 20
"""Alerts that a text spells out."""

LONGEST = 600  # characters of a sentence

_STATES = {"again": " (again)", "recovered": " (recovered)", "test": " (test)"}


def headline(message: Message) -> str:
    """A line for a subject, a header or a phone.

    Args:
        message: all of it.
    """
    if len(message.alerts) + message.more == 1:
        return cut(title(message.alerts[0]), 140)
    bad = sum(alert.state != "recovered" for alert in message.alerts)
    well = len(message.alerts) - bad
    counts = [f"{bad + message.more} alerts"] if bad else [f"{well + message.more} recovered"]
    if bad and well:
        counts.append(f"{well} recovered")
    names = dict.fromkeys(alert.subject for alert in message.alerts)
    return cut(f"{', '.join(counts)}: {', '.join(map(printable, names))}", 140)


def title(alert: Alert) -> str:
    """What, and where.

    Args:
        alert: one.
    """
    what = alert.rule.replace("_", " ")
    return f"{printable(alert.subject)}: {what}{_STATES.get(alert.state, '')}"


def details(alert: Alert) -> Iterator[str]:
    """Lines below the title.

    Args:
        alert: one.
    """
    yield from map(_line, alert.summary.splitlines())
    if alert.facts:
        yield _line(", ".join(f"{name}: {value}" for name, value in alert.facts.items()))
    if alert.times > 1 or alert.state == "recovered":
        times = f"{alert.times} times in a row" if alert.times > 1 else "once"
        yield f"since {_time(alert.since)}, {times}"
    if alert.remedy and alert.state != "recovered":
        yield from (f"-> {_line(line)}" for line in alert.remedy.splitlines())


def shown(message: Message) -> tuple[Alert, ...]:
    """The alerts that a text spells out.

    Args:
        message: all of it.
    """
    return message.alerts[:MOST_SHOWN]


def rest(message: Message) -> str | None:
    """A line about the others.

    Args:
        message: all of it.
    """
    others = message.alerts[MOST_SHOWN:]
    count = len(others) + message.more
    if not count:
        return None
    names = ", ".join(printable(alert.subject) for alert in others)
    return cut(f"and {count} more{': ' + names if names else ''}", LONGEST)


def plain(message: Message) -> str:
    """All of it as plain text.

    Args:
        message: all of it.
    """
    parts = ["\n".join(_block(alert)) for alert in shown(message)]
    more = rest(message)
    return "\n\n".join([*parts, more] if more else parts)


def _block(alert: Alert) -> Iterator[str]:
    yield title(alert)
    yield from (f"  {line}" for line in details(alert))
    if alert.run_url:
        yield f"  {alert.run_url}"


def _line(text: str) -> str:
    return cut(printable(text), LONGEST)


def _time(seconds: float) -> str:
    found = dt.datetime.fromtimestamp(seconds, dt.timezone.utc)
    return found.strftime("%Y-%m-%d %H:%M UTC")
