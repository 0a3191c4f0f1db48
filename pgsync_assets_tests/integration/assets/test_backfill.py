"""Backfills as the UI asks for them: Dagster's own daemon makes runs of them and launches those."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from dagster._core.execution.backfill import BulkActionStatus
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._daemon.backfill import execute_backfill_iteration

from pgsync_assets.assets.defs_folder import DEFS_VARIABLE

from .conftest import Project
from .daemons import AT_ONCE, ask_for_backfill, daemon

pytestmark = [
    # Dagster's own use of its older parts, and runs inside the loop that launches them
    pytest.mark.filterwarnings("ignore:Function `AssetSelection.sources` is deprecated"),
    pytest.mark.filterwarnings("ignore:(?s).*shutdown_asyncgens"),
]

LOG = logging.getLogger("backfill")
LOOKS = 10  # of the daemon, at a backfill
DOCS = (Path(__file__).parents[3] / "docs" / "dagster.md").read_text(encoding="utf-8")
SHOWN = DOCS.split("\n## Partitions and backfills\n")[1].split("```yaml\n")[1].split("```")[0]
MULTI_RUN = {"op": yaml.safe_load(SHOWN)["attributes"]["op"]}  # as the docs have it
NEW_YORK = {"every": "quarter", "time_zone": "America/New_York"}
# Partitions, those that are asked for, and the SQL of what is in them.
KINDS: dict[str, tuple[dict[str, Any], list[str], str]] = {
    "hash": ({"hash": 4}, ["0", "1", "2", "3"], "true"),
    "list": (
        {"column": "c", "values": ["DE", "FR", "IT"]},
        ["FR", "IT", "other"],
        "c is distinct from 'DE'",
    ),
    "range": ({"column": "id", "ranges": [20, 40, 60]}, ["..20", "60.."], "id < 20 or id >= 60"),
    "time": (
        {"column": "day", "start": "2024-01-01", "end": "2025-01-01", **NEW_YORK},
        ["2024-04-01", "2024-07-01", "2024-10-01"],
        "day >= '2024-04-01'",
    ),
}


def key_of(kind: str) -> dg.AssetKey:
    return dg.AssetKey(["crm", "public", f"by_{kind}"])


def ended(project: Project, context: WorkspaceProcessContext) -> dict[str, BulkActionStatus]:
    """How the backfills ended, when the daemon has looked at them often enough."""
    for _ in range(LOOKS):
        assert not any(execute_backfill_iteration(context, LOG))
        found = {one.backfill_id: one.status for one in project.instance.get_backfills()}
        if BulkActionStatus.REQUESTED not in found.values():
            break
    return found


@pytest.fixture
def items(project: Project, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """Eighty rows of four quarters and countries, a sync for each kind, an instance that lasts."""
    monkeypatch.setenv(DEFS_VARIABLE, str(project.folder))
    columns = "id int, c text, day date, primary key (id, c, day)"
    project.pair.source.execute(
        f"create table items ({columns})",
        "insert into items select n, (array['DE', 'FR', 'IT', 'CH'])[n % 4 + 1],"
        " date '2024-01-15' + n % 4 * 91 from generate_series(1, 80) as n",
    )
    project.pair.source.grant_table("items")
    for kind in KINDS:
        project.pair.destination.execute(f"create table by_{kind} ({columns})")
        project.syncs.pair.destination.grant_table(
            f"by_{kind}", "select", "insert", "update", "delete"
        )
    with dg.instance_for_test(overrides=AT_ONCE) as instance:
        project.instance = instance
        yield project


def define(project: Project, **attributes: Any) -> None:
    written = [
        {
            "name": kind,
            "source": "shop",
            "model": {"name": "items", "table": "public.items", "key": ["id", "c", "day"]},
            "destination": "crm",
            "table": f"public.by_{kind}",
            "partitions": partitions,
        }
        for kind, (partitions, _, _) in KINDS.items()
    ]
    project.write("syncs", "PgSyncComponent", syncs=written, **attributes)


@pytest.mark.parametrize("policy", [{}, MULTI_RUN], ids=["single run", "a run for each"])
def test_a_backfill_runs_what_was_asked_for(
    items: Project, tmp_path: Path, policy: dict[str, Any]
) -> None:
    define(items, **policy)
    for kind in KINDS:
        ask_for_backfill(items, kind, key_of(kind), KINDS[kind][1])
    with daemon(items.instance, tmp_path) as context:
        statuses = ended(items, context)
    assert statuses == dict.fromkeys(KINDS, BulkActionStatus.COMPLETED_SUCCESS)
    for kind, (_, names, within) in KINDS.items():
        events = items.materializations(key_of(kind).to_user_string())
        assert sorted(event.partition or "" for event in events) == sorted(names)
        runs = items.instance.get_runs(dg.RunsFilter(tags={"dagster/backfill": kind}))
        ranges = 2 if kind == "range" else 1  # its two partitions are no neighbours
        assert len(runs) == (len(names) if policy else ranges)
        expected = items.pair.source.rows(f"select * from items where {within} order by 1")
        assert expected
        assert items.pair.destination.rows(f"select * from by_{kind} order by 1") == expected


def test_the_sync_of_the_docs_is_right(items: Project) -> None:
    items.write("shown", "PgSyncComponent", **yaml.safe_load(SHOWN)["attributes"])
    found = items.definitions.resolve_assets_def(dg.AssetKey(["crm", "public", "orders"]))
    assert found.backfill_policy == dg.BackfillPolicy.multi_run(1)
