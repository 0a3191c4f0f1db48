"""`lineage`: where each column comes from, as a tree, a picture, Mermaid and JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from pgsync_assets.cli.exit_code import ExitCode

from .conftest import CliProject

SQL = "select nr as id, name as customer, amount * 2 as amount from seen"


@pytest.fixture
def viewed(project: CliProject) -> CliProject:
    """The model reads a view, which the text of its SQL does not tell from a table."""
    source = project.pair.source
    source.execute(
        "create view seen as select id as nr, customer as name, amount from orders",
    )
    source.grant_table("seen")
    project.pair.destination.execute("alter table orders add label text, add synced timestamptz")
    project.sync(
        model={"sql": SQL, "key": ["id"]},
        values={"label": {"sql": "customer || id"}},
        stamps={"synced_at": "synced"},
    )
    return project


def boxes(document: Any) -> list[tuple[str, str]]:
    return [(box["kind"], box["name"]) for box in document["boxes"]]


def test_a_tree_by_postgresql(viewed: CliProject) -> None:
    before = viewed.everything()
    ended = viewed.run("lineage", "orders")
    assert ended.exit_code == ExitCode.OK, ended.stderr
    assert ended.stdout.splitlines() == [
        "crm: public.orders",
        "├── id  key  <-  orders.id  <-  public.seen.nr  <-  public.orders.id",
        "├── customer  <-  orders.customer  <-  public.seen.name  <-  ",
        "│   public.orders.customer",
        "├── amount  <-  orders.amount  ƒ amount * 2  <-  public.seen.amount  <-  ",
        "│   public.orders.amount",
        "├── label  ƒ customer || id",
        "│   ├── orders.id",
        "│   │   └── public.seen.nr",
        "│   │       └── public.orders.id",
        "│   └── orders.customer",
        "│       └── public.seen.name",
        "│           └── public.orders.customer",
        "└── synced  + when it was written",
        "",
        "By PostgreSQL, and the text of the SQL.",
    ]
    assert viewed.everything() == before


def test_by_the_text_alone_a_view_is_a_table(viewed: CliProject) -> None:
    viewed.connections(shop={"port": 1}, crm={"port": 1})
    document = viewed.run("lineage", "orders", "--offline", "--json").document
    assert boxes(document) == [
        ("table", "public.seen"), ("model", "orders"), ("destination", "public.orders"),
    ]  # fmt: skip
    assert (document["by"], document["notes"]) == ("sql text", [])


def test_databases_that_do_not_answer_are_told(viewed: CliProject) -> None:
    viewed.connections(shop={"port": 1}, crm={"port": 1})
    ended = viewed.run("lineage", "orders", "--json")
    assert ended.exit_code == ExitCode.OK, ended.stderr
    assert ended.document["by"] == "sql text"
    source, destination = ended.document["notes"]
    assert "source did not answer" in source
    assert "destination did not answer" in destination
    secret = viewed.pair.source.password
    assert secret not in ended.stdout + ended.stderr


def test_json_names_what_a_line_connects(viewed: CliProject) -> None:
    document = viewed.run("lineage", "orders", "--json").document
    assert boxes(document) == [
        ("table", "public.orders"), ("view", "public.seen"), ("model", "orders"),
        ("destination", "public.orders"),
    ]  # fmt: skip
    assert {"from": {"box": 1, "column": "amount"}, "to": {"box": 2, "column": "amount"},
            "unchanged": False} in document["lines"]  # fmt: skip
    assert document["boxes"][2]["columns"][0] == {
        "name": "id", "how": "column", "expression": "", "key": True,
    }  # fmt: skip
    assert document["boxes"][2]["columns"][2]["expression"] == "amount * 2"


def test_a_picture_and_mermaid(viewed: CliProject, tmp_path: Path) -> None:
    file = tmp_path / "way.svg"
    ended = viewed.run("lineage", "orders", "--svg", str(file), "--mermaid")
    assert ended.exit_code == ExitCode.OK, ended.stderr
    assert ET.parse(file).getroot().tag == "{http://www.w3.org/2000/svg}svg"  # noqa: S314
    lines = ended.stdout.splitlines()
    assert lines[0] == "flowchart LR"
    assert '  subgraph b1["public.seen<br/>view #183; shop"]' in lines
    assert "  b1c2 -.-> b2c2" in lines


def test_a_file_that_cannot_be_written(project: CliProject, tmp_path: Path) -> None:
    ended = project.run("lineage", "orders", "--offline", "--svg", str(tmp_path / "no" / "x.svg"))
    assert ended.exit_code == ExitCode.USAGE
    assert "cannot be written" in ended.message


def test_a_table_that_is_not_there_yet_is_drawn_as_it_will_be(project: CliProject) -> None:
    project.pair.destination.execute("drop table orders")
    project.sync(create_table=True)
    document = project.run("lineage", "orders", "--json").document
    assert [c["name"] for c in document["boxes"][-1]["columns"]] == ["id", "customer", "amount"]
