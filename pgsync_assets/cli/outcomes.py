"""Runs and plans as tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich.table import Table

from ..outcome import Change, InvalidKey, InvalidKeys, Outcome, Rejection
from .terminal import Terminal, table

VALUE_WIDTH = 60


def outcomes_table(outcomes: Sequence[Outcome]) -> Table:
    """One line per run: what the destination took, what it refused, how fast."""
    return table(
        "sync",
        "run",
        "added",
        "changed",
        "removed",
        "rejected",
        "seconds",
        "rows/s",
        rows=[_outcome_cells(outcome) for outcome in outcomes],
        numbers=("run", "added", "changed", "removed", "rejected", "seconds", "rows/s"),
    )


def rejections_table(rejections: Iterable[Rejection]) -> Table:
    """One line per refused row, without its values."""
    return table(
        "row",
        "operation",
        "attempts",
        "reason",
        rows=[
            (one.row_id, one.operation, str(one.attempts or ""), one.reason) for one in rejections
        ],
        numbers=("attempts",),
    )


def invalid_keys_table(keys: Sequence[InvalidKey]) -> Table:
    """One line per key that identifies no row: its columns, and how many rows have it."""
    return table(
        *(keys[0].columns if keys else ()),
        "rows",
        rows=[(*map(shown_value, key.columns.values()), f"{key.rows:,}") for key in keys],
        numbers=("rows",),
    )


def show_invalid_keys(terminal: Terminal, keys: InvalidKeys) -> None:
    """Prints how many rows of a model have a NULL or repeated key, and such keys; or nothing."""
    if not keys.total:
        return
    terminal.say("", f"Rows of the model that are rejected for their key: {keys}")
    terminal.show(invalid_keys_table(keys.sample))


def changes_table(changes: Iterable[Change]) -> Table:
    """One line per planned change: the columns that differ, before -> after."""
    return table(
        "operation",
        "row",
        "column",
        "before -> after",
        rows=[cells for change in changes for cells in _change_cells(change)],
    )


def rows_per_second(outcome: Outcome) -> float:
    """Rows that the destination took, per second of the whole run."""
    seconds = outcome.seconds.get("total", 0.0)
    return outcome.succeeded.total / seconds if seconds else 0.0


def name_of(outcome: Outcome) -> str:
    """The sync, and the partition if it has one."""
    return f"{outcome.sync} {outcome.partition}" if outcome.partition else outcome.sync


def _outcome_cells(outcome: Outcome) -> tuple[str, ...]:
    done = outcome.succeeded
    counts = (done.added, done.changed, done.removed, outcome.rejected)
    return (
        name_of(outcome),
        str(outcome.run_id),
        *(f"{count:,}" for count in counts),
        f"{outcome.seconds.get('total', 0.0):.1f}",
        f"{rows_per_second(outcome):,.0f}",
    )


def _change_cells(change: Change) -> Iterator[tuple[str, ...]]:
    first = (change.operation, change.row_id)
    for column, old, new in change.cells():
        yield (*first, column, value_difference(change, old, new))
        first = ("", "")
    if first != ("", ""):
        yield (*first, "", "")


def value_difference(change: Change, old: str | None, new: str | None) -> str:
    """A column of a change: `before -> after`, or the only side that there is.

    Args:
        change: that it is of.
        old: its value before.
        new: its value after.
    """
    if change.operation == "added":
        return shown_value(new)
    if change.operation == "removed":
        return shown_value(old)
    return f"{shown_value(old)} -> {shown_value(new)}"


def shown_value(value: str | None) -> str:
    """A value as it is shown: NULL in a word, text that looks like it in quotes, long text cut."""
    if value is None:
        return "NULL"
    if value in ("", "NULL"):
        return f"'{value}'"
    return value if len(value) <= VALUE_WIDTH else f"{value[: VALUE_WIDTH - 1]}…"
