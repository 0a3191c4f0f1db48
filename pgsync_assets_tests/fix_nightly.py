"""Tests that only `make nightly` runs: `@pytest.mark.nightly("why", but=("an id", ..))`.

Such a test is left out otherwise, and the summary says how many are; PGSYNC_TEST_NIGHTLY=1 takes
them in. `but` names the parameters, as pytest writes them in brackets, that are run always: of a
product of three things so many that each pair of them meets. Engines take turns by day of their
own accord (`engines_in_turn.py`).
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Generator
from typing import Any

import pytest

from .engines_in_turn import not_their_turn

ALSO_THESE = "PGSYNC_TEST_NIGHTLY"
MARKER = "nightly"
WAITING = pytest.StashKey[int]()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> Generator[None, None, None]:
    """Leave out what waits for the night, of what -k and -m have left, unless it is night."""
    resting: set[pytest.Item] = set()
    if not any("::" in argument for argument in config.args):  # all parameters were collected
        _refuse_what_is_not_there(items)
        resting = not_their_turn(items)
    yield
    waiting = [item for item in items if item in resting or waits(item)]
    if os.environ.get(ALSO_THESE) == "1" or not waiting:
        return
    config.stash[WAITING] = len(waiting)
    getattr(config, "workeroutput", {})[MARKER] = len(waiting)
    config.hook.pytest_deselected(items=waiting)
    left_out = set(waiting)
    items[:] = [item for item in items if item not in left_out]


@pytest.hookimpl(optionalhook=True)  # of xdist
def pytest_testnodedown(node: Any) -> None:
    """Hear from a worker how many wait; each of them has collected all tests."""
    waiting = getattr(node, "workeroutput", {}).get(MARKER, 0)
    node.config.stash[WAITING] = max(waiting, node.config.stash.get(WAITING, 0))


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say how many tests wait, and for what."""
    waiting = config.stash.get(WAITING, 0)
    if waiting:
        terminalreporter.line(f"{waiting} tests wait for `make nightly` ({ALSO_THESE}=1)")


def waits(item: pytest.Item) -> bool:
    """Whether a test is one for the night; raises UsageError where its mark does not say why."""
    marker = item.get_closest_marker(MARKER)
    if marker is None:
        return False
    if len(marker.args) != 1 or not isinstance(marker.args[0], str) or not marker.args[0].strip():
        raise pytest.UsageError(f"{item.nodeid}: {MARKER} says why, in one sentence")
    return _parameters(item) not in marker.kwargs.get("but", ())


def _parameters(item: pytest.Item) -> str:
    callspec = getattr(item, "callspec", None)
    return callspec.id if callspec else ""


def _refuse_what_is_not_there(items: list[pytest.Item]) -> None:
    """A name in `but` that is no parameter would leave a test out that is to be run."""
    there: defaultdict[tuple[str, tuple[str, ...]], set[str]] = defaultdict(set)
    for item in items:
        marker = item.get_closest_marker(MARKER)
        if marker is not None:
            function = item.nodeid.partition("[")[0]
            there[function, tuple(marker.kwargs.get("but", ()))].add(_parameters(item))
    for (function, named), found in there.items():
        unknown = sorted(set(named) - found)
        if unknown:
            raise pytest.UsageError(f"{function} has no parameters {', '.join(unknown)}")
