"""docs/operations.md: each query answers where it is said to, each error of ours has its line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pgsync_assets import errors

from .conftest import CliProject

PAGE = (Path(__file__).parents[3] / "docs" / "operations.md").read_text(encoding="utf-8")
PLANNER, DESTINATION = (
    PAGE.split("\n## Monitoring\n")[1].split("\n## ")[0].split("At the destination")
)
NIGHT = PAGE.split("\n## At 3 a.m.\n")[1]
INNER = {"RowRefused"}  # never leaves the writer
FAMILIES = {"PgsyncError", "TerminalError", "TransientError"}


def queries(text: str) -> list[str]:
    return re.findall(r"^```sql\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


@pytest.fixture
def ran(project: CliProject) -> CliProject:
    """A run that was refused a row, and one that failed."""
    project.pair.destination.execute("alter table orders add check (amount < 25)")
    project.run("run", "orders")
    project.pair.source.execute("alter table orders rename to gone")
    project.run("run", "orders")
    return project


def test_each_query_answers(ran: CliProject) -> None:
    _, space, refused, failed = (ran.pair.source.rows(query) for query in queries(PLANNER))
    assert [row[:3] for row in space] == [("orders", "", 2)]
    assert [(row[0], row[1], row[3]) for row in refused] == [("orders", "23514", 1)]
    assert [(row[0], row[2], row[4]) for row in failed] == [("orders", "failed", "ModelError")]
    (ledger,) = (ran.pair.destination.rows(query) for query in queries(DESTINATION))
    assert [row[:3] for row in ledger] == [("orders", "", 1)]


def test_each_error_has_its_line() -> None:
    ours = {
        name
        for name, one in vars(errors).items()
        if isinstance(one, type) and issubclass(one, errors.PgsyncError)
    }
    told = set(
        re.findall(
            r"`(\w+)`",
            "".join(line.split("|")[1] for line in NIGHT.splitlines() if line.startswith("| `")),
        )
    )
    assert told == ours - FAMILIES - INNER
