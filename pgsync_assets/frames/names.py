"""Whether the columns of a frame can be those of a table, and are those that the model names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from ..config import ModelConfig
from ..errors import ModelError

MOST_BYTES = 63


def check_names(model: ModelConfig, names: Sequence[Any]) -> None:
    """Checks the names of all columns.

    Args:
        model: with its key, and its declared types.
        names: as the frame has them.

    Raises:
        ModelError: one cannot be a column's, occurs twice, or is missing.
    """
    if not names:
        raise ModelError("the frame has no columns")
    for name in names:
        if not isinstance(name, str):
            raise ModelError(
                f"a column is named {name!r}, which is a {type(name).__name__}",
                "name columns by str, as in frame.rename(columns=str)",
            )
        if not name or "\0" in name or len(name.encode("utf-8", "replace")) > MOST_BYTES:
            raise ModelError(
                f"a column cannot be named {name!r} in PostgreSQL: 1 to {MOST_BYTES} bytes",
                "rename it where the frame is made",
            )
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise ModelError(
            f"several columns are named {', '.join(map(repr, twice))}",
            "each needs a name of its own; levels of a pandas index that have one count",
        )
    _check_wanted(model, names)


def _check_wanted(model: ModelConfig, names: Sequence[str]) -> None:
    wanted = {"key": model.key, "types": tuple(model.types), "columns": model.columns or ()}
    for where, columns in wanted.items():
        if missing := [name for name in columns if name not in names]:
            raise ModelError(
                f"{where}: no column is named {', '.join(map(repr, missing))}",
                f"the frame has: {', '.join(names)}",
            )
