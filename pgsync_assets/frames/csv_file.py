"""A CSV file, read by PostgreSQL's own COPY: its bytes are passed on.

Every column is text unless its type is declared: a guess would make 7 of 007. What COPY would
round or cut is looked for first, as it does so without a word.
"""

from __future__ import annotations

import codecs
import csv
import io
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import psycopg
from psycopg import sql

from ..config import FileConfig
from ..errors import ModelError
from ..failpoints import failpoint
from .columns import Into
from .lines import ROUNDED
from .opened import opened

CHUNK = 256 * 1024
_END_OF_DATA = re.compile(rb"[\r\n]\\\.(?=[\r\n]|$)")
_OVERLAP = 3


class CsvFile:
    """Rows of a CSV file with a header.

    Args:
        path: of the file.
        config: how it is read.

    Raises:
        ModelError: it cannot be read, or has no header.
    """

    is_stream = False
    unit = "line"

    def __init__(self, path: Path, config: FileConfig) -> None:
        self._path = path
        self._config = config
        with self._records() as records:
            header = next(iter(records), None)
        if header is None:
            raise ModelError(f"file {path}: is empty", "its first line has to name the columns")
        self.names: tuple[str, ...] = tuple(header)

    def types(self, declared: Mapping[str, str]) -> dict[str, str]:
        """As declared, or text."""
        return {name: declared.get(name, "text") for name in self.names}

    def copy(
        self, connection: psycopg.Connection[Any], into: Sequence[Into], target: sql.Composable
    ) -> int:
        """Copies all rows, see `rows.Rows`; numbers of lines are those of the file."""
        self._check(into)
        options = {
            "DELIMITER": self._config.delimiter,
            "QUOTE": self._config.quote,
            "ESCAPE": self._config.quote,
            "NULL": self._config.null,
        }
        query = sql.SQL("COPY {} FROM STDIN (FORMAT csv, HEADER true, ENCODING 'UTF8', {})").format(
            target,
            sql.SQL(", ").join(
                sql.SQL("{} {}").format(sql.SQL(name), sql.Literal(value))
                for name, value in options.items()
            ),
        )
        with opened(self._path) as file, connection.cursor() as cursor:
            with cursor.copy(query) as copy:
                for chunk in _guarded(_in_utf8(file, self._path, self._config.encoding)):
                    copy.write(chunk)
                    failpoint("chunk sent")
            return cursor.rowcount

    def _check(self, into: Sequence[Into]) -> None:
        """Looks for values that their type would round or cut."""
        checks = [
            (place, one, one.check) for place, one in enumerate(into) if one.check is not None
        ]
        if not checks:
            return
        null, quote = self._config.null, self._config.quote
        with self._records() as records:
            for row in records:
                for place, one, check in checks:
                    text = row[place] if place < len(row) else null
                    # COPY takes quotes for quotes in the middle of a value, too.
                    if text != null and not (check(text) and check(text.replace(quote, ""))):
                        raise ModelError(
                            f"line {records.line_num:,}, column {one.name!r}: {ROUNDED} by "
                            f"{one.type}",
                            "declare a type that holds it",
                        )

    @contextmanager
    def _records(self) -> Iterator[Any]:
        config = self._config
        with opened(self._path) as file:
            chunks = _in_utf8(file, self._path, config.encoding)
            text = (chunk.decode("utf-8", "replace") for chunk in _at_line_ends(chunks))
            lines = (line for part in text for line in io.StringIO(part, newline=""))
            before = csv.field_size_limit(sys.maxsize)
            try:
                yield csv.reader(lines, delimiter=config.delimiter, quotechar=config.quote)
            except csv.Error as error:
                raise ModelError(f"file {self._path}: {error}") from None
            finally:
                csv.field_size_limit(before)


def _at_line_ends(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The same bytes, cut at ends of lines."""
    rest = b""
    for chunk in chunks:
        head, end, tail = chunk.rpartition(b"\n")
        if not end:  # some end lines with a carriage return alone
            head, end, tail = chunk[:-1].rpartition(b"\r")
            tail += chunk[-1:] if end else b""
        if end:
            yield rest + head + end
            rest = tail
        else:
            rest += chunk
    yield rest


def _in_utf8(file: IO[bytes], path: Path, encoding: str) -> Iterator[bytes]:
    """The bytes of a file in UTF-8, without a byte order mark."""
    try:
        codec = codecs.lookup(encoding)
    except LookupError:
        raise ModelError(
            f"file {path}: Python knows no encoding {encoding!r}", "as in utf-8, latin-1, cp1252"
        ) from None
    is_first = True
    for chunk in _chunks(file) if codec.name == "utf-8" else _decoded(file, path, codec):
        yield chunk.removeprefix(codecs.BOM_UTF8) if is_first else chunk
        is_first = False


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    left = os.fstat(file.fileno()).st_size  # one that grows has no end
    while chunk := file.read(min(CHUNK, left)):
        left -= len(chunk)
        yield chunk


def _decoded(file: IO[bytes], path: Path, codec: codecs.CodecInfo) -> Iterator[bytes]:
    decoder = codec.incrementaldecoder()
    try:
        for chunk in _chunks(file):
            yield decoder.decode(chunk).encode()
        yield decoder.decode(b"", final=True).encode()
    except UnicodeError:
        raise ModelError(
            f"file {path}: is not {codec.name} text", "name its encoding, as in encoding: cp1252"
        ) from None


def _guarded(chunks: Iterator[bytes]) -> Iterator[bytes]:
    r"""Refuses a line `\.`: up to version 17 PostgreSQL would take it for the end of the data."""
    before = b"\n"
    for chunk in chunks:
        seen = before + chunk
        found = _END_OF_DATA.search(seen)
        if found and (found.end() < len(seen)):
            raise _ends_data()
        before = seen[-_OVERLAP:]
        yield chunk
    if _END_OF_DATA.search(before):
        raise _ends_data()


def _ends_data() -> ModelError:
    return ModelError(
        r"a line of the file is \. alone, which PostgreSQL takes for the end of the data",
        r'write such a value in quotes: "\."',
    )
