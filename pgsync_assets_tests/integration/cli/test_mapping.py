"""`mapping`: what goes where as a sync is written, and YAML for what could, that can be pasted."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from pgsync_assets.cli.exit_code import ExitCode

from .conftest import CliProject

VALUES = {"origin": {"value": "shop: 1"}, "tags": {"jsonb": ["CUSTOMER", {"value": "x"}]}}


@pytest.fixture
def renamed(project: CliProject) -> CliProject:
    """The destination spells most names otherwise, and has columns of its own."""
    project.pair.source.execute(
        'alter table orders rename customer to "CUSTOMER"',
        'alter table orders add "unit price" numeric, add shiped_at date, add place point,'
        " add line int, add total int, add nowhere int, add origin text",
        'update orders set "unit price" = 1.005',
    )
    project.pair.destination.execute(
        "drop table orders",
        "create table orders (id int primary key, customer text, amount numeric(10, 2),"
        ' "unitPrice" numeric(10, 2), shipped_at date, place int, line int generated always as'
        " identity, total int generated always as (id * 2) stored, origin text, tags jsonb,"
        " made_at timestamptz default now())",
    )
    project.pair.destination.grant_table("orders", "SELECT", "INSERT", "UPDATE", "DELETE")
    return project


def lines_of(document: Any) -> dict[tuple[str | None, str | None], dict[str, Any]]:
    """The lines by where they come from and where they go."""
    return {(line["source"], line["target"]): line for line in document["lines"]}


def test_what_maps_as_it_is_written(project: CliProject) -> None:
    before = project.everything()
    ended = project.run("mapping", "orders")
    assert ended.exit_code == ExitCode.OK, ended.stderr
    assert "It maps as it is written." in ended.stdout
    block = ended.stdout[ended.stdout.index("columns:") :]
    assert yaml.safe_load(block) == {
        "columns": {"id": "id", "customer": "customer", "amount": "amount"}
    }
    assert project.everything() == before


def test_what_does_not_map_is_suggested_and_runs(renamed: CliProject) -> None:
    renamed.sync(values=VALUES)
    assert renamed.run("check", "orders").exit_code == ExitCode.FAILED
    ended = renamed.run("mapping", "orders", "--json")
    assert ended.exit_code == ExitCode.FAILED, ended.stderr
    found = lines_of(ended.document)
    assert {pair: (line["how"], line["passed"]) for pair, line in found.items()} == {
        ("id", "id"): ("by name", True),
        ("CUSTOMER", "customer"): ("same letters", False),
        ("amount", "amount"): ("by name", True),
        ("unit price", "unitPrice"): ("same letters", False),
        ("shiped_at", "shipped_at"): ("similar name", False),
        ("place", "place"): ("by name", False),
        ("line", None): ("not mapped", False),
        ("total", None): ("not mapped", False),
        ("nowhere", None): ("not mapped", False),
        ("origin", None): ("not mapped", True),
        ("values.origin", "origin"): ("value", True),
        ("values.tags", "tags"): ("value", True),
        (None, "line"): ("not mapped", True),
        (None, "total"): ("not mapped", True),
        (None, "made_at"): ("not mapped", True),
    }
    assert "cannot cast type point to integer" in found["place", "place"]["note"]
    assert "generated" in found["total", None]["note"]
    assert "IDENTITY" in found["line", None]["note"]

    shown = renamed.run("mapping", "orders").stdout
    block = shown[shown.index("columns:") :]
    assert "shiped_at: shipped_at  # is it meant?" in block
    assert "# place: place" in block
    assert block.strip() == ended.document["yaml"].strip()
    pasted = yaml.safe_load(block)
    assert pasted == {
        "columns": {
            "id": "id",
            "CUSTOMER": "customer",
            "amount": "amount",
            "unit price": "unitPrice",
            "shiped_at": "shipped_at",
        },
        "lossy": ["unit price"],
        "values": VALUES,
    }
    renamed.sync(**pasted)
    assert renamed.run("mapping", "orders").exit_code == ExitCode.OK
    assert renamed.run("run", "orders").exit_code == ExitCode.OK
    assert renamed.pair.destination.rows(
        'select customer, "unitPrice"::text, origin, tags::text from orders where id = 1'
    ) == [("Ada", "1.01", "shop: 1", '["Ada", "x"]')]


def test_a_mapping_with_errors_everywhere(renamed: CliProject) -> None:
    renamed.pair.destination.execute("alter table orders add must int not null")
    renamed.sync(
        columns={"id": "id", "CUSTOMER": "Customr", "gone": "amount", "total": "total"},
        values={"tags": {"sql": "nothing"}, "origin": {"value": 1}, "nope": {"value": 1}},
        lossy=["amount"],
    )
    ended = renamed.run("mapping", "orders", "--json")
    assert ended.exit_code == ExitCode.FAILED, ended.stderr
    found = lines_of(ended.document)
    told = {pair: line["note"] for pair, line in found.items() if not line["passed"]}
    assert told == {
        ("CUSTOMER", "customer"): "there is no Customr",
        ("total", None): "generated there, cannot be written",
        ("gone", "amount"): "the model has no such column",
        ("amount", None): "lossy names it",
        ("values.tags", "tags"): 'shop: values.tags: column "nothing" does not exist '
        "(SQLSTATE 42703)",
        ("values.origin", "origin"): "might not arrive exactly: give it a cast",
        ("values.nope", "nope"): "no such column there",
        (None, "must"): "NOT NULL without a default: give it a value",
    }
    assert yaml.safe_load(ended.document["yaml"])["columns"] == {"id": "id", "CUSTOMER": "customer"}


def test_a_table_that_will_be_created(project: CliProject) -> None:
    destination = project.pair.destination
    destination.execute(
        "drop table orders", f"grant create, usage on schema public to {destination.user}"
    )
    assert "create it first" in project.run("mapping", "orders").message
    project.sync(create_table=True, values=VALUES | {"tags": {"jsonb": []}})
    ended = project.run("mapping", "orders")
    assert ended.exit_code == ExitCode.OK, ended.stdout
    assert destination.rows("select to_regclass('orders')") == [(None,)]


def test_a_key_without_its_like_goes_to_the_unique_index(project: CliProject) -> None:
    project.pair.destination.execute(
        "alter table orders rename id to nr", "alter table orders add unique (customer)"
    )
    found = lines_of(project.run("mapping", "orders", "--json").document)
    assert found["id", "nr"]["how"] == "unique index"
    shown = project.run("mapping", "orders").stdout
    block = shown[shown.index("columns:") :]
    assert "id: nr  # is it meant?" in block
    project.sync(**yaml.safe_load(block))
    assert project.run("run", "orders").exit_code == ExitCode.OK
