"""Files and functions stay small enough to be read at a glance."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
FILES = sorted([*TOP.glob("pgsync_assets/**/*.py"), *TOP.glob("pgsync_assets_tests/**/*.py")])
LINES_OF_A_FILE = 400
LINES_OF_A_FUNCTION = 60


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(TOP)))
def test_nothing_is_too_long(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.count("\n") <= LINES_OF_A_FILE
    functions = (n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.FunctionDef))
    sizes = {f.name: (f.end_lineno or f.lineno) - f.lineno + 1 for f in functions}
    assert {name: size for name, size in sizes.items() if size > LINES_OF_A_FUNCTION} == {}
