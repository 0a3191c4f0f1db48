"""Values inside values: lists and dicts as JSON has them, exactly."""

from __future__ import annotations

from typing import Any

_UNITS = {"M": "datetime64[us]", "m": "timedelta64[us]"}
_GAPS = {"NaTType", "NAType"}
_INFINITY = float("inf")


def plain(value: Any) -> Any:
    """The value without numpy's types and pandas' gaps, also within lists and dicts.

    Args:
        value: any.
    """
    kind = type(value)
    if kind.__module__ == "numpy":
        value = _of_numpy(value)
    elif kind.__name__ in _GAPS:
        return None
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    return value


def _of_numpy(value: Any) -> Any:
    unit = _UNITS.get(value.dtype.kind)
    if unit is None:
        return value.tolist()
    exact = value.astype(unit)
    same = (exact == value) | (value != value)  # NaT equals nothing
    # numpy makes integers of nanoseconds.
    return exact.tolist() if same.all() else value


def problem_of(value: Any) -> str | None:
    """Why a value is not exactly what JSON would say of it; None where it is.

    Args:
        value: plain.
    """
    if isinstance(value, dict):
        if not all(isinstance(name, str) for name in value):
            return "a dict has keys that are no str; JSON has no others"
        return next(filter(None, map(problem_of, value.values())), None)
    if isinstance(value, list):
        return next(filter(None, map(problem_of, value)), None)
    if isinstance(value, float) and (value != value or value in (_INFINITY, -_INFINITY)):
        return "JSON has neither NaN nor Infinity"
    return None
