"""What is written down and shown of rows: `audit: values:` of a sync, for names and for values.

The planner goes on to know rows by their plain key, which is what finds them; what leaves it (the
audit, metadata, messages, a plan on a terminal) has the row's public name. SQL that names rows
set-wise (`record/row_names.py`) does as this module does.
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import os
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from .config import Shows, SyncConfig
from .connect.secrets import resolve
from .errors import ConfigurationError
from .outcome import Rejection

NO_KEY = "(null)"  # how a row is named whose only key column is NULL
FORGOTTEN = "(forgotten)"
LEAST_BYTES = 16
BLOCK_BYTES = 64  # of SHA-256
_COMPUTED = re.compile(r" \(sent(?: \d+)?\)$")  # `model/computed.py` names columns so
_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?")


class _Raw(str):
    """A number of JSON as it was written: 1.0 stays 1.0."""

    __slots__ = ()


@dataclass(frozen=True)
class Privacy:
    """What may be seen of the rows of one sync.

    Args:
        sync: its name.
        key: names of the key columns.
        values: column: how it is shown; a column that is not named is.
        hash_key: `$NAME` of the variable with the key of the hash; None where nothing is hashed.
        sources: destination column: the column of the model that goes there by another name.
        environment: where the variable is looked up.
    """

    sync: str
    key: tuple[str, ...]
    values: Mapping[str, Shows]
    hash_key: str | None = None
    sources: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)

    @classmethod
    def of(cls, sync: SyncConfig) -> Privacy:
        """What a sync says.

        Args:
            sync: as configured.
        """
        sources = {to: name for name, to in (sync.explicit_mapping or {}).items() if to != name}
        sources |= {to: value.column or to for to, value in sync.values.items()}
        audit = sync.audit
        return cls(sync.name, sync.model.key, audit.values, audit.hash_key, sources)

    def shows(self, column: str) -> Shows:
        """How the values of a column are shown.

        A column that the sync computes is shown as it says of that one, or else of the column of
        the model that it is made of by a cast or under another name.

        Args:
            column: its name, among those that travel.
        """
        base = _COMPUTED.sub("", column)
        names = (column, base, self.sources.get(base, base))
        return next((self.values[name] for name in names if name in self.values), "include")

    @property
    def hashed_key(self) -> tuple[int, ...]:
        """Which columns of the key are hashed, counted from 1."""
        return tuple(n for n, name in enumerate(self.key, 1) if self.values.get(name) == "hash")

    @property
    def is_hashed(self) -> bool:
        """Whether anything is hashed, so that the key of the hash is needed."""
        return "hash" in self.values.values()

    @cached_property
    def pads(self) -> tuple[bytes, bytes]:
        """The key of the hash, inner and outer, as RFC 2104 has them: for HMAC made of SHA-256.

        Raises:
            ConfigurationError: its variable is not set, or too short.
        """
        secret = self._secret
        whole = hashlib.sha256(secret).digest() if len(secret) > BLOCK_BYTES else secret
        padded = whole.ljust(BLOCK_BYTES, b"\0")
        return bytes(b ^ 0x36 for b in padded), bytes(b ^ 0x5C for b in padded)

    @property
    def mark(self) -> str:
        """Tells how rows are named from how they were: nothing of the key can be read from it."""
        if not self.hashed_key:
            return ""
        return f"{list(self.hashed_key)} {self.hashed('pgsync')}"

    def check(self, columns: Collection[str]) -> None:
        """Makes sure that the policy is about columns that are there, and can be kept to.

        Args:
            columns: of the model, as described.

        Raises:
            ConfigurationError: it names another one; or see `pads`.
        """
        known = {*columns, *self.sources}
        if unknown := [name for name in self.values if name not in known]:
            raise ConfigurationError(
                f"sync {self.sync!r}, audit: values: the model has no column "
                f"{', '.join(map(repr, unknown))}",
                f"its columns: {', '.join(columns)}",
            )
        if self.is_hashed:
            _ = self.pads

    def hashed(self, text: str) -> str:
        """HMAC-SHA-256 of a text, in hexadecimal digits.

        Raises:
            ConfigurationError: see `pads`.
        """
        return hmac.new(self._secret, text.encode(), hashlib.sha256).hexdigest()

    def name(self, row_id: str) -> str:
        """The public name of a row.

        Args:
            row_id: its key as text, as the planner has it: a JSON array where it has several
                columns. Of those that are hashed the text is hashed that would be shown.
        """
        if not self.hashed_key or row_id in (NO_KEY, FORGOTTEN):
            return row_id
        if len(self.key) == 1:
            return self.hashed(row_id)
        parts = _read(row_id)
        return _written(
            self.hashed(_text(part)) if n in self.hashed_key and part is not None else part
            for n, part in enumerate(parts, 1)
        )

    def image(self, row: Mapping[str, str | None] | None) -> dict[str, str | None] | None:
        """Values of a row by column, as far as they may be seen.

        Args:
            row: all of them, as text; None for no row.
        """
        if row is None:
            return None
        return {
            name: value if value is None or how == "include" else self.hashed(value)
            for name, value in row.items()
            if (how := self.shows(name)) != "omit"
        }

    def rejections(self, rows: Iterable[Rejection]) -> tuple[Rejection, ...]:
        """Refused rows by their public names."""
        return tuple(replace(row, row_id=self.name(row.row_id)) for row in rows)

    def plain_names(self, given: Sequence[str]) -> tuple[str, ...]:
        """How the planner may name a row whose key somebody gives.

        Args:
            given: one text for each column of the key; or one text, as a row is listed.

        Returns:
            Several where it cannot be told whether 1 is a number: [1, "a"] and ["1", "a"].

        Raises:
            ConfigurationError: it is not a key of this sync.
        """
        if len(given) == len(self.key):
            if len(self.key) == 1:
                return (given[0],)
            forms = [(text, _Raw(text)) if _is_json(text) else (text,) for text in given]
            return tuple(map(_written, itertools.product(*forms)))
        parts = _read(given[0]) if len(given) == 1 else None
        if parts is None or len(parts) != len(self.key):
            columns = ", ".join(self.key)
            raise ConfigurationError(
                f"sync {self.sync!r}: its key is {columns}: {len(given)} values were given",
                f"give one --key for each of {columns}; or one JSON array, as rows are listed",
            )
        return (_written(parts),)

    def row_ids(self, given: Sequence[str]) -> tuple[str, ...]:
        """Every `row_id` that the audit may have of a row: its public name, and what it was called
        before the policy; and the name itself where it is a public one.

        Args:
            given: see `plain_names`.

        Raises:
            ConfigurationError: it is not a key of this sync, or the key of the hash cannot be read.
        """
        plain = self.plain_names(given)
        return tuple(dict.fromkeys((*map(self.name, plain), *plain)))

    @cached_property
    def _secret(self) -> bytes:
        where = f"sync {self.sync!r}, audit: hash_key"
        secret = resolve(self.hash_key or "", self.environment, where).encode()
        if len(secret) < LEAST_BYTES:
            raise ConfigurationError(
                f"{where}: the variable {(self.hash_key or '')[1:]} holds {len(secret)} bytes; a "
                f"key that cannot be guessed has {LEAST_BYTES} at least",
                "make one: openssl rand -hex 32",
            )
        return secret


def _is_json(text: str) -> bool:
    return text in ("true", "false") or _NUMBER.fullmatch(text) is not None


def _read(array: str) -> list[Any]:
    """The elements of a JSON array; none where it is not one. Numbers stay as they are written."""
    try:
        found = json.loads(array, parse_int=_Raw, parse_float=_Raw)
    except ValueError:
        return []
    return found if isinstance(found, list) else []


def _written(parts: Iterable[Any]) -> str:
    return f"[{', '.join(map(_json, parts))}]"


def _text(part: Any) -> str:
    """What PostgreSQL's `#>> '{}'` makes of an element."""
    return part if isinstance(part, str) else _json(part)


def _json(part: Any) -> str:
    """JSON as jsonb writes it."""
    if isinstance(part, _Raw):
        return str(part)
    if isinstance(part, list):
        return _written(part)
    if isinstance(part, dict):
        return f"{{{', '.join(f'{_json(k)}: {_json(v)}' for k, v in part.items())}}}"
    return json.dumps(part, ensure_ascii=False)
