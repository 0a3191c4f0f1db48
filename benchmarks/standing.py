"""The part of docs/performance.md that the kept results tell."""

from __future__ import annotations

from collections.abc import Sequence

from .bars import MILLION, stand_by_history
from .ours import ENGINES
from .results import Report
from .shown import EXPLAINED, bars, figures

FOLDER = "../benchmarks/results"


def standing(reports: Sequence[Report]) -> str:
    """How the bars stand, and the figures of the newest runs, as Markdown.

    Args:
        reports: all that are kept, the newest first.
    """
    told = [
        "Each bar by the newest kept run that measured it three times or more, else by the newest "
        f"([all runs]({FOLDER}/README.md)). A figure of one repeat is no claim.\n\n",
        bars(stand_by_history(reports)),
    ]
    for title, report in _newest(reports).items():
        machine = ", ".join(f"{name} {value}" for name, value in report.machine.items())
        told += [
            f"\n### {title}\n\n",
            f"{report.at}, commit {report.commit}, {report.rows:,} rows, "
            f"at most {report.repeat} repeats. {machine}.\n\n",
            f"![Seconds beside psql and psql]({FOLDER}/{report.name}.svg)\n\n",
            figures(report),
        ]
        told += [f"\nSkipped: {name}: {why}\n" for name, why in report.skipped.items()]
    return "".join([*told, f"\n{EXPLAINED}"])


def _newest(reports: Sequence[Report]) -> dict[str, Report]:
    """The newest run of all of ours, of some, and with each peer, of the table of the bars."""
    found: dict[str, Report] = {}
    shown: set[str] = set()
    for report in reports:
        if (report.rows, report.table) != (MILLION, "customers"):
            continue
        names = {name.removesuffix(", cursor") for name, _ in report.cases()}
        ours = [name for name in ENGINES if name in names]
        peers = {name for name in names - ENGINES.keys() if not name.startswith("psql")}
        if peers - shown:
            found[f"Beside {', '.join(sorted(peers))}"] = report
            shown |= peers
        elif ours and not peers:
            whole = len(ours) == len(ENGINES)
            found.setdefault(
                "Our engines" if whole else f"Of our engines: {', '.join(ours)}", report
            )
    return found
