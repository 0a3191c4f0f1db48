"""Progress of several runs at once: each has its own numbers, and a bar while it goes on."""

from __future__ import annotations

import io

from rich.console import Console

from pgsync_assets.cli.progress import ProgressDisplay
from pgsync_assets.outcome import Progress


def report(partition: str, step: str, done: int = 0, total: int = 0) -> Progress:
    return Progress("orders", partition, step, done, total, rejected=0, seconds=1.5)


def shown(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_each_run_tells_its_own_rows_without_a_terminal() -> None:
    console = Console(file=io.StringIO(), width=80)
    with ProgressDisplay(console) as display:
        display(report("0", "write", 5, 10))
        display(report("1", "write", 50, 700))
        display(report("0", "done"))
        display(report("1", "done"))
    assert shown(console).splitlines() == [
        "orders 0: done with 10 rows, 1.5 s",
        "orders 1: done with 700 rows, 1.5 s",
    ]


def test_a_bar_is_there_while_its_run_goes_on() -> None:
    console = Console(file=io.StringIO(), width=80, force_terminal=True, color_system=None)
    with ProgressDisplay(console) as display:
        display(report("0", "write", 5, 10))
        display(report("1", "write", 50, 700))
        display(report("0", "done"))  # drawn at once: both are there
        both = shown(console)
        display(report("2", "plan"))  # takes the place of what is done
        display(report("1", "done"))
        later = shown(console)[len(both) :]
    assert "orders 0" in both and "orders 1" in both
    assert "orders 0" not in later
    assert "orders 1" in later and "orders 2" in later


def test_a_run_that_settles_another_one_first_keeps_its_bar() -> None:
    console = Console(file=io.StringIO(), width=80, force_terminal=True, color_system=None)
    with ProgressDisplay(console) as display:
        display(report("0", "done"))
        display(report("0", "plan"))
        before = len(shown(console))
        display(report("1", "done"))
        assert "orders 0" in shown(console)[before:]


def test_a_bar_says_how_fast_and_for_how_long_still_and_which_partition_it_is() -> None:
    console = Console(file=io.StringIO(), width=120, force_terminal=True, color_system=None)
    with ProgressDisplay(console, partitions=["0", "1", "2"]) as display:
        display(Progress("orders", "1", "write", 5000, 70_000, 3, 4.0, 1250.0, 52.0))
        display(report("0", "done"))
    told = shown(console)
    assert "orders 1 (2 of 3)" in told
    assert "writing 5,000 of 70,000 rows, 1,250 rows/s, 52 s left" in told


def test_silence() -> None:
    console = Console(file=io.StringIO(), width=80)
    with ProgressDisplay(console, silent=True) as display:
        display(report("0", "done"))
    assert shown(console) == ""
