"""YAML text as plain values, with the line of each of them. Opens no file: that is `project`.

What is read is what `yaml.safe_load` reads, with three refusals more: a key that is written twice
(the first one would be lost without a word), keys that are not text, and texts whose aliases
unfold without end.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

Location = tuple[str | int, ...]
"""Where a value is in a document: keys and positions from the top."""

MAX_BYTES = 1_000_000
MAX_NODES = 200_000
MAX_DEPTH = 50
MAX_DIGITS = 400
"""Characters of a number; 1:1:1:.. of YAML 1.1 (base 60) takes time by the square of its length."""

_NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, and where.

    Args:
        file: path as it is shown to the user.
        line: counted from 1; None where the whole file is meant.
        message: what is wrong, without any secret.
    """

    file: str
    line: int | None
    message: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: {self.message}"


@dataclass(frozen=True)
class Document:
    """One YAML document of a file.

    Args:
        file: path as it is shown to the user.
        value: dicts, lists and scalars.
        lines: line of every value, counted from 1.
    """

    file: str
    value: Any
    lines: dict[Location, int] = field(default_factory=dict)

    def resolve(self, location: Location) -> Location:
        """Drops what is not in the document, as pydantic names branches of a union too.

        Args:
            location: `loc` of a pydantic error, with the place of the validated value before it.
        """
        known: Location = ()
        for step in location:
            if (*known, step) in self.lines:
                known = (*known, step)
        return known

    def line(self, location: Location) -> int:
        """Line of a value, or of the nearest thing around it that the document has."""
        return self.lines.get(self.resolve(location), 1)

    def problem(self, location: Location, message: str) -> Problem:
        """A problem at a place of this document."""
        return Problem(self.file, self.line(location), message)


class _Unreadable(Exception):
    def __init__(self, node: yaml.Node, message: str) -> None:
        super().__init__(message)
        self.line = node.start_mark.line + 1
        self.message = message


def read_documents(text: str, file: str) -> tuple[list[Document], list[Problem]]:
    """Reads the documents of a YAML text.

    Args:
        text: content of a file; one or several documents separated by `---`.
        file: path as it is shown to the user.

    Returns:
        The documents, and what is wrong with the text. With problems there are no documents.
    """
    if len(text.encode()) > MAX_BYTES:
        return [], [Problem(file, None, f"is larger than {MAX_BYTES:,} bytes")]
    try:
        documents = [_document(node, file) for node in yaml.compose_all(text, yaml.SafeLoader)]
    except _Unreadable as error:
        return [], [Problem(file, error.line, error.message)]
    except yaml.MarkedYAMLError as error:
        return [], [_syntax_problem(error, file)]
    except yaml.YAMLError:
        return [], [Problem(file, None, "holds characters that YAML does not allow")]
    except RecursionError:
        return [], [Problem(file, None, "is nested too deeply")]
    return documents, []


def _syntax_problem(error: yaml.MarkedYAMLError, file: str) -> Problem:
    mark = error.problem_mark or error.context_mark
    told = " ".join(part for part in (error.context, error.problem) if part)
    return Problem(file, mark.line + 1 if mark else None, f"is not YAML: {told}")


def _document(node: yaml.Node, file: str) -> Document:
    reader = _Reader()
    value = reader.value(node, ())
    return Document(file, value, reader.lines)


class _Reader:
    """Builds the values of one document and notes their lines."""

    def __init__(self) -> None:
        self.lines: dict[Location, int] = {}
        self._nodes = 0
        self._scalars = yaml.constructor.SafeConstructor()

    def value(self, node: yaml.Node, at: Location) -> Any:
        self._nodes += 1
        if self._nodes > MAX_NODES or len(at) > MAX_DEPTH:
            raise _Unreadable(node, "unfolds into too much: an alias repeats itself")
        self.lines.setdefault(at, node.start_mark.line + 1)
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        if isinstance(node, yaml.MappingNode) and node.tag == "tag:yaml.org,2002:map":
            return self._mapping(node, at)
        if isinstance(node, yaml.SequenceNode) and node.tag == "tag:yaml.org,2002:seq":
            return [self.value(item, (*at, i)) for i, item in enumerate(node.value)]
        raise _Unreadable(node, f"the tag {node.tag} is not allowed")

    def _scalar(self, node: yaml.ScalarNode) -> Any:
        if node.tag in _NUMBERS and len(node.value) > MAX_DIGITS:
            raise _Unreadable(node, f"is a number of more than {MAX_DIGITS} characters")
        try:
            return self._scalars.construct_object(node)
        except yaml.constructor.ConstructorError as error:
            raise _Unreadable(node, f"the tag {node.tag} is not allowed") from error
        except (ValueError, OverflowError) as error:
            raise _Unreadable(node, "is no date, time or number; put text in quotes") from error

    def _mapping(self, node: yaml.MappingNode, at: Location) -> dict[str, Any]:
        own: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":
                merged.update(self._merged(value_node, at))
                continue
            key = self._key(key_node, own)
            place = (*at, key)
            self.lines[place] = key_node.start_mark.line + 1
            own[key] = self.value(value_node, place)
        return {**merged, **own}

    def _key(self, node: yaml.Node, seen: dict[str, Any]) -> str:
        key = self._scalar(node) if isinstance(node, yaml.ScalarNode) else None
        if not isinstance(key, str):
            raise _Unreadable(node, "a key has to be text; put it in quotes")
        if key in seen:
            raise _Unreadable(node, f"the key {key!r} is written twice")
        return key

    def _merged(self, node: yaml.Node, at: Location) -> dict[str, Any]:
        """Value of `<<`: a mapping, or a list of mappings of which the first one wins."""
        result: dict[str, Any] = {}
        for part in self._parts(node):
            value = self.value(part, at)
            if not isinstance(value, dict):
                raise _Unreadable(part, "<< takes a mapping")
            result = {**value, **result}
        return result

    @staticmethod
    def _parts(node: yaml.Node) -> Iterator[yaml.Node]:
        yield from node.value if isinstance(node, yaml.SequenceNode) else (node,)
