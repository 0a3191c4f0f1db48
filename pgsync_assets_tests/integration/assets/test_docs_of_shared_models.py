"""docs/models.md, followed to the letter: a DataFrame of an asset, and one model for many syncs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import dagster as dg

from ...fix_databases import Side
from .conftest import Project
from .test_frame_models import frames

__all__ = ["frames"]

PAGE = (Path(__file__).parents[3] / "docs" / "models.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    """A section of the page, without those below it."""
    found = re.search(rf"^#+ {re.escape(title)}\n(.*?)(?=^#+ )", PAGE, re.MULTILINE | re.DOTALL)
    assert found, title
    return found[1]


def blocks(language: str, text: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def add(project: Project, name: str, text: str) -> None:
    project.write(name, "PgSyncComponent")
    (project.folder / name / "defs.yaml").write_text(text, encoding="utf-8")


def test_the_value_of_an_asset(frames: Project, platform_side: Side) -> None:
    text = section("The value of a Dagster asset")
    (code,), (sync,) = blocks("python", text), blocks("yaml", text)
    names: dict[str, Any] = {"__name__": "written_on_the_page"}
    exec(code, names)  # noqa: S102 - what we ask people to write
    frames.beside = [names["churn_scores"]]
    add(frames, "churn", sync)
    there = frames.pair.destination
    there.execute("create table churn (customer_id bigint primary key, score float8)")
    there.grant_table("churn", "select", "insert", "update", "delete")
    graph = frames.definitions.resolve_asset_graph()
    table, model = dg.AssetKey(["crm", "public", "churn"]), dg.AssetKey(["models", "churn"])
    assert graph.get(table).parent_keys == {model}
    assert graph.get(model).parent_keys == {dg.AssetKey("churn_scores")}
    assert frames.run("churn_scores", "models/churn", "crm/public/churn").success
    assert there.rows("select * from churn order by 1") == [(1, 0.25), (2, 0.75)]
    told = frames.metadata("crm/public/churn")
    named = set(re.findall(r"`(pgsync/\w+)`", text))
    assert named
    assert named <= told.keys()


def test_one_model_for_many_syncs(project: Project) -> None:
    text = section("One model, many syncs")
    written = blocks("yaml", text)[0]
    add(project, "customers", written.replace("warehouse", "shop"))
    source, there = project.pair.source, project.pair.destination
    source.execute(
        "create table customers (id int primary key, name text, plan text, email text)",
        "insert into customers values (1, 'Ada', 'basic', 'a@example.com')",
    )
    source.grant_table("customers")
    there.execute(
        "create table customers (id int primary key, name text, plan text)",
        "create table mailing (id int primary key, address text)",
    )
    tables = ["crm/public/customers", "crm/public/mailing"]
    for table in tables:
        name = table.rsplit("/", 1)[1]
        there.grant_table(name, "select", "insert", "update", "delete")
    assert project.run("models/customers", *tables).success
    assert len(project.materializations("models/customers")) == 1
    source.execute("update customers set plan = 'pro'")
    assert project.run(*tables).success
    assert [project.metadata(table)["pgsync/rows_changed"] for table in tables] == [1, 0]
    assert there.rows("select plan from customers") == [("pro",)]
    graph = project.definitions.resolve_asset_graph()
    model = graph.get(dg.AssetKey(["models", "customers"]))
    assert (model.group_name, model.owners) == ("sales", ["team:data", "ada@example.com"])
    state = graph.get(dg.AssetKey(["hightouch_planner", "customers_to_crm"]))
    assert (state.owners, state.tags["tier"]) == (["team:support"], "gold")
