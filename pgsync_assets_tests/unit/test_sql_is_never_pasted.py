"""SQL is composed by psycopg, never by f-strings, `%`, `+` or `.format` of plain text."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import pgsync_assets

TOP = Path(pgsync_assets.__file__).parent
# Words by which SQL is told from English: a verb at the beginning, and what follows it.
STATEMENT = re.compile(
    r"^\s*(select\b|insert into\b|update \S+ set\b|delete from\b|create (table|schema|temp|index)"
    r"|alter (table|role)|drop (table|schema|index)|truncate\b|copy \S+ (from|to)|with \S+ as"
    r"|grant\b.* on\b|set (local|transaction))",
    re.IGNORECASE | re.DOTALL,
)


def literals(node: ast.AST) -> Iterator[str]:
    """Texts in an expression."""
    for part in ast.walk(node):
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield part.value


def is_pasted(node: ast.AST) -> bool:
    """Whether an expression makes SQL out of plain text."""
    pasted: ast.AST | None = None
    if isinstance(node, ast.JoinedStr):
        pasted = node.values[0] if node.values else None
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mod):
        pasted = node.left
    elif (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("format", "join", "replace")
        and isinstance(node.func.value, ast.Constant)
    ):
        pasted = node.func.value
    return isinstance(pasted, ast.Constant) and any(map(STATEMENT.match, literals(pasted)))


def places(source: str) -> list[int]:
    """Lines where SQL is pasted together."""
    return [node.lineno for node in ast.walk(ast.parse(source)) if is_pasted(node)]  # type: ignore[attr-defined]


def executed(source: str) -> list[int]:
    """Lines where something that is made on the spot is executed."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("execute", "executemany", "copy")
        and node.args
        and isinstance(node.args[0], ast.JoinedStr | ast.BinOp)
    ]


@pytest.mark.parametrize("path", sorted(TOP.rglob("*.py")), ids=lambda p: str(p.relative_to(TOP)))
def test_no_file_pastes_sql(path: Path) -> None:
    source = path.read_text()
    assert places(source) == []
    assert executed(source) == []


@pytest.mark.parametrize(
    "pasted",
    [
        'f"SELECT * FROM {table}"',
        '"select * from " + table',
        '"delete from %s" % table',
        '"insert into {} values (1)".format(table)',
    ],
)
def test_pasted_sql_is_found(pasted: str) -> None:
    assert places(pasted) == [1]


@pytest.mark.parametrize("made", ['cursor.execute(f"{a} {b}")', 'cursor.execute("VALUES " + x)'])
def test_what_is_executed_on_the_spot_is_found(made: str) -> None:
    assert executed(made) == [1]
