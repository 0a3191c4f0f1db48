"""Microsoft Teams, by dagster-msteams: an adaptive card, as workflows take it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from ..config.alerts import TeamsConfig
from .channel import TIMEOUT_S, Part, Undelivered, Values, needs_package
from .http import no_answer, safe
from .message import Alert, Message
from .text import details, headline, rest, shown, title
from .unlogged import unlogged

_MOST_BUTTONS = 5  # Teams shows six


def parts(config: TeamsConfig, message: Message, values: Values) -> list[Part]:
    """One card.

    Args:
        config: where to.
        message: what.
        values: reads secrets.
    """
    return [Part("", lambda: _send(config, _payload(message), values))]


def _send(config: TeamsConfig, payload: dict[str, Any], values: Values) -> None:
    try:
        from dagster_msteams.client import TeamsClient
        from requests import RequestException
    except ImportError:
        raise needs_package("dagster-msteams") from None
    address = safe(values(config.webhook_url))
    try:
        with unlogged():
            TeamsClient(address, timeout=TIMEOUT_S).post_message(payload)
    except RequestException as error:
        # Exactly this type: the server has answered, and this is its answer.
        told = _code(str(error)) if type(error) is RequestException else no_answer(error)
        raise Undelivered(told) from None


def _code(answer: str) -> str:
    """What a workflow says by its code, as in `WorkflowTriggerIsNotEnabled`."""
    try:
        code = json.loads(answer)["error"]["code"]
    except (ValueError, KeyError, TypeError):
        code = ""
    known = re.fullmatch(r"[A-Za-z]{1,80}", str(code))
    return f"Teams: {code}" if known else "Teams refused the message"


def _payload(message: Message) -> dict[str, Any]:
    buttons = [_button(alert) for alert in shown(message) if alert.run_url][:_MOST_BUTTONS]
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": {"width": "Full"},
        "body": list(_blocks(message)),
        **({"actions": buttons} if buttons else {}),
    }
    kind = "application/vnd.microsoft.card.adaptive"
    attachment = {"contentType": kind, "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


def _blocks(message: Message) -> Iterator[dict[str, Any]]:
    yield _text(headline(message), weight="Bolder", size="Large")
    for alert in shown(message):
        yield _text(title(alert), weight="Bolder")
        yield from (_text(line) for line in details(alert))
    more = rest(message)
    if more:
        yield _text(more)


def _text(text: str, **look: str) -> dict[str, Any]:
    """Runs of text are no Markdown, as the text of a TextBlock is."""
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text, **look}]}


def _button(alert: Alert) -> dict[str, Any]:
    return {"type": "Action.OpenUrl", "title": f"Run of {alert.subject}", "url": alert.run_url}
