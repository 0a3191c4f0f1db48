"""Slack, by its own client: an incoming webhook, or the Web API."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..config.alerts import SlackConfig
from .channel import TIMEOUT_S, Part, Undelivered, Values, needs_package
from .http import no_answer, safe
from .message import Alert, Message
from .text import details, headline, rest, shown, title
from .unlogged import SILENT

_LONGEST = 2900  # characters of a text in a block; Slack takes 3000


def parts(config: SlackConfig, message: Message, values: Values) -> list[Part]:
    """One message.

    Args:
        config: where to.
        message: what.
        values: reads secrets.
    """
    body = {"text": _escaped(headline(message)), "blocks": list(_blocks(message))}
    return [Part("", lambda: _send(config, body, values))]


def _send(config: SlackConfig, body: dict[str, Any], values: Values) -> None:
    try:
        from slack_sdk import WebClient
        from slack_sdk.errors import SlackApiError
        from slack_sdk.webhook import WebhookClient
    except ImportError:
        raise needs_package("slack-sdk") from None
    try:
        if config.webhook_url is not None:
            address = safe(values(config.webhook_url))
            hook = WebhookClient(address, int(TIMEOUT_S), logger=SILENT, retry_handlers=[])
            _check(hook.send(unfurl_links=False, **body).status_code)
        else:
            client = WebClient(
                values(str(config.token)),
                base_url=safe(values(config.api_url)),
                timeout=int(TIMEOUT_S),
                logger=SILENT,
                retry_handlers=[],  # we try again ourselves, when the tick has time
            )
            client.chat_postMessage(channel=str(config.channel), unfurl_links=False, **body)
    except SlackApiError as error:
        told = error.response.get("error") or f"HTTP {error.response.status_code}"
        raise Undelivered(f"Slack: {told}") from None
    except (OSError, ValueError) as error:
        raise Undelivered(no_answer(error)) from None


def _check(status: int) -> None:
    if status != 200:
        raise Undelivered(f"HTTP {status}", is_refused=status in (400, 413))


def _blocks(message: Message) -> Iterator[dict[str, Any]]:
    yield {"type": "header", "text": _plain(headline(message))}
    for alert in shown(message):
        lines = [title(alert), *details(alert)]
        yield {"type": "section", "text": _plain("\n".join(lines))}
        if alert.run_url:
            yield {"type": "context", "elements": [_link(alert)]}
    more = rest(message)
    if more:
        yield {"type": "section", "text": _plain(more)}


def _plain(text: str) -> dict[str, Any]:
    """Text in which nothing is a link, a mention or an emoji."""
    return {"type": "plain_text", "text": text[:_LONGEST], "emoji": False}


def _link(alert: Alert) -> dict[str, str]:
    return {"type": "mrkdwn", "text": f"<{_escaped(alert.run_url or '')}|Open the run in Dagster>"}


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
