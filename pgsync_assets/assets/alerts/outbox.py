"""Messages on their way: each channel for itself, in order, tried again until it gets through.

A message leaves the box when it is in, or when it is given up, which is said. What a channel has
taken is not sent again; a tick that dies half way is the exception, as nobody knows what was taken.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from queue import Empty, SimpleQueue
from typing import Any

from ...alerts import Message, Undelivered, parts_of
from ...alerts.channel import TIMEOUT_S
from ...config.alerts import ChannelConfig
from ...printable import cut, printable

TICK_S = 40.0
"""How long one tick may deliver; Dagster gives it 60 s."""

BEGIN_S = TICK_S - 2 * TIMEOUT_S
"""Nothing is begun later: what a tick does not see the end of would be sent again by the next."""

FIRST_WAIT_S = 30.0
LONGEST_WAIT_S = 900.0
GIVEN_UP_AFTER_S = 86_400.0
"""How long a channel that cannot be reached is tried."""

MOST_REFUSALS = 3
"""How often a message is tried that the server does not want."""

MOST_WAITING = 50
"""Messages that wait for one channel; older ones are given up for newer ones."""


@dataclass(frozen=True)
class Pending:
    """A message for one channel.

    Args:
        channel: name of it.
        message: as JSON.
        since: when it was written, in seconds since 1970.
        done: parts of it that are in.
        tries: how often it was tried in vain.
        next_at: when it is tried again.
    """

    channel: str
    message: str
    since: float
    done: tuple[str, ...] = ()
    tries: int = 0
    next_at: float = 0.0

    @staticmethod
    def of(kept: Mapping[str, Any]) -> Pending:
        """What was kept of one.

        Args:
            kept: made by `kept`.
        """
        return Pending(**{**kept, "done": tuple(kept["done"])})

    def kept(self) -> dict[str, Any]:
        """To be kept."""
        return asdict(self)


@dataclass(frozen=True)
class Delivery:
    """What one tick has delivered.

    Args:
        waiting: what is left, in order.
        sent: how many messages are in, by channel.
        errors: a sentence for each channel that did not take something.
    """

    waiting: list[Pending]
    sent: dict[str, int]
    errors: list[str]


@dataclass(frozen=True)
class _Step:
    """What a worker tells: a part is in, a message is, or one failed; or that it has ended."""

    pending: Pending | None = None
    part: str | None = None
    failed: Undelivered | None = None


def deliver(
    pending: Sequence[Pending],
    channels: Mapping[str, ChannelConfig],
    environment: Mapping[str, str],
    now: float,
) -> Delivery:
    """Delivers what can be: all channels at once, so that none waits for another.

    Args:
        pending: in order.
        channels: by name; what waits for one that there is no more is dropped.
        environment: variables of this process, which hold the secrets.
        now: seconds since 1970.
    """
    known = [one for one in pending if one.channel in channels]
    queues = {name: [one for one in known if one.channel == name] for name in channels}
    due = {name: box for name, box in queues.items() if box and box[0].next_at <= now}
    steps: SimpleQueue[_Step] = SimpleQueue()
    began = time.monotonic()
    for name, box in due.items():
        # Daemons: a name server that never answers must not keep the code server alive.
        arguments = (box, channels[name], environment, steps, began + BEGIN_S)
        threading.Thread(target=_work, args=arguments, daemon=True).start()
    return _collected(known, due, steps, began + TICK_S, now)


def _work(
    box: list[Pending],
    channel: ChannelConfig,
    environment: Mapping[str, str],
    steps: SimpleQueue[_Step],
    until: float,
) -> None:
    try:
        for pending in box:
            if not _try(pending, channel, environment, steps, until):
                break
    finally:
        steps.put(_Step())


def _try(
    pending: Pending,
    channel: ChannelConfig,
    environment: Mapping[str, str],
    steps: SimpleQueue[_Step],
    until: float,
) -> bool:
    """Whether the whole message is in; what was refused holds up no other part of it."""
    failed: Undelivered | None = None
    try:
        for part in parts_of(channel, Message.loads(pending.message), environment):
            if part.key in pending.done:
                continue
            if time.monotonic() >= until:
                return False  # no failure: the next tick goes on here
            try:
                part.send()
                steps.put(_Step(pending, part=part.key))
            except Undelivered as error:
                failed = error
                if not error.is_refused:
                    break
    except Undelivered as error:
        failed = error
    except Exception as error:  # a defect of a channel; its text may hold an address or a secret
        failed = Undelivered(f"unexpected {type(error).__name__}")
    steps.put(_Step(pending, failed=failed))
    return failed is None


def _collected(
    known: Sequence[Pending],
    due: Mapping[str, Sequence[Pending]],
    steps: SimpleQueue[_Step],
    deadline: float,
    now: float,
) -> Delivery:
    left = {id(one): one for one in known}
    sent: dict[str, int] = {}
    errors: list[str] = []
    heard: set[str] = set()
    at_work = len(due)
    while at_work:
        try:
            step = steps.get(timeout=max(0.0, deadline - time.monotonic()))
        except Empty:
            break
        if step.pending is None:
            at_work -= 1
            continue
        key, name = id(step.pending), step.pending.channel
        if step.part is not None:
            left[key] = replace(left[key], done=(*left[key].done, step.part))
            continue
        heard.add(name)
        if step.failed is None:
            del left[key]
            sent[name] = sent.get(name, 0) + 1
        else:
            _failed(left, key, step.failed, errors, now)
    for name in due.keys() - heard if at_work else ():
        told = Undelivered(f"nothing was delivered within {TICK_S:.0f} s")
        _failed(left, id(due[name][0]), told, errors, now)
    return Delivery(_bounded(left.values(), errors), sent, errors)


def _failed(
    left: dict[int, Pending], key: int, why: Undelivered, errors: list[str], now: float
) -> None:
    tried = replace(left[key], tries=left[key].tries + 1)
    too_old = now - tried.since > GIVEN_UP_AFTER_S
    told = f"channel {tried.channel!r}: {cut(printable(why.reason))}"
    if too_old or (why.is_refused and tried.tries >= MOST_REFUSALS):
        del left[key]
        errors.append(f"{told}; tried {tried.tries} times, the message is given up")
        return
    wait = min(FIRST_WAIT_S * 2 ** (tried.tries - 1), LONGEST_WAIT_S)
    left[key] = replace(tried, next_at=now + wait)
    errors.append(f"{told}; tried {tried.tries} times, again in {wait:.0f} s")


def _bounded(left: Iterable[Pending], errors: list[str]) -> list[Pending]:
    kept = list(left)
    for name in dict.fromkeys(one.channel for one in kept):
        mine = [one for one in kept if one.channel == name]
        dropped = {id(one) for one in mine[: max(0, len(mine) - MOST_WAITING)]}
        if dropped:
            errors.append(f"channel {name!r}: {len(dropped)} messages are given up, too many wait")
            kept = [one for one in kept if id(one) not in dropped]
    return kept
