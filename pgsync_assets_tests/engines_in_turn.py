"""Which engine a test runs with by day, where it is written for all of them: they take turns.

A test that says `[lightning]`, `[digest]` and `[standard]` is run with one of them by day: another
one for the next of its other parameters, and for the next test. So each way of the code is gone
with every engine, by some test. By night each test is run with all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple
from zlib import crc32

import pytest

from .fix_syncs import ENGINES

SERVER = "source_server"


class _Case(NamedTuple):
    engine: str
    others: str
    item: pytest.Item


def not_their_turn(items: Iterable[pytest.Item]) -> set[pytest.Item]:
    """The tests that wait, of all that there are.

    Args:
        items: with all their parameters. Which of them need no server, or choose for themselves
            what waits for the night, are not looked at.
    """
    functions: defaultdict[str, list[_Case]] = defaultdict(list)
    for item in items:
        case = _case(item)
        if case is not None:
            functions[item.nodeid.partition("[")[0]].append(case)
    return {item for name, cases in functions.items() for item in _waiting(name, cases)}


def _case(item: pytest.Item) -> _Case | None:
    if SERVER not in getattr(item, "fixturenames", ()) or item.get_closest_marker("nightly"):
        return None
    callspec = getattr(item, "callspec", None)
    if callspec is None:
        return None
    engines = [value for value in callspec.params.values() if _is_engine(value)]
    if len(engines) != 1:
        return None
    (engine,) = engines
    others = f"-{callspec.id}-".replace(f"-{engine}-", "-", 1)
    return _Case(engine, others, item)


def _is_engine(value: object) -> bool:
    return isinstance(value, str) and value in ENGINES


def _waiting(function: str, cases: list[_Case]) -> Iterable[pytest.Item]:
    engines = list(dict.fromkeys(case.engine for case in cases))
    others = list(dict.fromkeys(case.others for case in cases))
    there = {(case.engine, case.others) for case in cases}
    for case in cases:
        turn = engines[(crc32(function.encode()) + others.index(case.others)) % len(engines)]
        if case.engine != turn and (turn, case.others) in there:
            yield case.item
