"""Changes and differences as a file, one after the other: never all of them in memory."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..errors import ConfigurationError
from ..outcome import Change


def export(file: Path, changes: Iterable[Change]) -> int:
    """Writes changes into a file that appears when it is complete.

    `.csv` has a line for each column that differs: operation, row, column, before, after; NULL is
    an empty field, the empty text is `""`, as PostgreSQL's COPY reads it. `.json` has an array of
    changes, one on a line.

    Args:
        file: its ending tells the format.
        changes: read as they are written.

    Returns:
        How many changes.

    Raises:
        ConfigurationError: it ends otherwise, or cannot be written.
    """
    check_file(file)
    count = 0

    def counted() -> Iterator[Change]:
        nonlocal count
        for change in changes:
            count += 1
            yield change

    write(file, FORMATS[file.suffix](counted()))
    return count


def write(file: Path, lines: Iterable[str]) -> None:
    """Writes a file that appears when it is complete.

    Args:
        file: one that is there already is replaced.
        lines: with their ends.

    Raises:
        ConfigurationError: it cannot be written.
    """
    part = file.with_name(f"{file.name}.part")
    try:
        with part.open("w", encoding="utf-8", newline="") as stream:
            stream.writelines(lines)
        part.replace(file)
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be written: {error.strerror}") from None
    finally:
        part.unlink(missing_ok=True)


def check_file(file: Path) -> None:
    """Makes sure, before anything long begins, that the format is known and the folder there.

    Raises:
        ConfigurationError: it is not.
    """
    if not file.parent.is_dir():
        raise ConfigurationError(
            f"--export {file} cannot be written: there is no folder {file.parent}"
        )
    if file.suffix not in FORMATS:
        known = " or ".join(FORMATS)
        raise ConfigurationError(f"--export {file}: its name has to end in {known}")


def _csv(changes: Iterable[Change]) -> Iterator[str]:
    yield "operation,row,column,before,after\r\n"
    for change in changes:
        for cells in change.cells():
            yield csv_line((change.operation, change.row_id, *cells))


def csv_line(cells: Iterable[str | None]) -> str:
    """A line of a CSV file. NULL is an empty field, the empty text is `""`, as COPY reads it."""
    return ",".join(map(_cell, cells)) + "\r\n"


def _cell(value: str | None) -> str:
    if value is None:
        return ""
    doubled = value.replace('"', '""')
    return f'"{doubled}"'


def _json(changes: Iterable[Change]) -> Iterator[str]:
    return json_array(map(asdict, changes))


def json_array(records: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """A JSON array, one record on a line."""
    yield "["
    separator = "\n"
    for record in records:
        yield separator + json.dumps(record, ensure_ascii=False)
        separator = ",\n"
    yield "\n]\n"


FORMATS: dict[str, Callable[[Iterable[Change]], Iterator[str]]] = {".csv": _csv, ".json": _json}
"""By the ending of the file."""
