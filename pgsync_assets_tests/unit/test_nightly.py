"""What waits for the night says why, is counted in words, and is taken in on demand."""

from __future__ import annotations

from collections import Counter

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


ENGINES = """
import pytest

@pytest.fixture
def source_server(): ...

@pytest.fixture(params=["lightning", "digest", "standard"])
def every(request, source_server): ...

@pytest.mark.parametrize("number", range(5))
@pytest.mark.parametrize("letter", ["a", "b"])
def test_first(every, number, letter): ...

def test_second(every): ...

@pytest.mark.nightly("pairs", but=("standard-2",))
@pytest.mark.parametrize("number", [1, 2])
def test_chosen(every, number): ...

@pytest.mark.parametrize("of", ["lightning", "standard"])
def test_of_two(every, of): ...

@pytest.mark.parametrize("engine", ["lightning", "standard"])
def test_without_a_server(engine): ...
"""


def names(suite: pytest.Pytester, *arguments: str) -> list[str]:
    """Of what is run."""
    told = suite.runpytest_inprocess("--collect-only", "-q", *IN_ORDER, *arguments).outlines
    return [line.partition("::")[2] for line in told if "::" in line]


def test_engines_take_turns_by_day(suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PGSYNC_TEST_NIGHTLY", raising=False)
    suite.makepyfile(ENGINES)
    found = names(suite)
    first = [name for name in found if name.startswith("test_first")]
    others = {f"{letter}-{number}" for letter in "ab" for number in range(5)}
    assert sorted(name.rstrip("]").partition("-")[2] for name in first) == sorted(others)
    by_engine = Counter(name.partition("[")[2].partition("-")[0] for name in first)
    assert sorted(by_engine.values()) == [3, 3, 4]
    assert len([name for name in found if name.startswith("test_second")]) == 1
    assert "test_chosen[standard-2]" in found
    assert len([name for name in found if name.startswith("test_of_two")]) == 6
    assert len([name for name in found if name.startswith("test_without")]) == 2
    assert len(found) == 10 + 1 + 1 + 6 + 2
    assert names(suite, "-k", "test_second") == [n for n in found if n.startswith("test_second")]


def test_all_engines_by_night_and_where_a_test_is_named(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = suite.makepyfile(ENGINES)
    monkeypatch.delenv("PGSYNC_TEST_NIGHTLY", raising=False)
    assert len(names(suite, f"{file}::test_second")) == 3
    monkeypatch.setenv("PGSYNC_TEST_NIGHTLY", "1")
    assert len(names(suite)) == 30 + 3 + 6 + 6 + 2


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
