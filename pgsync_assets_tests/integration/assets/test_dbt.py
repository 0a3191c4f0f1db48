"""A real dbt project: built on a real server by dagster-dbt, and sent on where its tests passed."""

import json
import re
import shlex
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from click.testing import CliRunner
from dagster_dbt import DagsterDbtTranslator, DbtCliResource, dbt_assets
from dbt.cli.main import dbtRunner

from pgsync_assets import sync as engine
from pgsync_assets.cli import app
from pgsync_assets.config import ModelConfig, SyncConfig
from pgsync_assets.embedded import Cluster
from pgsync_assets.embedded.servers import DESTINATION_ROLE, SOURCE_ROLE
from pgsync_assets.errors import ModelError, PgsyncError, PrivilegeError
from pgsync_assets.model import with_files
from pgsync_assets.model.dbt_manifest import RESOURCES, read_manifest
from pgsync_assets.project import read_project

from ...fix_administrators import Scripts
from ...fix_databases import (
    AUDIT_SCHEMA,
    LEDGER_SCHEMA,
    PLANNER_SCHEMA,
    Pair,
    database,
)
from ...fix_syncs import Syncs
from .conftest import Project, made

ROOT = Path(__file__).parents[3]
DBT_PROJECT = ROOT / "pgsync_assets_tests" / "dbt_project"
PAGE = (ROOT / "docs" / "models.md").read_text(encoding="utf-8")
SECTION = PAGE.partition("## A dbt model")[2].partition("\n## ")[0]
EXAMPLE, GRANTS = re.findall(r"^```yaml\n(.*?)^```", SECTION, re.MULTILINE | re.DOTALL)
OF_CUSTOMERS = {"models/customers", "crm/app/customers"}
OF_REFUNDS = {"models/refunds", "crm/app/refunds"}
TESTS = {
    "customers": ("unique_customers_customer_id", "not_null_customers_customer_id"),
    "refunds": ("unique_refunds_order_id",),
}

# dagster-dbt itself
pytestmark = pytest.mark.filterwarnings("ignore:AssetExecutionContext.op is deprecated")


@dataclass
class Shop:
    """A dbt project on the databases of a module, and our project that sends what it builds.

    `tests` are those of its last build.
    """

    project: Project
    folder: Path
    definitions: dg.Definitions
    tests: dict[str, bool] = field(default_factory=dict)
    _cursor: Any = None

    @property
    def instance(self) -> dg.DagsterInstance:
        """Where Dagster keeps its events."""
        return self.project.instance

    def run(self, *keys: str) -> dg.ExecuteInProcessResult:
        """Materialises assets, those of dbt as well."""
        job = self.definitions.resolve_implicit_global_asset_job_def()
        return job.execute_in_process(
            instance=self.instance,
            asset_selection=[dg.AssetKey.from_user_string(key) for key in keys],
            raise_on_error=False,
        )

    def build(self, *names: str) -> bool:
        """`dbt build` by its assets; whether all is well."""
        done = self.run(*names)
        self.tests = {one.check_name: one.passed for one in done.get_asset_check_evaluations()}
        return done.success

    def told_of_a_build(self, name: str) -> None:
        """What Dagster hears of a build whose tests passed."""
        key = dg.AssetKey(name)
        self.instance.report_runless_asset_event(dg.AssetMaterialization(key))
        for test in TESTS[name]:
            self.instance.report_runless_asset_event(
                dg.AssetCheckEvaluation(key, test, passed=True, metadata={})
            )

    def look(self) -> set[str]:
        """One tick of Dagster's automation: what it would run."""
        found = dg.evaluate_automation_conditions(
            defs=self.definitions, instance=self.instance, cursor=self._cursor
        )
        self._cursor = found.cursor
        keys = self.definitions.resolve_asset_graph().get_all_asset_keys()
        return {key.to_user_string() for key in keys if found.get_num_requested(key)}

    def model(self, name: str, folder: str = "dbt_project") -> ModelConfig:
        """A model of the dbt project, read."""
        written = {"dbt": {"model": name, "project": folder}, "key": ["code"]}
        return with_files(ModelConfig.model_validate(written), self.folder)

    def refused(self, model: ModelConfig, kind: type[PgsyncError]) -> PgsyncError:
        """The error of a sync that has it."""
        sync = SyncConfig(name="x", source="shop", destination="crm", model=model, table="app.x")
        with pytest.raises(kind) as caught:
            engine.run(sync, *self.project.syncs.endpoints)
        assert caught.value.remedy
        return caught.value


