"""How fast a run is, for how long still, and how that is said."""

from __future__ import annotations

import threading
import time

import pytest

from pgsync_assets.outcome import Progress
from pgsync_assets.progress_text import duration, name_of, numbers
from pgsync_assets.steps import progress as steps
from pgsync_assets.steps.progress import Pace, Reporter


def test_the_rate_is_that_of_the_last_seconds() -> None:
    pace = Pace(0.0)
    assert pace.rate(1.0, 0) is None
    assert [pace.rate(float(t), 1000 * t) for t in range(1, 30)] == [1000.0] * 29
    slow = [pace.rate(float(t), 29_000 + 100 * (t - 29)) for t in range(30, 45)]
    assert slow[0] is not None and 850 < slow[0] < 1000
    assert slow[-1] == 100.0
    assert pace.rate(1000.0, 30_500) == pytest.approx(0, abs=2)  # nothing moves any more


def test_rows_of_an_earlier_run_are_not_of_this_one() -> None:
    assert Pace(0.0, done=1_000_000).rate(2.0, 1_000_100) == 50.0


def test_the_time_that_is_left_is_of_the_rows_that_are_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = iter([0.0, 10.0, 10.0, 10.0, 15.0])
    monkeypatch.setattr("pgsync_assets.steps.progress.time.monotonic", lambda: next(now))
    told: list[Progress] = []
    reporter = Reporter("orders", None, told.append)
    reporter.step("write", 1000)
    reporter.rows(0, 1000, 0)
    assert (told[1].rate, told[1].seconds_left) == (None, None)
    reporter.rows(250, 1000, 0)
    assert (told[2].rate, told[2].seconds_left) == (50.0, 15.0)


def test_silence_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "PULSE_S", 0.02)
    told: list[Progress] = []
    reporter = Reporter("orders", None, told.append)
    with reporter.pulsing():
        reporter.step("plan")
        deadline = time.monotonic() + 10
        while len(told) < 4 and time.monotonic() < deadline:
            time.sleep(0.01)
    assert [one.step for one in told[:4]] == ["plan"] * 4
    count = len(told)
    time.sleep(0.1)
    assert len(told) == count  # it is over


def test_nobody_is_told_once_it_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "PULSE_S", 0.01)
    begun, heard = threading.Event(), []

    def slow(progress: Progress) -> None:
        begun.set()
        time.sleep(0.2)
        heard.append(progress)

    with Reporter("orders", None, slow).pulsing():
        assert begun.wait(10)
    assert heard  # what was being told has been told, not left to a thread behind the run


def test_a_listener_that_fails_ends_the_pulse_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(steps, "PULSE_S", 0.01)
    calls: list[Progress] = []

    def fail(progress: Progress) -> None:
        calls.append(progress)
        raise KeyboardInterrupt

    with Reporter("orders", None, fail).pulsing():
        time.sleep(0.2)
    assert len(calls) == 1


def test_words() -> None:
    known = Progress("orders", "1", "write", 5000, 70_000, 3, 4.0, 1250.0, 52.0)
    assert numbers(known) == "5,000 of 70,000 rows, 1,250 rows/s, 52 s left"
    assert numbers(Progress("orders", None, "plan", 5000, 0, 0, 4.0)) == "5,000 rows"
    assert numbers(Progress("orders", None, "plan", 0, 0, 0, 4.0)) == ""
    assert name_of(known, ["0", "1", "2"]) == "orders 1 (2 of 3)"
    assert name_of(known, ["1"]) == "orders 1"
    spelled = ["0 s", "59 s", "3 min 20 s", "2 h 5 min"]
    assert [duration(seconds) for seconds in (0.4, 59.4, 200, 7500)] == spelled
