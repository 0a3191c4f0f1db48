"""What was demanded, as data: each bar is a most or a least of one ratio, or of one figure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from .contender import CASES, FIRST, ONE
from .ours import TEXT
from .results import Report

MILLION = 1_000_000
SLING, DLT = "sling", "dlt"


@dataclass(frozen=True)
class Bar:
    """One bar.

    Args:
        told: what is compared, for people.
        contender: whose figure it is.
        cases: in which; the worst of them counts.
        most: of the figure.
        figure: of `Run`.
        against: whose figure in the same run divides it; None: the figure itself.
        base: the case of the other one; None: the same.
        rows: of the table.
        unit: of the figure.
        turned: whether it is told as `times faster`: at least 1 / most.
        beside_rows: the same ratio in the newest run of as many rows divides it.
    """

    told: str
    contender: str
    cases: tuple[str, ...]
    most: float
    figure: str = "seconds"
    against: str | None = TEXT
    base: str | None = FIRST
    rows: int = MILLION
    unit: str = "x"
    turned: bool = False
    beside_rows: int | None = None


@dataclass(frozen=True)
class Standing:
    """How a bar stands.

    Args:
        bar: which.
        value: as the bar measures it; None: this run did not measure it.
        repeats: how often it was measured.
        at: of the report.
        commit: of the code.
    """

    bar: Bar
    value: float | None
    repeats: int = 0
    at: str = ""
    commit: str = ""

    @property
    def is_met(self) -> bool:
        """Whether it was measured and holds."""
        return self.value is not None and self.value <= self.bar.most

    @property
    def measured(self) -> str:
        """The figure with its unit, as the bar is told."""
        if self.value is None:
            return "-"
        return _written(self.bar, self.value)

    @property
    def demanded(self) -> str:
        """The bar's own figure."""
        least = "at least" if self.bar.turned else "at most"
        return f"{least} {_written(self.bar, self.bar.most)}"

    @property
    def verdict(self) -> str:
        """`met`, `missed by 12 %`, `not measured`."""
        if self.value is None:
            return "not measured"
        if self.is_met:
            return "met"
        percent = (self.value / self.bar.most - 1) * 100
        return f"missed by {percent:.0f} %" if percent >= 1 else f"missed by {percent:.1f} %"


def _written(bar: Bar, value: float) -> str:
    if bar.turned:
        return f"{1 / value:.1f} x faster"
    if bar.unit == "x":
        return f"{value:.2f} x"
    return f"{value:,.0f} {bar.unit}"


def _bars() -> Iterable[Bar]:
    limits = {"digest": (1.25, 0.30, 0.40), "lightning": (1.50, 0.30, 0.40)}
    limits["standard"] = (1.25, 0.40, 0.50)
    for name, mosts in limits.items():
        for case, told, most in zip(CASES, ("first sync", "no change", "1 %"), mosts, strict=False):
            yield Bar(f"{name}: {told}, beside psql | psql", name, (case,), most)
    for name in ("lightning", "standard"):
        for peer, case, times in ((SLING, ONE, 8), (DLT, ONE, 25), (DLT, FIRST, 8)):
            told = "first sync" if case == FIRST else "1 %"
            yield Bar(
                f"{name}: {told}, beside {peer} without a cursor",
                name,
                (case,),
                1 / times,
                figure="process_seconds",  # both with their start
                against=peer,
                base=None,
                turned=True,
            )
    for name in limits:
        told = f"{name}: memory above a bare interpreter"
        yield Bar(told, name, CASES, 60, figure="memory_mb", against=None, unit="MB")
    for name in limits:
        told = f"{name}: 100 rows changed of 10,000"
        yield Bar(told, name, (ONE,), 150, against=None, rows=10_000, unit="ms")
        told = f"{name}: memory at ten million rows"
        yield Bar(told, name, CASES, 60, "memory_mb", None, rows=10 * MILLION, unit="MB")
        for case, what in zip(CASES, ("first sync", "no change", "1 %"), strict=False):
            told = f"{name}: {what}, a row of ten million beside one of a million"
            yield Bar(told, name, (case,), 1.3, rows=10 * MILLION, beside_rows=MILLION)


BARS = tuple(_bars())
A_CLAIM = 3  # repeats; a figure of fewer may be the machine's mood
FACTORS = {"ms": 1000.0}


def stand(report: Report, bars: Sequence[Bar] = BARS) -> list[Standing]:
    """How the bars stand by one run; those that it cannot tell are left out.

    Args:
        report: of the run.
        bars: which.
    """
    found = (_standing(report, bar) for bar in bars if bar.beside_rows is None)
    return [one for one in found if one.value is not None]


def stand_by_history(reports: Sequence[Report], bars: Sequence[Bar] = BARS) -> list[Standing]:
    """How each bar stands by the newest run that tells it with enough repeats, or by the newest.

    Args:
        reports: the newest first.
        bars: which.
    """
    standings = []
    for bar in bars:
        found = _newest(reports, bar)
        if bar.beside_rows is not None and found.value is not None:
            smaller = _newest(reports, replace(bar, rows=bar.beside_rows)).value
            found = replace(found, value=smaller and found.value / smaller)
        standings.append(found)
    return standings


def _newest(reports: Sequence[Report], bar: Bar) -> Standing:
    told = [one for report in reports if (one := _standing(report, bar)).value is not None]
    claims = [one for one in told if one.repeats >= A_CLAIM]
    return next(iter([*claims, *told]), Standing(bar, None))


def _standing(report: Report, bar: Bar) -> Standing:
    if report.rows != bar.rows or report.table != "customers":
        return Standing(bar, None)
    values = [_value(report, bar, case) for case in bar.cases if report.of(bar.contender, case)]
    known = [value for value in values if value is not None]
    if len(known) < len(bar.cases):
        return Standing(bar, None)
    repeats = min(len(report.of(bar.contender, case)) for case in bar.cases)
    return Standing(bar, max(known), repeats, report.at, report.commit)


def _value(report: Report, bar: Bar, case: str) -> float | None:
    own = report.median(bar.contender, case, bar.figure)
    if own is None or bar.against is None:
        return None if own is None else own * FACTORS.get(bar.unit, 1.0)
    other = report.median(bar.against, bar.base or case, bar.figure)
    return None if other is None else own / other
