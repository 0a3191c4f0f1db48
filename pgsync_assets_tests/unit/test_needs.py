"""What is left out is said in words, and with PGSYNC_TEST_ALL=1 nothing is left out."""

from __future__ import annotations

import pytest

CONFTEST = """
from pgsync_assets_tests.fix_needs import *
from pgsync_assets_tests import fix_needs

fix_needs.FINDERS["unicorn"] = lambda: None
"""
TESTS = """
import pytest

@pytest.mark.needs("unicorn")
def test_with_a_program_that_nobody_has(): ...

@pytest.mark.needs("git", "unicorn")
def test_with_two_programs(): ...

def test_without_programs(): ...
"""


@pytest.fixture
def suite(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makeini("[pytest]\nmarkers = needs: system programs")
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(TESTS)
    return pytester


def test_left_out_in_words(suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PGSYNC_TEST_ALL", raising=False)
    result = suite.runpytest_subprocess()
    result.assert_outcomes(passed=1, deselected=2)
    result.stdout.fnmatch_lines(["2 tests need unicorn, which is not installed here"])


def test_nothing_is_left_out(suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGSYNC_TEST_ALL", "1")
    result = suite.runpytest_subprocess()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*PGSYNC_TEST_ALL=1, but not installed: *unicorn"])


def test_only_selected_tests_count(suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGSYNC_TEST_ALL", "1")
    result = suite.runpytest_subprocess("-k", "without")
    result.assert_outcomes(passed=1, deselected=2)
