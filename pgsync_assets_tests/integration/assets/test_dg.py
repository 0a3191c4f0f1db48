"""`dg` on a project of one's own: components are found, scaffolded and checked."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from dagster.components.component_scaffolding import scaffold_object

import pgsync_assets
from pgsync_assets.assets.defs_folder import load_folder

DEMO = Path(pgsync_assets.__file__).parent / "demo" / "defs"
DG = Path(sys.executable).with_name("dg")
PYPROJECT = """
[project]
name = "my-syncs"
version = "0"
[tool.dg]
directory_type = "project"
[tool.dg.project]
root_module = "my_syncs"
code_location_target_module = "my_syncs.definitions"
code_location_name = "my_syncs"
"""
DEFINITIONS = """
from pathlib import Path
import dagster as dg
from pgsync_assets.assets.defs_folder import load_folder

@dg.definitions
def defs():
    return load_folder(Path(__file__).parent / "defs")
"""
COMPONENTS = {
    "customers": "PgSyncComponent",
    "connections": "PgConnectionsComponent",
    "nightly": "PgScheduleComponent",
    "changed": "PgSourceChangedComponent",
    "approved": "PgPlansApprovedComponent",
    "columns": "PgColumnsComponent",
    "orders": "PgSyncComponent",
}
WRONG = """
type: pgsync_assets.PgSyncComponent
attributes:
  syncs:
    - name: orders
      source: warehouse
      model:
        table: public.orders
        key: [id]
        tabel: public.orders
      destination: crm
      table: public.orders
"""
PARTITIONED = """
type: pgsync_assets.PgSyncComponent
attributes:
  syncs:
    - name: orders
      source: warehouse
      model: {{table: public.orders, key: [id]}}
      destination: crm
      table: public.orders
      partitions: {partitions}
"""
MODELS = """
type: pgsync_assets.PgSyncComponent
attributes:
  models:
    orders: {source: warehouse, table: public.orders, key: [id], owners: ["team:data"]}
    paid: {source: warehouse, sql: select id from orders, uses: [orders], key: [id]}
    scores: {asset: analytics/scores, key: [id], types: {id: bigint}, group: scores}
    rates: {file: {path: rates.csv, delimiter: ";"}, key: [code], tags: {tier: gold}}
  syncs:
    - {name: scores, model: scores, destination: crm, table: public.scores, columns: [id]}
"""
KINDS = [
    "{hash: 8}",
    "{column: a, every: quarter, start: 2024-01-01, time_zone: Europe/Berlin}",
    "{column: a, ranges: [1, 2024-01-01, 'x']}",
    "{column: a, ranges: {x: 1, y: null}}",
    "{column: a, values: {x: [1, null], y: ['NO']}}",
    "{column: a, values: [DE, FR], other: false}",
]


class Dg:
    """Runs `dg` in a project."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.defs = folder / "my_syncs" / "defs"

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """What a command answers, with both streams in one."""
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        (home / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
        return subprocess.run(
            [str(DG), *arguments],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join(
                    filter(None, [str(self.folder), os.environ.get("PYTHONPATH")])
                ),
                "DAGSTER_HOME": str(home),
                "DAGSTER_DISABLE_TELEMETRY": "1",
                "COLUMNS": "300",
                "HOME": str(self.folder),
            },
        )


@pytest.fixture
def dg(tmp_path: Path) -> Dg:
    """A project as `create-dagster` lays it out."""
    made = Dg(tmp_path)
    made.defs.mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    (tmp_path / "my_syncs" / "__init__.py").touch()
    (tmp_path / "my_syncs" / "definitions.py").write_text(DEFINITIONS)
    return made


def scaffold(dg: Dg, name: str) -> str:
    """What `dg scaffold defs` does, in this process."""
    kind = f"pgsync_assets.{COMPONENTS[name]}"
    scaffold_object(dg.defs / name, kind, None, "yaml", dg.folder)
    return (dg.defs / name / "defs.yaml").read_text()


def test_what_is_scaffolded_loads_as_it_is(dg: Dg) -> None:
    answer = dg("scaffold", "defs", "pgsync_assets.PgSyncComponent", "customers")
    assert answer.returncode == 0, answer.stdout
    assert "syncs: [customers]" in scaffold(dg, "nightly")
    assert "syncs: [customers]" in scaffold(dg, "changed")
    assert "name: approved" in scaffold(dg, "approved")
    assert "defs_state:" in scaffold(dg, "columns")
    assert scaffold(dg, "orders").count("type:") == 1  # the connections are there already
    answer = dg("check", "defs")  # and the YAML before
    assert answer.returncode == 0, answer.stdout
    assert "YAML validated" in answer.stdout


def test_connections_are_scaffolded_with_comments_and_no_secret(dg: Dg) -> None:
    text = scaffold(dg, "connections")
    assert "password: $WAREHOUSE_PASSWORD" in text
    assert "# tunnel:" in text
    assert set(load_folder(dg.defs).resources or {}) >= {"warehouse", "crm_writer"}


@pytest.mark.nightly("a process of dg takes long, and this is about words")
def test_components_are_listed_with_what_they_are(dg: Dg) -> None:
    listed = dg("list", "components").stdout
    for name in [name for name in pgsync_assets.__all__ if name.endswith("Component")]:
        summary = (getattr(pgsync_assets, name).__doc__ or "").split("\n\n")[0]
        (line,) = [line for line in listed.splitlines() if f"pgsync_assets.{name} " in line]
        assert summary in line


@pytest.mark.nightly("two processes of dg: by day the demo is run")
def test_the_demo_is_clean(dg: Dg) -> None:
    shutil.copytree(DEMO, dg.defs, dirs_exist_ok=True)
    scaffold(dg, "columns")
    checked = dg("check", "defs")
    assert checked.stdout.splitlines() == [
        "All component YAML validated successfully.",
        "All definitions loaded successfully.",
    ]
    listed = json.loads(dg("list", "defs", "--json").stdout)  # and no warning beside it
    keys = {asset["asset_key"] for asset in listed["assets"]}
    assert {"models/flights", "demo_destination/app/flights", "hightouch_audit/flights"} <= keys


def test_an_unknown_key_is_told_with_file_and_line(dg: Dg) -> None:
    (dg.defs / "orders").mkdir()
    (dg.defs / "orders" / "defs.yaml").write_text(WRONG)
    answer = dg("check", "yaml")
    assert answer.returncode != 0
    assert f"{dg.defs}/orders/defs.yaml:10" in answer.stdout
    assert "'tabel' was unexpected" in answer.stdout


@pytest.mark.nightly("two processes of dg take long: by day one reads what is scaffolded")
def test_models_and_partitions_of_every_kind_are_known(dg: Dg) -> None:
    scaffold(dg, "connections")
    (dg.defs / "orders").mkdir()
    file = dg.defs / "orders" / "defs.yaml"
    documents = [MODELS, *(PARTITIONED.format(partitions=kind) for kind in KINDS)]
    file.write_text("---".join(documents))
    answer = dg("check", "yaml")
    assert answer.returncode == 0, answer.stdout
    file.write_text(PARTITIONED.format(partitions="{hash: 8, column: a}"))
    answer = dg("check", "yaml")
    assert answer.returncode != 0
    assert f"{file}:10" in answer.stdout
