"""A polars DataFrame, by way of Arrow; a LazyFrame is collected first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl

from .frame import AT_ONCE, Frame
from .of_arrow import of_batches
from .refusal import refused


def of_polars(given: pl.DataFrame | pl.LazyFrame) -> Frame:
    """The columns of a DataFrame.

    Args:
        given: eager or lazy.
    """
    frame: Any = given.collect() if isinstance(given, pl.LazyFrame) else given
    for name, kind in frame.schema.items():
        if kind == pl.Object:  # Arrow would make bytes of where they are in memory
            raise refused(
                name,
                "holds Python objects, for which polars knows no type",
                remedy="make it one of polars' own types",
            )

    def batches() -> Iterator[Any]:
        for first in range(0, frame.height, AT_ONCE):
            yield frame.slice(first, AT_ONCE).to_arrow()

    return of_batches(frame.clear().to_arrow().schema, batches)