@dataclass
class Story:
    """What happened to the shop: each tick's requests."""

    shop: Shop
    before: set[str]
    first: set[str]
    is_built: bool
    second: set[str]
    later: set[str]


@pytest.fixture(scope="module")
def story(shop: Shop) -> Story:
    """Both models were built well once; now the test of one of them fails."""
    before = shop.look()
    for name in TESTS:
        shop.told_of_a_build(name)
    first = shop.look()
    shop.look()  # the tick in which Dagster sees its own request overlooks what else is new
    is_built = shop.build("customers", "order_lines", "refunds", "countries")
    second = shop.look()
    assert shop.run(*second).success
    return Story(shop, before, first, is_built, second, shop.look() | shop.look())


@pytest.fixture(scope="module")
def shop(
    source_server: Cluster, destination_server: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shop]:
    """Nothing is built yet; among the refunds is one that a test will find."""
    above = tmp_path_factory.mktemp("shop")
    with (
        pytest.MonkeyPatch.context() as patch,
        database(source_server, SOURCE_ROLE, PLANNER_SCHEMA, AUDIT_SCHEMA) as source,
        database(destination_server, DESTINATION_ROLE, LEDGER_SCHEMA) as destination,
        made(Syncs(Pair(source, destination)), above, patch) as project,
    ):
        source.execute(
            "create table orders (order_id int, customer_id int, amount numeric)",
            "insert into orders values (1, 1, 10), (2, 1, 5), (3, 2, 7)",
            "create table refunds (order_id int)",
            "insert into refunds values (1), (1)",
            f"create schema analytics; grant usage on schema analytics to {SOURCE_ROLE}",
        )
        destination.execute(
            "create schema app",
            "create table app.customers (customer_id int primary key, orders int)",
        )
        destination.grant_table("customers", "select", "insert", "update", schema="app")
        shutil.copytree(DBT_PROJECT, above / "dbt_project")
        for name, value in _profile(source_server, source.database).items():
            patch.setenv(name, value)
        for name in TESTS:
            (project.folder / name).mkdir()
            text = EXAMPLE.replace("customers", name).replace("customer_id", "order_id")
            text = text if name == "refunds" else EXAMPLE
            (project.folder / name / "defs.yaml").write_text(text)
        yield Shop(project, above, _definitions(project, above / "dbt_project"))


def _profile(server: Cluster, database: str) -> dict[str, str]:
    return {
        "SHOP_HOST": server.host,
        "SHOP_PORT": str(server.port),
        "SHOP_USER": server.superuser,
        "SHOP_PASSWORD": server.password,
        "SHOP_DATABASE": database,
    }


def _definitions(project: Project, folder: Path) -> dg.Definitions:
    """Ours and those of dagster-dbt, as a project has them."""
    dbt = DbtCliResource(
        project_dir=str(folder), dbt_executable=str(Path(sys.executable).parent / "dbt")
    )
    places = ["--project-dir", str(folder), "--profiles-dir", str(folder)]
    assert dbtRunner().invoke(["parse", "--quiet", *places]).success

    @dbt_assets(manifest=folder / "target" / "manifest.json")
    def shop_dbt(context: dg.AssetExecutionContext, dbt: DbtCliResource) -> Iterator[Any]:
        yield from dbt.cli(["build"], context=context).stream()

    of_dbt = dg.Definitions(assets=[shop_dbt], resources={"dbt": dbt})
    return dg.Definitions.merge(project.definitions, of_dbt)


def test_after_a_build_what_passed_its_tests_is_sent_and_what_failed_is_not(story: Story) -> None:
    assert story.before == set()
    assert story.first >= OF_CUSTOMERS | OF_REFUNDS
    assert not story.is_built
    assert {name for name, passed in story.shop.tests.items() if not passed} == {*TESTS["refunds"]}
    assert story.second >= OF_CUSTOMERS
    assert story.second.isdisjoint(OF_REFUNDS)
    assert story.later == set()


def test_its_rows_arrive(story: Story) -> None:
    rows = story.shop.project.pair.destination.rows("select * from app.customers order by 1")
    assert rows == [(1, 2), (2, 1)]


