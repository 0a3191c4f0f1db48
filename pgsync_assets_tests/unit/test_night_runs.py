"""The tool that runs the nights: which steps there are, what it counts, and what the page shows."""

from __future__ import annotations

import json
import runpy
import subprocess
import sys
from pathlib import Path

from ..fix_versions import VERSIONS

TOP = Path(__file__).parents[2]
TOOL = runpy.run_path(str(TOP / "tools/nightly.py"))
THREE = """
import pytest

def test_passes():
    pass

def test_fails():
    assert not "all is well"

@pytest.fixture
def broken():
    raise ValueError

def test_has_an_error(broken):
    pass
"""


def test_each_version_meets_15_and_18_in_both_directions() -> None:
    pairs = TOOL["pairs"]()
    assert len(pairs) == len(set(pairs)) == 23
    for one in (int(name.removeprefix("pg")) for name in VERSIONS):
        for other in (15, 18):
            assert {(one, other), (other, one)} <= {*pairs, (18, 18)}


def test_failures_and_errors_are_counted(tmp_path: Path) -> None:
    (tmp_path / "test_three.py").write_text(THREE)
    report = tmp_path / "report.xml"
    command = [sys.executable, "-m", "pytest", "-q", f"--junitxml={report}", str(tmp_path)]
    subprocess.run(command, cwd=tmp_path, check=False, capture_output=True)
    assert TOOL["counted"](report) == {"tests": 3, "failed": 2, "skipped": 0}
    nothing = TOOL["counted"](tmp_path / "none.xml")
    assert nothing == {"tests": 0, "failed": 0, "skipped": 0}


def test_the_page_shows_what_is_kept() -> None:
    page = (TOP / "docs/guarantees.md").read_text(encoding="utf-8")
    assert TOOL["with_table"](page, TOOL["kept"]()) == page


def test_a_step_replaces_its_last_result_alone(tmp_path: Path) -> None:
    page, kept = tmp_path / "page.md", tmp_path / "nights.json"
    page.write_text(f"before\n\n{TOOL['BEGIN']}\n{TOOL['END']}\nafter\n")
    kept.write_text("[]")
    own = runpy.run_path(str(TOP / "tools/nightly.py"))  # its paths are others here
    keep, night = own["keep"], own["Night"]
    keep.__globals__.update(PAGE=page, KEPT=kept)
    for step, failed in (("load", 1), ("suite", 0), ("load", 0)):
        keep(night(step, "2026-01-01", "abc", 10, failed, 0, 5))
    assert [(one["step"], one["failed"]) for one in json.loads(kept.read_text())] == [
        ("suite", 0),
        ("load", 0),
    ]
    shown = page.read_text()
    assert shown.startswith("before\n")
    assert shown.endswith("\nafter\n")
    assert shown.count("2026-01-01") == 2
