"""Which library a frame is of."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from ..errors import ConfigurationError, ModelError
from .csv_file import CsvFile
from .frame import Frame
from .rows import Rows


def rows_of(given: Any) -> Rows:
    """What was given, as rows that can be loaded.

    Args:
        given: a DataFrame of pandas or polars, a Table or a stream of record batches of pyarrow,
            what has `__arrow_c_stream__`, or what `read` returned.

    Raises:
        ModelError: it is nothing of that.
        ConfigurationError: pyarrow is needed for it, and is not installed.
    """
    if isinstance(given, Frame | CsvFile):
        return given
    for library, name, of in _KNOWN:
        kind = getattr(sys.modules.get(library), name, ())  # of a frame, its library is loaded
        if isinstance(given, kind):
            return of(given)
    if hasattr(given, "__arrow_c_stream__"):
        return _of_capsule(given)
    raise _is_none(given)


def _is_none(given: Any) -> ModelError:
    return ModelError(
        f"a {type(given).__name__} is no DataFrame",
        "give one of pandas or polars, or a Table or RecordBatchReader of pyarrow",
    )


@contextmanager
def needing_pyarrow(what: str) -> Iterator[None]:
    """A block that imports pyarrow.

    Args:
        what: it is for.

    Raises:
        ConfigurationError: it is not installed.
    """
    if find_spec("pyarrow") is None:
        raise ConfigurationError(
            f"{what} is read by pyarrow, which is not installed",
            "pip install 'pgsync-assets[parquet]'",
        )
    yield


def _of_pandas(given: Any) -> Frame:
    from .of_pandas import of_pandas

    return of_pandas(given)


def _of_polars(given: Any) -> Frame:
    with needing_pyarrow("a polars DataFrame"):
        from .of_polars import of_polars

        return of_polars(given)


def _of_table(given: Any) -> Frame:
    from .of_arrow import of_table

    return of_table(given)


def _of_stream(given: Any) -> Frame:
    from .of_arrow import of_stream

    return of_stream(given)


def _of_capsule(given: Any) -> Frame:
    with needing_pyarrow(f"a {type(given).__name__}"):
        import pyarrow as pa

        try:
            return _of_stream(pa.RecordBatchReader.from_stream(given))
        except pa.ArrowInvalid:  # of one column, as a Series
            raise _is_none(given) from None


_KNOWN: tuple[tuple[str, str, Callable[[Any], Frame]], ...] = (
    ("pandas", "DataFrame", _of_pandas),
    ("polars", "DataFrame", _of_polars),
    ("polars", "LazyFrame", _of_polars),
    ("pyarrow", "Table", _of_table),
    ("pyarrow", "RecordBatchReader", _of_stream),
)
"""Module, class, and how it is read."""
