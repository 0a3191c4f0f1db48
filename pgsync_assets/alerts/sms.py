"""SMS by Twilio: a headline for each number, and a link where one run is behind it.

No client library: Twilio's brings aiohttp and ten packages more for this one form.
"""

from __future__ import annotations

from functools import partial

from ..config.alerts import SmsConfig
from .channel import Part, Values
from .http import post
from .message import Message
from .text import headline

_LONGEST = 300  # characters: two messages


def parts(config: SmsConfig, message: Message, values: Values) -> list[Part]:
    """One for each number: who has got it is not woken again for the others.

    Args:
        config: where to.
        message: what.
        values: reads secrets.
    """
    return [Part(one, partial(_send, config, one, message, values)) for one in config.to]


def _send(config: SmsConfig, number: str, message: Message, values: Values) -> None:
    account = values(config.account_sid)
    user = values(config.api_key) if config.api_key else account
    sender = values(config.sender)
    kind = "MessagingServiceSid" if sender.startswith("MG") else "From"
    post(
        f"{values(config.api_url)}/2010-04-01/Accounts/{account}/Messages.json",
        data={"To": values(number), kind: sender, "Body": _body(message)},
        auth=(user, values(config.auth_token)),
    )


def _body(message: Message) -> str:
    links = [alert.run_url for alert in message.alerts if alert.run_url]
    text = headline(message)
    return f"{text}\n{links[0]}" if len(links) == 1 else text[:_LONGEST]
