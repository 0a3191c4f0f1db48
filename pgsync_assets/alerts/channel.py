"""A channel: how a message is cut into what is sent at once, and what may go wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..config.alerts import ChannelConfig
from ..config.base import ENV_NAME
from .message import Message

TIMEOUT_S = 10.0
"""Longest silence of a server while something is delivered."""


class Undelivered(Exception):
    """A message did not get through.

    Args:
        reason: why: no address, no secret, and nothing that a server answered at length.
        is_refused: this message will not be taken tomorrow either.
    """

    def __init__(self, reason: str, *, is_refused: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.is_refused = is_refused


@dataclass(frozen=True)
class Part:
    """What is sent at once: all of a message, or what one recipient or incident gets of it.

    Args:
        key: tells it from the other parts of the message; what is in is not sent again.
        send: sends it.
    """

    key: str
    send: Callable[[], None]


@dataclass(frozen=True)
class Values:
    """Reads `$NAME` when something is sent.

    Args:
        environment: variables of this process.
    """

    environment: Mapping[str, str]

    def __call__(self, written: str) -> str:
        """A value, or that of its variable.

        Raises:
            Undelivered: the variable is not set.
        """
        if not ENV_NAME.fullmatch(written):
            return written
        found = self.environment.get(written[1:])
        if not found:
            raise Undelivered(f"the environment variable {written[1:]} is not set")
        return found


Sender = Callable[[Any, Message, Values], Sequence[Part]]


def parts_of(
    channel: ChannelConfig, message: Message, environment: Mapping[str, str]
) -> list[Part]:
    """What has to be sent, in order.

    Args:
        channel: where to.
        message: what.
        environment: variables of this process, which hold the secrets.

    Raises:
        Undelivered: a variable is not set, or a package is missing.
    """
    from . import mail, pagerduty, slack, sms, teams, webhook

    senders: dict[str, Sender] = {
        "slack": slack.parts,
        "pagerduty": pagerduty.parts,
        "email": mail.parts,
        "sms": sms.parts,
        "teams": teams.parts,
        "webhook": webhook.parts,
    }
    return list(senders[channel.kind](channel.settings, message, Values(environment)))


def needs_package(package: str) -> Undelivered:
    """Says how a package is had that only some channels need.

    Args:
        package: its name.
    """
    return Undelivered(f"the package {package} is missing: pip install 'pgsync-assets[alerts]'")
