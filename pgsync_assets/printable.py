"""Values of rows where people read: nothing in them drives what shows them."""

from __future__ import annotations

LONGEST_VALUE = 200  # characters of a value that is shown
ELLIPSIS = "…"


def printable(text: str) -> str:
    """Text with control characters spelt out, those that turn the direction of reading, too.

    Args:
        text: any.
    """
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )


def cut(text: str, width: int = LONGEST_VALUE) -> str:
    """Text that is at most so long; one that was cut ends in `…`.

    Args:
        text: any.
        width: in characters.
    """
    return text if len(text) <= width else f"{text[: width - 1]}{ELLIPSIS}"
