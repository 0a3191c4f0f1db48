"""One POST: bounded in time, to the address that was written and to no other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..config.alerts import is_loopback
from .channel import TIMEOUT_S, Undelivered
from .unlogged import unlogged

_REFUSES = (400, 413, 415, 422)
"""The server has understood, and does not want this message."""


def post(
    address: str,
    *,
    data: bytes | Mapping[str, Any],
    headers: Mapping[str, str] | None = None,
    auth: tuple[str, str] | None = None,
    allow_http: bool = False,
) -> None:
    """Posts something.

    Args:
        address: where to; https, or this machine.
        data: a body, or fields of a form.
        headers: more of them.
        auth: user and password.
        allow_http: any http address will do.

    Raises:
        Undelivered: there was no answer, or one that is no 2xx. The address is not told: that of a
            webhook is its own password.
    """
    import requests  # here: definitions load without it

    try:
        with unlogged():
            answer = requests.post(
                address if allow_http else safe(address),
                data=data,
                headers=dict(headers or {}),
                auth=auth,
                timeout=TIMEOUT_S,
                allow_redirects=False,  # secrets go where they were meant for
                stream=True,  # nobody reads the answer, however long it is
            )
        answer.close()
    except (requests.RequestException, ValueError) as error:  # their texts hold the address
        raise Undelivered(no_answer(error)) from None
    if not 200 <= answer.status_code < 300:
        raise Undelivered(f"HTTP {answer.status_code}", is_refused=answer.status_code in _REFUSES)


def safe(address: str) -> str:
    """An address that secrets may go to.

    Args:
        address: the value of its variable: what was written is checked when it is read.

    Raises:
        Undelivered: it is neither https nor this machine.
    """
    if not (address.startswith("https://") or is_loopback(address)):
        raise Undelivered("the address does not begin with https://")
    return address


def no_answer(error: Exception) -> str:
    """Words for an error of a client, without its text.

    Args:
        error: holds the address, perhaps.
    """
    name = type(error).__name__
    if "Timeout" in name or isinstance(error, TimeoutError):
        return f"no answer within {TIMEOUT_S:.0f} s"
    return f"the server could not be reached ({name})"
