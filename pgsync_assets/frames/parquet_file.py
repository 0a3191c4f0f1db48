"""A Parquet file, by record batches."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ..errors import ModelError
from .frame import AT_ONCE, Frame
from .of_arrow import of_batches
from .opened import opened

UNNAMED_INDEX = re.compile(r"__index_level_\d+__")


def parquet_file(path: Path) -> Frame:
    """The columns of a Parquet file; an index of pandas that has no name is none of them.

    Args:
        path: of the file.

    Raises:
        ModelError: it cannot be read.
    """

    def batches() -> Iterator[Any]:
        with opened(path) as file, pq.ParquetFile(file) as parquet:
            for batch in parquet.iter_batches(batch_size=AT_ONCE):
                yield batch.select(kept)

    try:
        with opened(path) as file, pq.ParquetFile(file) as parquet:
            schema = parquet.schema_arrow
    except pa.ArrowException as error:
        raise ModelError(f"file {path}: is no Parquet file ({type(error).__name__})") from None
    kept = [n for n, name in enumerate(schema.names) if not UNNAMED_INDEX.fullmatch(name)]
    return of_batches(pa.schema([schema.field(n) for n in kept]), batches)
