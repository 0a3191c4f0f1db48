"""Any HTTP server: the message as JSON, signed where there is a secret."""

from __future__ import annotations

import hashlib
import hmac
import json
import time

from ..config.alerts import WebhookConfig
from .channel import Part, Values
from .http import post
from .message import Message

TIMESTAMP = "X-Pgsync-Timestamp"
SIGNATURE = "X-Pgsync-Signature"


def parts(config: WebhookConfig, message: Message, values: Values) -> list[Part]:
    """One document.

    Args:
        config: where to.
        message: what.
        values: reads secrets.
    """
    return [Part("", lambda: _send(config, message, values))]


def _send(config: WebhookConfig, message: Message, values: Values) -> None:
    body = json.dumps(message.document()).encode()
    headers = {name: values(written) for name, written in config.headers.items()}
    headers["Content-Type"] = "application/json"
    if config.hmac_secret is not None:
        stamp = str(int(time.time()))
        headers[TIMESTAMP] = stamp
        headers[SIGNATURE] = signature(values(config.hmac_secret), stamp, body)
    post(values(config.url), data=body, headers=headers, allow_http=config.allow_http)


def signature(secret: str, stamp: str, body: bytes) -> str:
    """What a receiver makes, too, and compares: a message is ours, whole, and of now.

    Args:
        secret: that both know.
        stamp: the timestamp of the header.
        body: as it was received.
    """
    made = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256)
    return f"sha256={made.hexdigest()}"
