"""docs/audit.md, Trends: each query answers, each command runs; each column of a run is told."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from psycopg.rows import dict_row

from .conftest import CliProject

PAGE = (Path(__file__).parents[3] / "docs" / "audit.md").read_text(encoding="utf-8")
TRENDS = PAGE[PAGE.index("\n## Trends\n") :].split("\n## ")[1]
COLUMNS = PAGE[PAGE.index("\n### sync_runs\n") :].split("\n## ")[0]
QUERIES = re.findall(r"^(\S[^\n]*):\n\n```sql\n(.*?)^```", TRENDS, re.MULTILINE | re.DOTALL)
AGO = (
    "update hightouch_audit.sync_runs set started_at = now() - interval '3 days',"
    " finished_at = now() - interval '3 days' + interval '5 s' where sync_run_id = 1"
)
# Of the row that is asked first: what is known of it.
FIRST: dict[str, dict[str, Any]] = {
    "Throughput per day": {"sync_id": "orders", "rows": 2},
    "Failure rate per day": {"runs": 1, "failed": 0, "mostly": None},
    "Lag per day": {"worst_lag": None},
    "The slowest runs, and in which step they were slow": {"sync_run_id": 1},
    "Rows that were rejected, by reason": {"rows": 1, "times": 2, "last_run": 2},
    "When each sync last succeeded": {"partition": "", "last_status": "failed"},
}


@pytest.fixture(scope="module")
def asked() -> dict[str, str]:
    return dict(QUERIES)


@pytest.fixture
def ran(project: CliProject) -> CliProject:
    """A run of three days ago that was refused a row; one that sent one; and one that failed."""
    project.pair.destination.execute("alter table orders add check (amount < 25)")
    project.run("run", "orders")
    project.pair.source.execute(AGO, "update orders set amount = 11 where id = 1")
    project.run("run", "orders")
    project.pair.source.execute("alter table orders rename to gone")
    project.run("run", "orders")
    return project


def test_every_query_of_the_page_answers(ran: CliProject, asked: dict[str, str]) -> None:
    assert asked.keys() == FIRST.keys()
    answers: dict[str, list[dict[str, Any]]] = {}
    with ran.pair.source.connect() as connection:
        for title, query in asked.items():
            cursor = connection.cursor(row_factory=dict_row)
            answers[title] = cursor.execute(query.encode()).fetchall()
    for title, known in FIRST.items():
        first = answers[title][0]
        assert {name: first[name] for name in known} == known, title
    today = answers["Failure rate per day"][1]
    assert (today["runs"], today["percent"], today["mostly"]) == (2, 50, "ModelError")
    lag = answers["Lag per day"][1]["worst_lag"]
    assert 0 <= lag.total_seconds() - 3 * 86_400 < 600
    assert answers["The slowest runs, and in which step they were slow"][0]["step"]


def test_every_command_of_the_page_runs(ran: CliProject) -> None:
    (block,) = re.findall(r"^```sh\n(.*?)^```", TRENDS, re.MULTILINE | re.DOTALL)
    for line in block.splitlines():
        ended = ran.run(*line.partition("#")[0].split()[1:])
        assert ended.exit_code == 0, ended.stderr
        assert ended.stdout.strip()
    assert Path("runs.svg").read_text(encoding="utf-8").startswith("<svg")


def test_every_column_of_sync_runs_is_told(ran: CliProject) -> None:
    rows = [line.split("|")[1] for line in COLUMNS.splitlines() if line.startswith("| `")]
    told = set(re.findall(r"`(\w+)`", " ".join(rows)))
    query = """
        select attname from pg_attribute where attnum > 0 and not attisdropped
            and attrelid = 'hightouch_audit.sync_runs'::regclass
            and attname !~ '^num_(planned|attempted|succeeded|failed)_'
    """
    there = {name for (name,) in ran.pair.source.rows(query)}
    assert there - told == set()
    assert told - there == {"num_planned_add", "_change", "_remove"}
