"""`dagster.yaml` keeps everything in PostgreSQL, reached by the variables of the servers."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import pytest
import sqlalchemy as sa
import yaml
from dagster_postgres.utils import DagsterPostgresException

from pgsync_assets.embedded import Cluster, Servers

from ..fix_databases import Side
from ..fix_platform import PASSWORD, storage_of_the_page
from ..fix_standby import standby_of, take_over, until_replayed

TOP = Path(__file__).parents[2]


def test_a_run_is_stored_in_the_embedded_server(
    state_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @dg.asset
    def answer() -> dg.MaterializeResult[None]:
        return dg.MaterializeResult(metadata={"answer": 42})

    (tmp_path / "dagster.yaml").write_text((TOP / "dagster.yaml").read_text())
    with Servers(state_folder / "storage", demo=False, environment={}) as servers:
        for name, value in servers.environment().items():
            monkeypatch.setenv(name, value)
        with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
            assert dg.materialize([answer], instance=instance).success
        with servers.platform.connect("dagster") as connection:
            stored = connection.execute("select status from public.runs").fetchall()
    assert stored == [("SUCCESS",)]


def test_a_standby_takes_over_from_a_storage_that_is_open(
    storage_primary: Cluster,
    state_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By the address of docs/availability.md; with all processes: faults/test_availability."""
    standby = standby_of(storage_primary, state_folder / f"storage_{time.monotonic_ns()}")
    hosts = "&".join(f"host={one.host}:{one.port}" for one in (standby, storage_primary))
    address = f"postgresql+psycopg2://dagster:{PASSWORD}@/dagster?{hosts}"
    monkeypatch.setenv("DAGSTER_PG_URL", f"{address}&target_session_attrs=read-write")
    (tmp_path / "dagster.yaml").write_text(yaml.safe_dump(storage_of_the_page()))
    try:
        with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
            before = instance.create_run_for_job(_nothing).run_id
            there = Side(
                standby.host, standby.port, "dagster", "dagster", PASSWORD, cluster=standby
            )
            until_replayed(storage_primary, there)  # it follows asynchronously
            there.leave()
            take_over(storage_primary, standby)
            after = until_there(lambda: instance.create_run_for_job(_nothing).run_id)
            assert {run.run_id for run in instance.get_runs()} >= {before, after}
            assert dg.materialize([_one], instance=instance).success
    finally:
        standby.stop("immediate")


def until_there(do: Callable[[], str]) -> str:
    """As daemon and code server do it: what fails on a connection that is lost is tried again."""
    deadline = time.monotonic() + 60
    while True:
        try:
            return do()
        except (sa.exc.DBAPIError, DagsterPostgresException):
            assert time.monotonic() < deadline
            time.sleep(0.2)


@dg.job
def _nothing() -> None:
    """Has no step."""


@dg.asset
def _one() -> int:
    return 1
