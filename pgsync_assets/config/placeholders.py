"""Where the parameters of a model's SQL stand: `:name` and `:'name'`, as in psql.

Only names of parameters are found, as psql finds its variables only: a slice of an array (`[1:n]`)
stays what it is, unless `n` is a parameter.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from .lexer import Token, line_of, tokens

_OPENED = {"(": ")", "[": "]"}


@dataclass(frozen=True)
class Placeholder:
    """Stands for the value of a parameter."""

    name: str


def pieces(text: str, names: Collection[str]) -> Iterator[str | Placeholder]:
    """SQL cut where values belong.

    Args:
        text: SQL.
        names: of parameters.
    """
    position = 0
    for token in tokens(text, names) if names else ():
        if token.kind == "variable":
            yield text[position : token.start]
            yield Placeholder(text[token.start : token.end].strip(":'"))
            position = token.end
    yield text[position:]


def unused(text: str, names: Collection[str]) -> list[str]:
    """Those parameters that stand nowhere in the SQL.

    Args:
        text: SQL.
        names: of parameters.
    """
    used = {piece.name for piece in pieces(text, names) if isinstance(piece, Placeholder)}
    return [name for name in names if name not in used]


def without_values(text: str, names: Collection[str]) -> str:
    """SQL with NULL where values belong, for those who read it and do not run it.

    Args:
        text: SQL.
        names: of parameters.
    """
    return "".join("NULL" if isinstance(p, Placeholder) else p for p in pieces(text, names))


def without_end(text: str) -> str:
    """A statement without the semicolon at its end, as people paste it from a psql session.

    Args:
        text: SQL; lines stay where they are.
    """
    last: Token | None = None
    for token in tokens(text):
        last = last if token.kind == "comment" else token
    if last is None or last.kind != "semicolon":
        return text
    return text[: last.start] + " " + text[last.end :]


def fault(text: str) -> tuple[int, str] | None:
    """What lets a piece of SQL reach beyond its own end, or stop before it.

    Args:
        text: SQL, to stand in brackets of ours.

    Returns:
        The line, and what is wrong there; None where all that is opened in it is closed in it, and
        no statement ends.
    """
    opened: list[Token] = []
    for token in tokens(text):
        found = None
        if token.kind == "unfinished":
            found = "a quote or a comment begins here and does not end"
        elif token.kind == "semicolon":
            found = "a statement ends here, and another one begins"
        elif token.kind == "open":
            opened.append(token)
        elif token.kind == "close" and not (opened and _fits(text, opened.pop(), token)):
            found = "a bracket is closed here that was not opened"
        if found:
            return line_of(text, token.start), found
    if opened:
        return line_of(text, opened[-1].start), "a bracket is opened here and not closed"
    return None


def _fits(text: str, opened: Token, closed: Token) -> bool:
    return _OPENED[text[opened.start]] == text[closed.start]
