"""What the benchmark shows of its figures: bars, tables, plots."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

from rich.console import Console

from benchmarks import plot, results, shown
from benchmarks.bars import A_CLAIM, BARS, stand, stand_by_history
from benchmarks.results import Report, Run
from benchmarks.standing import standing

LIMIT = "psql | psql"


def report(at: str = "2026-01-02T03:04:05Z", **more: object) -> Report:
    """A run in which lightning met its first bar, and missed that of the second case."""
    made = Report(at, "abc1234", "customers", 1_000_000, 3)
    made.contenders = {LIMIT: {"version": "18", "note": "COPY, text"}}
    made.machine = {"cores": "2"}
    made.skipped = {"drt": "pip cannot bring it"}
    for repeat, seconds in enumerate((4.0, 9.0, 4.2), 1):
        made.runs.append(Run(LIMIT, "first", repeat, seconds, verdict="identical"))
    for case, seconds in (("first", 6.3), ("0 %", 1.512), ("1 %", 1.5)):
        made.runs.append(
            Run("lightning", case, 1, seconds, seconds + 0.5, memory_mb=55.0, verdict="identical")
        )
    made.runs.append(Run("sling", "1 %", 1, 16.0, 16.0, verdict="1,000 rows too many"))
    made.runs.append(Run("dlt", "first", 1, failed="ended after 900 s"))
    for name, value in more.items():
        setattr(made, name, value)
    return made


def test_a_bar_is_met_or_missed_by_so_much() -> None:
    said = {one.bar.told: (one.measured, one.verdict) for one in stand(report())}
    assert said == {
        "lightning: first sync, beside psql | psql": ("1.50 x", "met"),
        "lightning: no change, beside psql | psql": ("0.36 x", "missed by 20 %"),
        "lightning: 1 %, beside psql | psql": ("0.36 x", "met"),
        "lightning: 1 %, beside sling without a cursor": ("8.0 x faster", "met"),
    }


def test_bars_are_those_of_their_own_table_and_size() -> None:
    assert stand(report(rows=100_000)) == []
    assert stand(report(table="wide")) == []


def test_the_newest_run_that_measured_a_bar_tells_it() -> None:
    newer = report("2026-02-01T00:00:00Z", runs=report().runs[:4])
    by = {one.bar.told: one.at for one in stand_by_history([newer, report()]) if one.value}
    assert by["lightning: first sync, beside psql | psql"].startswith("2026-02")
    assert by["lightning: no change, beside psql | psql"].startswith("2026-01")
    assert len(stand_by_history([newer])) == len(BARS)


def test_a_run_with_repeats_goes_before_a_newer_one_without() -> None:
    thrice = replace(report(), runs=report().runs * A_CLAIM)
    newer = report("2026-02-01T00:00:00Z")
    told = [one for one in stand_by_history([newer, thrice]) if one.value]
    assert {one.at[:7] for one in told if one.repeats >= A_CLAIM} == {"2026-01"}
    assert {one.at[:7] for one in told if one.repeats < A_CLAIM} <= {"2026-02"}
    assert any(one.repeats >= A_CLAIM for one in told)


def test_ten_million_rows_are_held_against_a_million() -> None:
    large = report(rows=10_000_000)
    for run in large.runs:
        run.seconds *= 20 if run.contender == "lightning" else 10
    by = {one.bar.told: one.measured for one in stand_by_history([large, report()])}
    assert by["lightning: 1 %, a row of ten million beside one of a million"] == "2.00 x"
    assert [one for one in stand(large) if one.bar.beside_rows] == []


def test_the_terminal_needs_80_columns_only() -> None:
    text = io.StringIO()
    shown.show(report(), Console(file=text, width=80))
    lines = text.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    assert any("ended after 900" in line for line in lines)
    assert "Skipped: drt: pip cannot bring it" in lines


def test_a_page_says_what_differs_and_what_failed() -> None:
    page = shown.page(report())
    assert "| psql \\| psql | first | 1.00 | 4.20 |" in page
    assert "**1,000 rows too many**" in page
    assert "ended after 900 s |" in page
    assert "| lightning: no change, beside psql \\| psql | at most 0.30 x | 0.36 x |" in page
    widths = {line.count(" | ") for line in shown.figures(report()).splitlines() if " s |" in line}
    assert len(widths) <= 2


def test_figures_are_kept_as_they_are(tmp_path: Path) -> None:
    results.save(report(), tmp_path)
    results.save(report("2026-02-01T00:00:00Z"), tmp_path)
    newest, oldest = results.history(tmp_path)
    assert (newest.at, oldest) == ("2026-02-01T00:00:00Z", report())
    index = shown.index([newest, oldest])
    assert "| [2026-01-02 03:04](2026-01-02T0304-customers-1000000.md) |" in index
    assert "| 1.50 | 0.36 | 0.36 |" in index


def test_the_plot_has_a_bar_for_each_figure() -> None:
    drawn = ET.fromstring(plot.picture(report()))  # noqa: S314 - our own
    words = [text.text or "" for text in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert [word for word in words if word.endswith(" x") and "." in word and len(word) == 6] == [
        "1.00 x",
        "1.50 x",
        "0.36 x",
        "0.36 x",
        "3.81 x",
    ]
    assert "1,000 rows too many" in words


def test_without_psql_there_is_no_plot() -> None:
    assert plot.picture(report(runs=[])) == ""


def test_the_docs_show_the_newest_of_both_kinds() -> None:
    ours = report("2026-02-01T00:00:00Z", runs=report().runs[:6])
    told = standing([ours, report()])
    assert told.index("### Of our engines: lightning") < told.index("### Beside dlt, sling")
    assert "2026-02-01T0000-customers-1000000.svg" in told
    assert "not measured" in standing([])
