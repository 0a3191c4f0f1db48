"""Runs what is too much for every change, step by step, and keeps what came of each step.

    python tools/nightly.py [STEP ...]

Without a step: suite, versions, nemesis, load. `pairs` stands for one step for each two versions of
PostgreSQL, 23 times the integration tests; `pg12-pg15` is one of them. A step that fails does not
keep the next one from running. The results are kept beside the tests, and shown in
docs/guarantees.md: those of other steps stay.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from pathlib import Path

TOP = Path(__file__).parent.parent
TESTS = "pgsync_assets_tests"
KEPT = TOP / TESTS / "nights.json"
PAGE = TOP / "docs" / "guarantees.md"
BEGIN, END = "<!-- Made by tools/nightly.py. Do not edit. -->", "<!-- End of what is made. -->"
VERSIONS = range(12, 19)
BETWEEN = (15, 18)
WORKERS = ("-n", "auto", "--maxprocesses", "4", "--dist", "worksteal")
LONG_MINUTES = "60"  # of the nemesis, and of the run that goes on beside pgbench


@dataclass(frozen=True)
class Step:
    """Some tests, run in one way.

    Args:
        name: as on the command line.
        what: for people.
        arguments: of pytest.
        environment: on top of ours.
    """

    name: str
    what: str
    arguments: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Night:
    """What came of a step.

    Args:
        step: its name.
        day: when it began, in UTC.
        commit: of the code; with `+` where something was not committed.
        tests: that were run.
        failed: of them, with those that ended in an error.
        skipped: of them.
        minutes: that it took.
    """

    step: str
    day: str
    commit: str
    tests: int
    failed: int
    skipped: int
    minutes: int


def steps() -> dict[str, Step]:
    """All there are, by name, in their order."""
    long = {"PGSYNC_NEMESIS_MINUTES": LONG_MINUTES, "PGSYNC_LOAD_MINUTES": LONG_MINUTES}
    apart = ("nemesis", "load")
    suite = (TESTS, *WORKERS, *(f"--ignore={TESTS}/{name}" for name in apart))
    fifteen = {"PGSYNC_TEST_SOURCE": "pg15", "PGSYNC_TEST_DESTINATION": "pg15"}
    found = [
        Step("suite", "the whole suite, with what waits for the night", suite),
        Step("versions", "each version with 15 on the other side", (f"{TESTS}/versions",), fifteen),
        Step("nemesis", "random faults for an hour", (f"{TESTS}/nemesis", "-s"), long),
        Step("load", "much at once, and a run of an hour", (f"{TESTS}/load", "-s"), long),
    ]
    for source, destination in pairs():
        sides = {"SOURCE": f"pg{source}", "DESTINATION": f"pg{destination}"}
        found.append(
            Step(
                f"pg{source}-pg{destination}",
                f"integration tests from {source} to {destination}",
                (f"{TESTS}/integration", *WORKERS),
                {f"PGSYNC_TEST_{name}": value for name, value in sides.items()},
            )
        )
    return {step.name: step for step in found}


def pairs() -> list[tuple[int, int]]:
    """Each version as the source of 15 and 18 and as their destination; 18 to 18 is the suite."""
    both = [(one, other) for one in VERSIONS for other in BETWEEN]
    every = dict.fromkeys([*both, *((other, one) for one, other in both)])
    return [pair for pair in every if pair != (18, 18)]


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the steps that were named. 1 where one of them failed."""
    known = steps()
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("step", nargs="*", default=["suite", "versions", "nemesis", "load"])
    named: list[str] = parser.parse_args(arguments).step
    every_pair = [f"pg{source}-pg{destination}" for source, destination in pairs()]
    wanted = [name for one in named for name in (every_pair if one == "pairs" else [one])]
    if unknown := [name for name in wanted if name not in known]:
        parser.error(f"{', '.join(unknown)}: the steps are {', '.join(known)}, pairs")
    nights = [keep(run(known[name])) for name in wanted]
    for night in nights:
        print(f"{night.step}: {night.failed} of {night.tests} failed, {night.minutes} min")
    return int(any(night.failed or not night.tests for night in nights))


def run(step: Step) -> Night:
    """Runs a step; its output goes where ours does.

    Args:
        step: to be run.
    """
    print(f"== {step.name}: {step.what}", flush=True)
    begun = datetime.now(timezone.utc)
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.xml")
        command = [sys.executable, "-m", "pytest", *step.arguments, f"--junitxml={report}"]
        environment = os.environ | {"PGSYNC_TEST_NIGHTLY": "1"} | step.environment
        subprocess.run(command, cwd=TOP, env=environment, check=False)  # noqa: S603 - our own
        counts = counted(report)
    minutes = round((datetime.now(timezone.utc) - begun).total_seconds() / 60)
    return Night(step.name, f"{begun:%Y-%m-%d}", commit(), **counts, minutes=minutes)


def counted(report: Path) -> dict[str, int]:
    """What a report of pytest's counts; nothing where it did not come to write one."""
    suite = ElementTree.parse(report).find("testsuite") if report.exists() else None  # noqa: S314 - our own
    if suite is None:
        return {"tests": 0, "failed": 0, "skipped": 0}
    failed = int(suite.attrib["failures"]) + int(suite.attrib["errors"])
    skipped = int(suite.attrib["skipped"])
    return {"tests": int(suite.attrib["tests"]), "failed": failed, "skipped": skipped}


def commit() -> str:
    """The commit that is checked out."""
    command = ("git", "-C", str(TOP), "describe", "--always", "--dirty=+", "--exclude=*")
    said = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    return said.stdout.strip()


def keep(night: Night) -> Night:
    """Keeps a result in place of the last one of its step, and writes the page anew.

    Args:
        night: what came of it.
    """
    known = {one.step: one for one in kept()} | {night.step: night}
    ordered = [known[name] for name in steps() if name in known]
    KEPT.write_text(json.dumps([asdict(one) for one in ordered], indent=1) + "\n", encoding="utf-8")
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(with_table(page, ordered), encoding="utf-8")
    return night


def kept() -> list[Night]:
    """The last result of each step that was ever run."""
    return [Night(**one) for one in json.loads(KEPT.read_text(encoding="utf-8"))]


def with_table(page: str, nights: Sequence[Night]) -> str:
    """The page with the results of these nights in place of what it has.

    Args:
        page: with the two marks.
        nights: of each step the last.
    """
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    known = steps()
    lines = [
        "| | last run | commit | tests | failed | minutes |",
        "|---|---|---|---|---|---|",
        *(
            f"| {known[one.step].what} | {one.day} | {one.commit} | {one.tests:,} | {one.failed} "
            f"| {one.minutes} |"
            for one in nights
        ),
    ]
    return f"{before}{BEGIN}\n\n" + "\n".join(lines) + f"\n\n{END}{after}"


if __name__ == "__main__":
    sys.exit(main())
