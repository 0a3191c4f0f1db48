"""What waits for the night says why, is counted in words, and is taken in on demand."""

from __future__ import annotations

import pytest

CONFTEST = "from pgsync_assets_tests.fix_nightly import *"
IN_ORDER = ("-p", "no:randomly")
TESTS = """
import pytest

@pytest.mark.nightly("each pair meets already", but=("a-1", "b-2"))
@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("letter", ["a", "b"])
def test_product(letter, number): ...

@pytest.mark.nightly("it takes long")
def test_long(): ...

def test_short(): ...
"""


@pytest.fixture
def suite(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makeini("[pytest]\nmarkers = nightly: by night only")
    pytester.makeconftest(CONFTEST)
    return pytester


def test_left_out_by_day(suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PGSYNC_TEST_NIGHTLY", raising=False)
    suite.makepyfile(TESTS)
    result = suite.runpytest_inprocess("-v", *IN_ORDER)
    result.assert_outcomes(passed=3, deselected=3)
    result.stdout.fnmatch_lines(["*test_product?a-1? PASSED*", "*test_product?b-2? PASSED*"])
    result.stdout.fnmatch_lines(["3 tests wait for `make nightly` (PGSYNC_TEST_NIGHTLY=1)"])


def test_workers_tell_how_many(suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PGSYNC_TEST_NIGHTLY", raising=False)
    suite.makepyfile(TESTS)
    result = suite.runpytest_subprocess("-n", "1")
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(["3 tests wait for `make nightly` (PGSYNC_TEST_NIGHTLY=1)"])


def test_all_by_night(suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGSYNC_TEST_NIGHTLY", "1")
    suite.makepyfile(TESTS)
    suite.runpytest_inprocess(*IN_ORDER).assert_outcomes(passed=6)


@pytest.mark.parametrize(
    ("mark", "said"),
    [
        ("nightly", "*test_it: nightly says why, in one sentence*"),
        ("nightly('')", "*test_it: nightly says why, in one sentence*"),
        ("nightly(but=('a',))", "*test_it has no parameters a*"),
        ("nightly('long', but=('a',))", "*test_it has no parameters a*"),
    ],
)
@pytest.mark.parametrize("night", ["0", "1"])
def test_a_mark_that_says_too_little_is_refused(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, mark: str, said: str, night: str
) -> None:
    monkeypatch.setenv("PGSYNC_TEST_NIGHTLY", night)
    suite.makepyfile(f"import pytest\n\n@pytest.mark.{mark}\ndef test_it(): ...\n")
    result = suite.runpytest_inprocess(*IN_ORDER)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([said])
