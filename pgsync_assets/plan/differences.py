"""What is another thing now than it was when the state was stored, in words."""

from __future__ import annotations

from collections.abc import Iterator

from .shape import Shape


def differences(old: Shape, new: Shape) -> Iterator[str]:
    """One phrase for each column that is another, or whose values are made otherwise.

    Args:
        old: as the state knows it.
        new: as it is now.
    """
    before = dict(zip(old.columns, zip(old.types, old.targets, strict=True), strict=True))
    now = dict(zip(new.columns, zip(new.types, new.targets, strict=True), strict=True))
    for name in now.keys() - before.keys():
        yield f"column {name!r} is new"
    for name in before.keys() - now.keys():
        yield f"column {name!r} is gone"
    for name in now.keys() & before.keys():
        if before[name][0] != now[name][0]:
            yield f"column {name!r} was {before[name][0]} and is {now[name][0]}"
        if before[name][1] != now[name][1]:
            yield f"column {name!r} went to {before[name][1]!r} and goes to {now[name][1]!r}"
        if old.computed.get(name) != new.computed.get(name):
            yield f"column {name!r} is computed otherwise"
    if before == now and old.columns != new.columns:
        yield "the order of the columns is another"