def test_what_dbt_says_of_it_is_on_our_asset(story: Story) -> None:
    graph = story.shop.definitions.resolve_asset_graph()
    asset = graph.get(dg.AssetKey(["models", "customers"]))
    told = str(asset.description)
    assert told.startswith("People who have ordered something, one row each.")
    assert "`analytics.customers`" in told
    assert asset.parent_keys == {dg.AssetKey("customers")}
    assert dg.AssetKey(["shop", "analytics", "customers"]) not in graph.get_all_asset_keys()
    found = story.shop.project.metadata("models/customers")
    columns = {one.name: one.description for one in found["dagster/column_schema"].columns}
    assert columns == {
        "customer_id": "Number of the customer.",
        "orders": "How many orders there are.",
    }
    (upstream,) = found["dagster/column_lineage"].deps_by_column["orders"]
    assert (upstream.asset_key.path, upstream.column_name) == (["customers"], "orders")


def test_a_key_of_an_asset_is_the_one_of_dagster_dbt(shop: Shop) -> None:
    path = shop.folder / "dbt_project" / "target" / "manifest.json"
    written, manifest = json.loads(path.read_bytes()), read_manifest(path)
    keys = {}
    for unique_id, node in written["nodes"].items():
        if node["resource_type"] in RESOURCES:
            key = DagsterDbtTranslator().get_asset_spec(written, unique_id, None).key
            (found,) = manifest.nodes[unique_id.partition(".")[2]]
            assert found.asset_key == tuple(key.path)
            keys[unique_id.partition(".")[2]] = key.to_user_string()
    assert keys["shop.spending"] == "marts/spending"
    assert keys["shop.scores.v2"] == "scores_v2"
    assert keys["shop.renamed"] == "crm/best_customers"
    assert {"shop.countries", "shop.customer_history"} < keys.keys()


def test_the_command_line_reads_the_same(shop: Shop) -> None:
    sync = read_project(shop.project.folder).sync("customers")
    assert sync.model.table == "analytics.customers"
    assert shop.model("renamed").table == 'analytics."Best Customers"'


def test_one_that_is_not_built_yet(shop: Shop) -> None:
    error = shop.refused(shop.model("spending"), ModelError)
    assert 'relation "analytics_marts.spending" does not exist' in error.message
    assert "`dbt build --select spending`" in str(error.remedy)


def test_one_that_is_built_in_another_database(shop: Shop) -> None:
    here = shop.project.pair.source.database
    text = (shop.folder / "dbt_project" / "target" / "manifest.json").read_text()
    (shop.folder / "other" / "target").mkdir(parents=True)
    other = shop.folder / "other" / "target" / "manifest.json"
    other.write_text(text.replace(f'"database": "{here}"', '"database": "elsewhere"'))
    error = shop.refused(shop.model("countries", "other"), ModelError)
    assert f"'elsewhere'; this connection is in '{here}'" in error.message


def test_a_grant_that_lasts_stands_in_dbt(story: Story) -> None:
    error = story.shop.refused(story.shop.model("countries"), PrivilegeError)
    assert 'GRANT SELECT ON "analytics"."countries" TO "pgsync_source";' in str(error.remedy)
    assert "`+grants: {select: [pgsync_source]}`" in str(error.remedy)
    assert yaml.safe_load(GRANTS)["models"].items() <= _written_project()["models"].items()


def test_setup_sql_grants_it_and_says_how_long_that_lasts(shop: Shop) -> None:
    sync = read_project(shop.project.folder).sync("customers")
    scripts = Scripts(shop.project.pair.source, "shop", (sync,))
    assert 'GRANT SELECT ON TABLE "analytics"."customers" TO' in scripts.setup()
    (note,) = scripts.needs.notes
    assert "dbt makes analytics.customers anew with each build" in note


def test_the_command_that_grants_what_is_made_later(shop: Shop) -> None:
    (shown,) = re.findall(r"`pgsync-assets (setup-sql .*?)`", SECTION)
    done = CliRunner().invoke(app, [*shlex.split(shown), "--defs", str(shop.project.folder)])
    assert done.exit_code == 0
    assert "ALTER DEFAULT PRIVILEGES" in done.output
    assert "'DBT_ROLE'" in done.output


def _written_project() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DBT_PROJECT / "dbt_project.yml").read_text())
    return found
