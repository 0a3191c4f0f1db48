"""`dagster.yaml` keeps everything in PostgreSQL, reached by the variables of the servers."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from pgsync_assets.embedded import Servers

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
