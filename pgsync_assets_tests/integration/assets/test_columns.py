"""Columns and lineage before the first run: looked up once, shown with every database down."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from click.testing import CliRunner
from dagster._core.definitions.definitions_load_context import DefinitionsLoadContext

from pgsync_assets.assets.refresh_columns import Refreshed, refresh_columns
from pgsync_assets.cli import app
from pgsync_assets.embedded.loopback import free_port
from pgsync_assets.errors import ConfigurationError

from .conftest import Project, _connection
from .test_lineage import columns, spec_of

ITEMS = "crm/public/items"
MODEL = "models/items"
SHOW = """
import sys
from pgsync_assets.definitions import defs
import dagster as dg
with dg.DagsterInstance.get():
    graph = defs().resolve_asset_graph()
for key in ("models/items", "crm/public/items"):
    schema = graph.get(dg.AssetKey.from_user_string(key)).metadata["dagster/column_schema"]
    print(key, [(column.name, column.type) for column in schema.columns])
print("psycopg" in sys.modules)
"""
PYPROJECT = """
[tool.dg]
directory_type = "project"
[tool.dg.project]
root_module = "looked"
"""


class LooksUp:
    """A project that looks columns up, and the Dagster instance that keeps them."""

    def __init__(self, project: Project, home: Path, key: str) -> None:
        self.project = project
        self.home = home
        self.key = key

    def __call__(self) -> Refreshed:
        """Looks them up."""
        with dg.DagsterInstance.from_config(str(self.home)) as instance:
            return refresh_columns(self.project.folder, instance)

    def spec(self, key: str) -> dict[str, Any]:
        """Metadata of an asset that has never run, as Dagster loads it now."""
        self.project._loaded = None
        with dg.DagsterInstance.from_config(str(self.home)):
            return spec_of(self.project, key)

    def schema(self, key: str) -> dict[str, tuple[str, str | None, bool]]:
        """Type, comment and nullability of each column."""
        found = self.spec(key).get("dagster/column_schema", dg.TableSchema([]))
        return {c.name: (c.type, c.description, c.constraints.nullable) for c in found.columns}

    @property
    def text(self) -> str:
        """What is stored, as it is."""
        return self.file.read_text()

    @property
    def file(self) -> Path:
        """Where it is stored."""
        found = [one for one in self.home.rglob("*") if f"/{self.key}/" in str(one)]
        return max((one for one in found if one.is_file()), key=lambda one: one.stat().st_mtime_ns)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a Dagster instance for all tests, as it takes a second to make."""
    found = tmp_path_factory.mktemp("home")
    (found / "dagster.yaml").touch()
    return found


