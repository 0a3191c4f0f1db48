"""Ratios in one run: our sync and its peers beside `psql | psql`, the limit of the two servers.

    python -m benchmarks [--rows 1000000] [--repeat 3] [--engine lightning] [--peer sling] [--save]

Two clusters with equal settings (fsync on) on this machine; interleaved repeats, medians. Only the
ratios mean something elsewhere. docs/performance.md says what is measured, and how.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from . import machine, plot, results, shown
from .contender import Contender, NotToBeHad
from .measure import MOST_SECONDS, measure
from .ours import ENGINES, copies, engine
from .peers import PEERS
from .results import Report, Run
from .servers import SETTINGS, clusters
from .tables import SHAPES

COLUMNS = 80


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the benchmark; its table goes to stdout, its progress to stderr."""
    options = _options().parse_args(arguments)
    report = Report(machine.now(), machine.commit(), options.table, options.rows, options.repeat)
    report.machine, report.settings = machine.described(), SETTINGS
    contenders = _contenders(options, report)
    try:
        _measured(options, contenders, report)
    except KeyboardInterrupt:
        print("Stopped; the servers are down. What was measured:", file=sys.stderr)
    report.at = machine.now()
    if options.save and report.runs:
        _save(report, options.results)
    if options.json:
        print(json.dumps(asdict(report), indent=1))
    else:
        is_wide = sys.stdout.isatty()
        shown.show(report, Console() if is_wide else Console(width=COLUMNS))
    return 0


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--rows", type=int, default=1_000_000, help="of the table")
    parser.add_argument("--repeat", type=int, default=3, help="of every case, interleaved")
    parser.add_argument("--table", choices=list(SHAPES), default="customers")
    parser.add_argument(
        "--engine", choices=[*ENGINES, "none"], action="append", help="ours; all, if none is named"
    )
    parser.add_argument(
        "--peer", choices=[*PEERS, "all", "none"], action="append", help="none, if none is named"
    )
    parser.add_argument(
        "--most-seconds", type=float, default=MOST_SECONDS, help="of one case; then it is ended"
    )
    parser.add_argument("--save", action="store_true", help="keep figures, a page and a plot")
    parser.add_argument("--results", type=Path, default=results.FOLDER, help="where they are kept")
    parser.add_argument("--json", action="store_true", help="print all figures")
    return parser


def _contenders(options: argparse.Namespace, report: Report) -> list[Contender]:
    """Everybody who is there; who is not is skipped in words."""
    engines = [name for name in options.engine or ENGINES if name != "none"]
    found = [*copies(), *(engine(name) for name in engines)]
    asked = options.peer or ["none"]
    # The last word of `all` and `none` counts: make says `all` before the arguments of a person.
    words = [place for place, name in enumerate(asked) if name in ("all", "none")]
    names = asked[words[-1] + 1 :] if words else asked
    if words and asked[words[-1]] == "all" and not names:
        names = list(PEERS)
    for name in names:
        print(f"{name}: looking for it", file=sys.stderr)
        try:
            found += PEERS[name]()
        except NotToBeHad as why:
            report.skipped[name] = str(why)
            print(f"{name}: skipped: {why}", file=sys.stderr)
    for one in found:
        report.contenders[one.name] = {"version": one.version, "note": one.note}
    return found


def _measured(options: argparse.Namespace, contenders: Sequence[Contender], report: Report) -> None:
    total = options.repeat * sum(len(one.cases) for one in contenders)
    began = time.monotonic()

    def told(run: Run) -> None:
        done = len(report.runs)
        said = run.failed or f"{run.seconds:.2f} s, {run.verdict}"
        minutes = (time.monotonic() - began) / 60
        place = f"[{done:>{len(str(total))}}/{total}, {minutes:.1f} min]"
        print(f"{place} {run.contender}, {run.case}: {said}", file=sys.stderr, flush=True)

    with clusters() as (source, destination), tempfile.TemporaryDirectory() as folder:
        print(f"Two servers are up, {total} runs to go", file=sys.stderr, flush=True)
        measure(
            source,
            destination,
            contenders,
            SHAPES[options.table],
            report,
            Path(folder),
            told,
            options.most_seconds,
        )


def _save(report: Report, folder: Path) -> None:
    path = results.save(report, folder)
    path.with_suffix(".md").write_text(shown.page(report))
    path.with_suffix(".svg").write_text(plot.picture(report))
    (folder / "README.md").write_text(shown.index(results.history(folder)))
    print(f"Kept: {path.name}, and a page and a plot beside it", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
