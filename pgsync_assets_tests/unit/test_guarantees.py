"""Each promise of docs/guarantees.md names tests that are there, and each fault test is named.

So do the claims of SECURITY.md, and each test of security is named.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
PAGE = (TESTS.parent / "docs" / "guarantees.md").read_text(encoding="utf-8")
PROMISES = dict(re.findall(r"^- \*\*(P\d+)\. (.*)$", PAGE, re.MULTILINE))
SECURITY = (TESTS.parent / "SECURITY.md").read_text(encoding="utf-8")
CLAIMS = dict(
    re.findall(r"^- \*\*(\w+)\*\*(.*)$", SECURITY.partition("## Left to you")[0], re.MULTILINE)
)


def named(text: str) -> set[Path]:
    """The files of tests that a text links to."""
    return {TESTS / path for path in re.findall(r"pgsync_assets_tests/([\w/]+\.py)", text)}


def test_each_promise_is_made_once() -> None:
    assert list(PROMISES) == [f"P{number}" for number in range(1, 15)]
    assert len(re.findall(r"\*\*P\d+\.", PAGE)) == len(PROMISES)


@pytest.mark.parametrize("promise", sorted(PROMISES))
def test_its_tests_are_there(promise: str) -> None:
    proofs = named(PROMISES[promise])
    assert proofs
    for file in proofs:
        assert "\ndef test_" in file.read_text(encoding="utf-8") or file.name.startswith("fix_")


def test_each_fault_proves_something() -> None:
    proofs = named("".join(PROMISES.values()))
    assert {*TESTS.glob("faults/test_*.py")} - proofs == set()


@pytest.mark.parametrize("claim", sorted(CLAIMS))
def test_the_tests_of_a_claim_are_there(claim: str) -> None:
    proofs = named(CLAIMS[claim])
    assert proofs
    assert all("\ndef test_" in file.read_text(encoding="utf-8") for file in proofs)


def test_each_test_of_security_proves_something() -> None:
    assert len(CLAIMS) == 10
    assert {*TESTS.glob("security/test_*.py")} - named("".join(CLAIMS.values())) == set()


FAULTS = (TESTS.parent / "docs" / "faults.md").read_text(encoding="utf-8")
NUMBERS = [number for number in range(1, 61) if number not in (38, 39)]


def test_each_fault_has_a_test_that_is_there() -> None:
    rows = [line.split("|") for line in FAULTS.splitlines() if line.startswith("| F")]
    assert [row[1].strip() for row in rows] == [f"F{number:02}" for number in NUMBERS]
    for _, number, _, _, tests, _, _ in rows:
        assert named(tests), number
        for file in named(tests):
            assert re.search(r"^def test_", file.read_text(encoding="utf-8"), re.MULTILINE), file