@pytest.fixture
def look_up(
    project: Project, home: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> LooksUp:
    """A project with a table of items, and nothing that was looked up."""
    # A step that was run in this process by another test has pinned what is looked up to its run.
    monkeypatch.setattr(DefinitionsLoadContext, "_instance", None)
    key = request.node.name
    syncs = project.syncs
    syncs.table("id bigint primary key, name text, price numeric(10, 2)")
    syncs.pair.source.execute("comment on column items.name is 'As it is called.'")
    syncs.pair.destination.execute("comment on column items.price is 'In euros.'")
    project.write("columns", "PgColumnsComponent", defs_state={"key": key})
    project.sync()
    return LooksUp(project, home, key)


@pytest.fixture
def crm_port(look_up: LooksUp, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Name of the variable with the port of the destination."""
    pair, name = look_up.project.pair, "PGSYNC_TEST_CRM_PORT"
    monkeypatch.setenv(name, str(pair.destination.port))
    look_up.project.write(
        "connections",
        "PgConnectionsComponent",
        connections={
            "shop": _connection("shop", pair.source),
            "crm": _connection("crm", pair.destination) | {"port": f"${name}"},
        },
    )
    yield name


def test_columns_and_lineage_are_there_before_the_first_run(look_up: LooksUp) -> None:
    project = look_up.project
    project.pair.source.execute("create view seen as select id as nr, name, price from items")
    project.pair.source.grant_table("seen")
    project.sync(
        model={"sql": "select nr as id, name, price / 2 as half from seen", "key": ["id"]},
        columns={"id": "id", "half": "price"},
        values={"name": {"sql": "upper(name)"}},
    )
    assert look_up.schema(MODEL) == {}
    assert look_up().error is None
    assert look_up.schema(MODEL) == {
        "id": ("bigint", None, False),
        "name": ("text", None, True),
        "half": ("numeric", None, True),
    }
    assert look_up.schema(ITEMS) == {
        "id": ("bigint", None, False),
        "price": ("numeric(10,2)", "In euros.", True),
        "name": ("text", None, True),
    }
    assert columns(look_up.spec(MODEL))["id"] == ["shop/public/seen.nr"]
    assert columns(look_up.spec(ITEMS)) == {
        "id": ["models/items.id"],
        "price": ["models/items.half"],
        "name": ["models/items.name"],
    }


def test_a_column_that_is_a_copy_has_the_comment_of_its_table(look_up: LooksUp) -> None:
    look_up()
    assert look_up.schema(MODEL)["name"] == ("text", "As it is called.", True)


def test_loading_asks_no_database_and_needs_no_driver(look_up: LooksUp) -> None:
    look_up()
    answer = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SHOW],
        env={
            **os.environ,
            "DAGSTER_HOME": str(look_up.home),
            "PGSYNC_DEFS": str(look_up.project.folder),
        },
        capture_output=True,
        text=True,
    )
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.splitlines()[-3:] == [
        "models/items [('id', 'bigint'), ('name', 'text'), ('price', 'numeric(10,2)')]",
        "crm/public/items [('id', 'bigint'), ('name', 'text'), ('price', 'numeric(10,2)')]",
        "False",
    ]


def test_a_server_that_is_down_keeps_what_was_known(
    look_up: LooksUp, crm_port: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert look_up().error is None
    for side in (look_up.project.pair.source, look_up.project.pair.destination):
        side.execute("alter table items add colour text")
    monkeypatch.setenv(crm_port, str(free_port()))
    error = look_up().error
    assert error is not None
    assert "sync items: connection 'crm'" in error.message
    assert "model" not in error.message
    assert "colour" in look_up.schema(MODEL)
    assert list(look_up.schema(ITEMS)) == ["id", "name", "price"]


def test_columns_of_another_configuration_are_not_shown(look_up: LooksUp) -> None:
    look_up()
    look_up.project.sync(batch_size=10)
    assert look_up.schema(ITEMS)
    look_up.project.sync(mode="insert")
    assert look_up.schema(MODEL)
    assert look_up.schema(ITEMS) == {}
    look_up.project.sync(model={"sql": "select id from items", "key": ["id"]})
    assert look_up.schema(MODEL) == {}
    assert columns(look_up.spec(MODEL)) == {"id": ["shop/public/items.id"]}


def test_what_is_stored_has_no_value_no_sql_and_no_secret(look_up: LooksUp) -> None:
    project = look_up.project
    project.pair.source.execute("insert into items values (1, 'somebody', 2)")
    project.pair.source.execute(
        "create view hid as select id, 'a literal'::text as name from items"
    )
    project.pair.source.grant_table("hid")
    project.sync(model={"sql": "select id, name || 'another' as name from hid", "key": ["id"]})
    assert look_up().error is None
    assert json.loads(look_up.text)["entries"].keys() == {"model items", "sync items"}
    for hidden in ("somebody", "literal", "another", "select", project.pair.source.password):
        assert hidden not in look_up.text


def test_a_table_that_the_first_run_makes_has_the_types_of_the_model(look_up: LooksUp) -> None:
    look_up.project.sync(table="public.made")
    error = look_up().error
    assert error is not None
    assert "crm: there is no table public.made" in error.message
    look_up.project.sync(table="public.made", create_table=True)
    assert look_up().error is None
    assert look_up.schema("crm/public/made")["price"] == ("numeric(10,2)", None, True)


def test_a_text_that_was_cut_is_as_if_nothing_was_looked_up(look_up: LooksUp) -> None:
    look_up()
    look_up.file.write_text(look_up.text[:100])
    assert look_up.schema(MODEL) == {}


def test_the_command_says_what_is_known(
    look_up: LooksUp, crm_port: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ["columns", "--defs", str(look_up.project.folder)]
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    answer = CliRunner().invoke(app, command)
    assert answer.exit_code == 2, answer.stderr
    assert "DAGSTER_HOME" in answer.stderr
    monkeypatch.setenv("DAGSTER_HOME", str(look_up.home))
    answer = CliRunner().invoke(app, command)
    assert answer.exit_code == 0, answer.stderr
    assert "sync items" in answer.stdout
    monkeypatch.setenv(crm_port, str(free_port()))
    answer = CliRunner().invoke(app, [*command, "--json"])
    assert answer.exit_code == 1
    found = json.loads(answer.stdout)
    assert [one["name"] for one in found["columns"]["sync items"]["columns"]][0] == "id"
    assert "sync items: connection 'crm'" in found["error"]["message"]


def test_without_the_component_the_command_says_what_to_write(project: Project) -> None:
    project.sync()
    with pytest.raises(ConfigurationError, match="no PgColumnsComponent") as caught:
        refresh_columns(project.folder, project.instance)
    assert "type: pgsync_assets.PgColumnsComponent" in str(caught.value.remedy)


def test_dg_refreshes_it_in_the_folder_of_a_project(look_up: LooksUp, tmp_path: Path) -> None:
    project = look_up.project
    project.write(
        "columns", "PgColumnsComponent", defs_state={"management_type": "LOCAL_FILESYSTEM"}
    )
    with pytest.raises(Exception, match="building definitions") as caught:
        look_up.schema(MODEL)
    assert "needs a project of Dagster" in str(caught.value.__cause__)
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    (tmp_path / "looked").mkdir()
    (tmp_path / "looked" / "__init__.py").touch()
    project.folder.rename(tmp_path / "looked" / "defs")
    answer = subprocess.run(
        [str(Path(sys.executable).with_name("dg")), "utils", "refresh-defs-state"],
        cwd=tmp_path,
        env={
            **os.environ,
            "DAGSTER_HOME": str(look_up.home),
            "PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]),
            "HOME": str(tmp_path),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert answer.returncode == 0, answer.stdout
    kept = tmp_path / "looked" / "defs" / ".local_defs_state" / "PgColumnsComponent" / "state"
    assert "model items" in json.loads(kept.read_text())["entries"]
