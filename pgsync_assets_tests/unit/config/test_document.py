"""YAML is read as yaml.safe_load reads it, with lines, and refused where it would mislead."""

from __future__ import annotations

import pytest
import yaml

from pgsync_assets.config.document import read_documents

BOMB = "\n".join(
    ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    + [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
)

REFUSED = {
    "key written twice": ("a: 1\nb: 2\na: 3", 3, "'a' is written twice"),
    "tab": ("a:\n\tb: 1", 2, "is not YAML"),
    "unclosed list": ("a: [1", 1, "is not YAML"),
    "undefined alias": ("a: *nope", 1, "undefined alias"),
    "python object": ("a: !!python/object/apply:os.system [id]", 1, "not allowed"),
    "own tag": ("a: 1\nb: !secret x", 2, "the tag !secret is not allowed"),
    "impossible date": ("a: 2013-02-30", 1, "no date"),
    "key that is a number": ("a:\n  1: x", 2, "a key has to be text"),
    "key that is a boolean": ("on: x", 1, "a key has to be text"),
    "key that is a list": ("? [a]\n: 1", 1, "a key has to be text"),
    "merge of a number": ("<<: 3", 1, "<< takes a mapping"),
    "alias of itself": ("a: &a [*a]", 1, "unfolds into too much"),
    "aliases without end": (BOMB, 1, "unfolds into too much"),
    "nested without end": ("[" * 3000, None, "nested too deeply"),
    "not a character of YAML": ("a: \x00", None, "characters"),
    "huge": ("a: " + "x" * 1_000_001, None, "larger than"),
    "number without end": ("a: 1\nb: " + "1:" * 200_000 + "1", 2, "more than 400 characters"),
    "hexadecimal without end": ("a: 0x" + "f" * 500, 1, "more than 400 characters"),
    "number beyond all": ("a: " + "1:" * 190 + "1.5", 1, "no date, time or number"),
}


@pytest.mark.parametrize(("text", "line", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_is_refused_with_its_line(text: str, line: int | None, message: str) -> None:
    documents, problems = read_documents(text, "defs.yaml")
    assert documents == []
    assert [problem.line for problem in problems] == [line]
    assert message in problems[0].message


@pytest.mark.parametrize(
    "text",
    [
        "a: 1\nb: [x, {c: 2.5}]\nd: yes\ne: ~\nf: 2013-01-01",
        "base: &base {p: 1, q: 2}\nmine: {<<: *base, q: 3}",
        "one: &one {p: 1}\ntwo: &two {p: 2, q: 2}\nmine: {<<: [*one, *two]}",
        "sql: |\n  select 1\n  -- done\n",
        "",
    ],
)
def test_reads_what_safe_load_reads(text: str) -> None:
    documents, problems = read_documents(text, "defs.yaml")
    assert problems == []
    assert [document.value for document in documents] == list(yaml.safe_load_all(text))


def test_every_value_has_its_line_in_every_document() -> None:
    (first, second), _ = read_documents("a: 1\nb:\n  - x\n  - y\n---\nc: {d: 1}\n", "defs.yaml")
    assert first.lines[("b",)] == 2
    assert first.lines[("b", 1)] == 4
    assert second.lines[("c", "d")] == 6


def test_a_place_that_is_not_written_has_the_line_around_it() -> None:
    (document,), _ = read_documents("a: 1\nb:\n  c: 1\n", "defs.yaml")
    assert document.line(("b", "missing")) == 2
    assert document.line(("b", "c", "branch of a union")) == 3
