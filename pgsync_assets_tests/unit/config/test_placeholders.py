"""Placeholders are found where PostgreSQL would read code, and nowhere else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgsync_assets.config.placeholders import (
    Placeholder,
    fault,
    pieces,
    unused,
    without_end,
    without_values,
)

# What stands before ` :x` and hides it; what stands behind it and ends that.
HIDING = [
    ("'", "'"),
    ("'it''s", "'"),
    (r"'\', E'", "'"),
    (r"E'\'", "'"),
    (r"e'\\\'", "'"),
    ("E'a'\n'\\'", "'"),
    ("E'a' -- on the next line\n  '\\'", "'"),
    (r"U&'\0041", "'"),
    ("U&'a' uescape '!' || '", "'"),
    ("B'0", "'"),
    ("n'", "'"),
    ('"', '"'),
    ('"a""', '"'),
    ('U&"', '"'),
    ("$$", "$$"),
    ("$a$ $b$ $$", "$a$"),
    ("$é1$", "$é1$"),
    ("1$a$", "$a$"),
    ("$1 $a$", "$a$"),
    ("--", "\n"),
    ("1--", "\r"),
    ("/*", "*/"),
    ("1*/*", "*/"),
    ("/* /* */", "*/"),
    ("/*/", "*/"),
    ("/* ' */ /**", "**/"),
    ("/* -- */ --", "\n"),
    ("'--", "'"),
    ("'/*", "'"),
]
# What ends before ` :x`, although it looks as if it did not.
ENDED = [
    "",
    "'a'",
    r"'\'",
    "''''",
    r"E'\\'",
    "E'a''\\''",
    "E'a' 'b\\'",
    '"a"',
    "$$a$$",
    "$a$ $b$ $a$",
    "a$b$",
    "type$x$y",
    "$",
    "$1",
    "é$a$",
    "-- a\n",
    "/* /* */ */",
    "/*/**/*/",
    "1 - - 2",
    "a::text",
    "a => 1, ",
    "::",
    "1.",
    "'a' -- b\n",
]


def placed(text: str, *names: str) -> str:
    return "".join(f"<{p.name}>" if isinstance(p, Placeholder) else p for p in pieces(text, names))


@pytest.mark.parametrize(("before", "behind"), HIDING)
def test_what_is_quoted_or_a_comment_is_not_touched(before: str, behind: str) -> None:
    text = f"{before} :x :'x' {behind} "
    assert placed(text, "x") == text
    assert placed(f"{text}:x", "x") == f"{text}<x>"


@pytest.mark.parametrize("before", ENDED)
def test_what_has_ended_hides_nothing(before: str) -> None:
    assert placed(f"{before} :x", "x") == f"{before} <x>"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a > :x and b < :'x'", "a > <x> and b < <x>"),
        ("(:x)::date, :x::date, :'x'::date", "(<x>)::date, <x>::date, <x>::date"),
        ("a::x, a ::x, a:: x, f(x:=1), f(x := :x)", "a::x, a ::x, a:: x, f(x:=1), f(x := <x>)"),
        ("a[1:2], a[1:n], a[b:c], a[1: :x]", "a[1:2], a[1:n], a[b:c], a[1: <x>]"),
        ("a:::x", "a::<x>"),
        ("json_object('a':b, 'c' : x)", "json_object('a':b, 'c' : x)"),
        (":xy :x1 :é :xé :X :\"x\" :'y' : x", ":xy :x1 :é :xé :X :\"x\" :'y' : x"),
        (":y$x$ :x", ":y$x$ <x>"),
    ],
)
def test_a_placeholder_is_a_colon_and_the_whole_name_of_a_parameter(text: str, found: str) -> None:
    assert placed(text, "x") == found
    assert placed(text) == text


def test_a_parameter_that_stands_in_a_comment_only_is_unused() -> None:
    assert unused("select :a -- :b\n", ("a", "b", "c")) == ["b", "c"]


def test_who_only_reads_sql_finds_no_placeholders() -> None:
    assert without_values("a > :x and b = ':x'", ("x",)) == "a > NULL and b = ':x'"


@pytest.mark.parametrize(
    ("text", "ended"),
    [
        ("select 1;", "select 1 "),
        ("select 1; -- all\n /* of it */\n", "select 1  -- all\n /* of it */\n"),
        ("select ';'", "select ';'"),
        ("select 1; select 2", "select 1; select 2"),
        ("select 1 -- ;", "select 1 -- ;"),
        ("select 1;;", "select 1; "),
        ("", ""),
    ],
)
def test_one_semicolon_at_the_end_is_left_out(text: str, ended: str) -> None:
    assert without_end(text) == ended


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("a = 'b", 1, "quote"),
        ("a = 1\nand b = $x$ $y$", 2, "quote"),
        ("true /* /* */", 1, "comment"),
        ("true)\nor (true", 1, "closed here"),
        ("(a[1)]", 1, "closed here"),
        ("true\nor\n(a", 3, "not closed"),
        ("true; select 1", 1, "another one"),
    ],
)
def test_what_reaches_beyond_its_end_is_found(text: str, line: int, told: str) -> None:
    found = fault(text)
    assert found is not None
    assert found[0] == line
    assert told in found[1]


@pytest.mark.parametrize("text", ["a", "(a[1])", "a = ')' -- (", "(/* ) */)", "$$;$$ || ';'", ""])
def test_what_ends_by_itself_is_no_fault(text: str) -> None:
    assert fault(text) is None


HIDDEN = st.sampled_from([f"{before} :x {behind} " for before, behind in HIDING])
SHOWN = st.sampled_from([f"{ended} :x " for ended in ENDED])


@given(st.lists(st.tuples(st.booleans(), HIDDEN, SHOWN), max_size=12))
def test_whatever_comes_before_hides_only_what_it_holds(
    parts: list[tuple[bool, str, str]],
) -> None:
    text = "".join(f"{hidden if is_hidden else shown},\n" for is_hidden, hidden, shown in parts)
    found = [piece for piece in pieces(text, ("x",)) if isinstance(piece, Placeholder)]
    assert len(found) == sum(not is_hidden for is_hidden, _, _ in parts)


@given(st.text("ex: ;'\"$\\/*-\n()[]u&1é", max_size=60))
def test_any_text_is_cut_without_loss(text: str) -> None:
    names = ("x",)
    cut = [piece for piece in pieces(text, names) if isinstance(piece, str)]
    assert len("".join(cut)) <= len(text)
    assert placed(text) == text
    if text.count(":x") + text.count(":'x'") == 0:
        assert placed(text, *names) == text
