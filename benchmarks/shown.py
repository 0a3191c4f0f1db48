"""A report for people: a table for a terminal of 80 columns, and pages of Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from .bars import Standing, stand
from .identity import IDENTICAL
from .results import Report

HEAD = (
    "| who | case | x psql | s | with start | client CPU s | machine CPU s | client MB | wire MB "
    "| WAL MB source | WAL MB destination | spilled MB | afterwards |\n"
    "|---|---|---|---|---|---|---|---|---|---|---|---|---|\n"
)
FIGURES = (
    ("seconds", 2),
    ("process_seconds", 2),
    ("client_cpu", 2),
    ("machine_cpu", 2),
    ("rss_mb", 0),
    ("wire_mb", 0),
    ("wal_source", 0),
    ("wal_destination", 0),
    ("spilled", 0),
)
EXPLAINED = """\
*x psql*: median of the seconds, as a share of `psql | psql` (text, the whole table) of the same
run. *with start*: from the start of the program to its end. *client MB*: most memory of its
processes together. *wire*: both ends, on loopback. *afterwards*: source and destination compared,
every column, by text.
"""


def show(report: Report, console: Console) -> None:
    """Prints ratios, what was skipped, and how the bars stand.

    Args:
        report: of a run.
        console: of 80 columns or more.
    """
    limit = report.limit()
    told = f"{report.table}, {report.rows:,} rows"
    if limit:
        told += f"; psql | psql {limit:.2f} s"
    names = ("who", "case", "x psql", "s", "CPU s", "MB", "wire", "WAL", "afterwards")
    table = Table(*names, title=told, pad_edge=False, padding=(0, 1, 0, 0))
    for name, case in report.cases():
        table.add_row(name, case, *_short(report, name, case, limit))
    console.print(table)
    console.print(
        "x psql, s: medians. CPU s, MB: of the client; MB of ours above a bare interpreter. "
        "wire, WAL: MB, both ends."
    )
    if report.scan:
        console.print(f"A scan that hashes every row, in one process: {min(report.scan):.2f} s")
    for engine, size in report.state.items():
        console.print(f"State of {engine}: {size:.0f} bytes a row, index and all")
    for name, why in report.skipped.items():
        console.print(f"Skipped: {name}: {why}", markup=False)
    _show_bars(stand(report), console)


def _short(report: Report, name: str, case: str, limit: float | None) -> list[str]:
    why = report.why(name, case)
    if why:
        return ["", "", "", "", "", "", why]
    seconds = report.median(name, case) or 0.0
    wal = [report.median(name, case, f"wal_{end}") for end in ("source", "destination")]
    memory = report.median(name, case, "memory_mb")
    return [
        f"{seconds / limit:.2f}" if limit else "-",
        f"{seconds:.2f}",
        _figure(report, name, case, "client_cpu", 1),
        _figure(report, name, case, "rss_mb" if memory is None else "memory_mb", 0),
        _figure(report, name, case, "wire_mb", 0),
        "-" if None in wal else f"{sum(one or 0.0 for one in wal):.0f}",
        report.worst(name, case) or "-",
    ]


def _show_bars(standings: Sequence[Standing], console: Console) -> None:
    if not standings:
        return
    table = Table("bar", "demanded", "measured", "", pad_edge=False, padding=(0, 1, 0, 0))
    for one in standings:
        style = "" if one.is_met else "red"
        table.add_row(one.bar.told, one.demanded, one.measured, one.verdict, style=style)
    console.print(table)


def page(report: Report) -> str:
    """A report as a page of Markdown.

    Args:
        report: of a run.
    """
    parts = [
        f"# {report.at}: {report.table}, {report.rows:,} rows\n\n",
        f"Commit {report.commit or 'unknown'}; at most {report.repeat} repeats, interleaved. ",
        ", ".join(f"{name} {value}" for name, value in report.machine.items()) + ".\n\n",
        "Both servers: " + ", ".join(f"`{k} = {v}`" for k, v in report.settings.items()) + ".\n\n",
        f"![{report.table}, {report.rows:,} rows]({report.name}.svg)\n\n",
        figures(report),
        f"\n{EXPLAINED}",
    ]
    standings = stand(report)
    if standings:
        parts += ["\n## Bars\n\n", bars(standings)]
    parts += ["\n## Who\n\n| who | version | how |\n|---|---|---|\n"]
    for name, told in report.contenders.items():
        parts.append(f"| {_cell(name)} | {told['version']} | {_cell(told['note'])} |\n")
    if report.skipped:
        parts.append("\nSkipped:\n\n")
        parts += [f"- {name}: {why}\n" for name, why in report.skipped.items()]
    return "".join(parts)


def figures(report: Report) -> str:
    """Every figure of a report, as a table of Markdown."""
    return HEAD + "".join(_line(report, name, case) for name, case in report.cases())


def _line(report: Report, name: str, case: str) -> str:
    limit = report.limit()
    why = report.why(name, case)
    if why:
        return f"| {_cell(name)} | {case} |{' |' * (1 + len(FIGURES))} {_cell(why)} |\n"
    seconds = report.median(name, case) or 0.0
    cells = [f"{seconds / limit:.2f}" if limit else "-"]
    cells += [_figure(report, name, case, figure, places) for figure, places in FIGURES]
    said = report.worst(name, case)
    said = said if said == IDENTICAL or not said else f"**{_cell(said)}**"
    return f"| {_cell(name)} | {case} | {' | '.join(cells)} | {said or '-'} |\n"


def bars(standings: Sequence[Standing]) -> str:
    """How bars stand, as a table of Markdown."""
    lines = ["| bar | demanded | measured | | repeats |\n|---|---|---|---|---|\n"]
    for one in standings:
        verdict = one.verdict if one.is_met or one.value is None else f"**{one.verdict}**"
        cells = (_cell(one.bar.told), one.demanded, one.measured, verdict, str(one.repeats or "-"))
        lines.append(f"| {' | '.join(cells)} |\n")
    return "".join(lines)


def index(reports: Sequence[Report]) -> str:
    """The list of all runs, newest first, each with its main ratios.

    Args:
        reports: the newest first.
    """
    wanted = [(e, c) for e in ("lightning", "digest", "standard") for c in ("first", "0 %", "1 %")]
    heads = " | ".join(f"{engine} {case}" for engine, case in wanted)
    lines = [
        "# Runs of the benchmark\n\nSeconds as a share of `psql | psql` of the same run; each run "
        "has a page. Made by `make bench`.\n\n",
        f"| when, UTC | table | rows | repeats | {heads} | commit |\n",
        f"|---|---|---|---|{'---|' * len(wanted)}---|\n",
    ]
    for one in reports:
        limit = one.limit()
        cells = [_ratio(one.median(engine, case), limit) for engine, case in wanted]
        when = one.at[:16].replace("T", " ")
        lines.append(
            f"| [{when}]({one.name}.md) | {one.table} | {one.rows:,} | {one.repeat} "
            f"| {' | '.join(cells)} | {one.commit} |\n"
        )
    return "".join(lines)


def _ratio(seconds: float | None, limit: float | None) -> str:
    return f"{seconds / limit:.2f}" if seconds is not None and limit else "-"


def _figure(report: Report, name: str, case: str, figure: str, places: int) -> str:
    value = report.median(name, case, figure)
    return "-" if value is None else f"{value:.{places}f}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
