"""SQL cut into tokens as PostgreSQL's own lexer cuts it (scan.l, with psql's `:name`).

Nothing is understood of the SQL: it is only known what is quoted or a comment, so that what stands
there is never taken for anything else. Strings are standard conforming: every session pins that.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["code", "comment", "quoted", "unfinished", "variable", "open", "close", "semicolon"]
"""`unfinished` is a quote or a comment that does not end; `variable` is `:name` or `:'name'`."""

_WORD = r"A-Za-z0-9_\x80-\U0010ffff"  # PostgreSQL takes every byte above 127 for a letter
_BEGINS = rf"{_WORD}'\"$()\[\]:;/\-"  # what may begin a token that is looked at
_TOKEN = re.compile(
    rf"""
    (?P<passed> (?: [^{_BEGINS}] | [0-9] | (?![0-9])[{_WORD}][{_WORD}$]*[^{_BEGINS}] )+)
    | (?P<comment> --[^\n\r]* | /\*)
    | (?P<escaped> [eE]')
    | (?P<quoted> (?:[uU]&)?' | (?:[uU]&)?" | \$(?:(?![0-9])[{_WORD}]+)?\$)
    | (?P<word> (?![0-9])[{_WORD}][{_WORD}$]*)
    | (?P<two> :: | :=)
    | (?P<variable> :[{_WORD}]+ | :'[{_WORD}]+')
    | (?P<open> [(\[])
    | (?P<close> [)\]])
    | (?P<semicolon> ;)
    | .
    """,
    re.VERBOSE | re.DOTALL,
)
_COMMENT_MARK = re.compile(r"/\*|\*/")
# In a look-ahead, so that it is never tried again with less.
_REST_OF_ESCAPED = re.compile(r"(?=(?P<all>(?:[^'\\]|\\.|'')*))(?P=all)'", re.DOTALL)
_GAP = re.compile(r"(?:[ \t\n\r\f\v]+|--[^\n\r]*)*")
_OWN_KINDS: dict[str | None, Kind] = {
    "comment": "comment",
    "variable": "variable",
    "open": "open",
    "close": "close",
    "semicolon": "semicolon",
}


@dataclass(frozen=True)
class Token:
    """A piece of SQL; blanks are none, and `code` that means nothing to us may be one together.

    Args:
        kind: what it is, as far as we have to know.
        start: of its first character.
        end: behind its last one.
    """

    kind: Kind
    start: int
    end: int


def tokens(text: str, names: Collection[str] = ()) -> Iterator[Token]:
    """The tokens of a piece of SQL, in their order.

    Args:
        text: any; it need not be right.
        names: of variables; what looks like another one is a colon, and what stands behind it.
    """
    position = 0
    while position < len(text):
        found = _TOKEN.match(text, position)
        assert found is not None  # noqa: S101 - any character is one at least
        token = _token(text, found, names)
        if token is not None:
            yield token
        position = token.end if token else found.end()


def line_of(text: str, position: int) -> int:
    """The number of the line in which a character stands; the first is 1.

    Args:
        text: of some lines.
        position: of the character.
    """
    return text.count("\n", 0, position) + 1


def _token(text: str, found: re.Match[str], names: Collection[str]) -> Token | None:
    group, start, end = found.lastgroup, found.start(), found.end()
    if group == "variable" and found.group().strip(":'") not in names:
        return Token("code", start, start + 1)
    if group == "passed" and found.group().isspace():
        return None
    if group == "comment" and text.startswith("/*", start):
        return _ended("comment", text, start, _end_of_comment(text, end))
    if group == "escaped":
        return _ended("quoted", text, start, _end_of_escaped(text, end))
    if group == "quoted":
        # A doubled quote is the end of one and the beginning of another: it makes no difference.
        mark = found.group()
        mark = mark if mark.startswith("$") else mark[-1]
        at = text.find(mark, end)
        return _ended("quoted", text, start, at + len(mark) if at >= 0 else None)
    return Token(_OWN_KINDS.get(group, "code"), start, end)


def _ended(kind: Kind, text: str, start: int, end: int | None) -> Token:
    return Token("unfinished", start, len(text)) if end is None else Token(kind, start, end)


def _end_of_comment(text: str, position: int) -> int | None:
    """Comments nest."""
    depth = 1
    while depth:
        mark = _COMMENT_MARK.search(text, position)
        if mark is None:
            return None
        depth += 1 if mark.group() == "/*" else -1
        position = mark.end()
    return position


def _end_of_escaped(text: str, position: int) -> int | None:
    r"""A backslash hides a quote; behind a line break E'..' goes on, by the same rule."""
    while True:
        rest = _REST_OF_ESCAPED.match(text, position)
        if rest is None:
            return None
        gap = _GAP.match(text, rest.end())
        assert gap is not None  # noqa: S101 - it may be empty
        if "\n" not in gap.group() and "\r" not in gap.group():
            return rest.end()
        if not text.startswith("'", gap.end()):
            return rest.end()
        position = gap.end() + 1
