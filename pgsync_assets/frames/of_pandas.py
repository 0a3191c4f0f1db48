"""A pandas DataFrame: NaN, NaT and NA are how it says NULL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timezone
from typing import Any

import pandas as pd

from .frame import AT_ONCE, Chunk, Frame, FrameColumn
from .refusal import NOT_MICROSECONDS, TOO_FAR, refused

_BY_KIND = {"b": "boolean", "i": "bigint", "u": "bigint", "f": "double precision"}
_MICROSECONDS = {"M": "datetime64[us]", "m": "timedelta64[us]"}


def of_pandas(frame: pd.DataFrame) -> Frame:
    """The columns of a DataFrame; levels of its index that have a name are columns, too.

    Args:
        frame: any.
    """
    index = frame.index
    levels = [index.get_level_values(n) for n in range(index.nlevels)]
    series: list[Any] = [level.to_series() for level in levels if level.name is not None]
    series += [frame.iloc[:, position] for position in range(frame.shape[1])]
    columns = tuple(FrameColumn(one.name, _type_of(one.dtype)) for one in series)

    def chunks(positions: Sequence[int]) -> Iterator[Chunk]:
        for first in range(0, len(frame), AT_ONCE):
            rows = slice(first, first + AT_ONCE)
            yield [_values(series[n].iloc[rows], first) for n in positions]

    return Frame(columns, chunks)


def _type_of(dtype: Any) -> str | None:
    """What the dtype says of the values; None: they have to be looked at."""
    if isinstance(dtype, pd.ArrowDtype):
        from .of_arrow import type_of

        return type_of(dtype.pyarrow_dtype)
    if isinstance(dtype, pd.CategoricalDtype):
        return _type_of(dtype.categories.dtype)
    if isinstance(dtype, pd.StringDtype):
        return "text"
    if isinstance(dtype, pd.DatetimeTZDtype):
        return "timestamptz"
    if isinstance(dtype, pd.SparseDtype):
        return _type_of(dtype.subtype)
    kind = getattr(dtype, "kind", "O")
    if isinstance(dtype, pd.PeriodDtype | pd.IntervalDtype):
        return None
    if kind == "u" and dtype.itemsize == 8:  # 2^64 - 1 is no bigint
        return "numeric(20,0)"
    return _BY_KIND.get(kind) or {"M": "timestamp", "m": "interval"}.get(kind)


def _values(part: Any, first: int) -> Sequence[Any]:
    """The values of a column as Python has them; None for NULL."""
    if isinstance(part.dtype, pd.CategoricalDtype):
        part = part.astype(part.dtype.categories.dtype if not part.isna().any() else object)
    if isinstance(part.dtype, pd.DatetimeTZDtype):
        naive = _moments(part.dt.tz_convert("UTC").dt.tz_localize(None), first)
        return [value and value.replace(tzinfo=timezone.utc) for value in naive]
    if getattr(part.dtype, "kind", "O") in _MICROSECONDS and not _is_arrow(part.dtype):
        return _moments(part, first)
    gaps = part.isna()
    values: list[Any] = part.astype(object).tolist()
    if not gaps.any():
        return values
    return [None if gap else value for value, gap in zip(values, gaps.tolist(), strict=True)]


def _is_arrow(dtype: Any) -> bool:
    return isinstance(dtype, pd.ArrowDtype)


def _moments(part: Any, first: int) -> Sequence[Any]:
    """Times and durations, none of which may be between two microseconds."""
    given = part.to_numpy()
    exact = given.astype(_MICROSECONDS[part.dtype.kind])
    lost = (exact != given) & ~part.isna().to_numpy()
    if lost.any():
        raise refused(part.name, NOT_MICROSECONDS, first + int(lost.argmax()) + 1)
    values: list[Any] = exact.astype(object).tolist()
    for number, value in enumerate(values, first + 1):
        if isinstance(value, int):
            raise refused(part.name, TOO_FAR, number)
    return values
