"""docs/partitions.md, followed to the letter: its YAML cuts real rows, its commands run."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml

from pgsync_assets.assets.defs_folder import load_folder
from pgsync_assets.cli.exit_code import ExitCode
from pgsync_assets.config import StaticKind
from pgsync_assets.project import read_project

from .cli.conftest import CliProject, project

__all__ = ["project"]

PAGE = (Path(__file__).parents[2] / "docs" / "partitions.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(
    r"^```yaml\n(partitions:.*?)^```\n\nPartitions: (.+?)\.\s", PAGE, re.MULTILINE | re.DOTALL
)
# What the examples hold, in the order of the page.
HELD = [
    "created_at >= '2023-12-31 23:00Z' and created_at < '2024-06-30 22:00Z'",
    "true",
    "amount is not null",
    "country is not null",
    "true",
    "country in ('DE', 'FR')",
]
SYNC = """\
type: pgsync_assets.PgSyncComponent
attributes:
  syncs:
    - name: orders
      source: shop
      destination: crm
      table: public.orders
      model: {{table: public.orders, key: [{key}]}}
{partitions}
"""
COLUMNS = "id int, country text, amount numeric, created_at timestamptz"


def test_each_example_on_the_page_is_known_here() -> None:
    assert len(EXAMPLES) == PAGE.count("```yaml\npartitions:") == len(HELD)


def write(folder: Path, key: str, partitions: str) -> None:
    text = SYNC.format(key=key, partitions=textwrap.indent(partitions, " " * 6))
    (folder / "orders" / "defs.yaml").write_text(text, encoding="utf-8")


def orders(project: CliProject, primary_key: str) -> None:
    """Rows on every bound of the examples, and NULL in every column that is not of the key."""
    for side in (project.pair.source, project.pair.destination):
        side.execute(
            "drop table orders", f"create table orders ({COLUMNS}, primary key ({primary_key}))"
        )
    project.pair.source.execute(
        "insert into orders select row_number() over (), country, amount, created_at from"
        " unnest(array['DE', 'CH', 'NO', 'FR', 'ZZ', 'G', 'N', null]) as country,"
        " unnest(array[99.99, 100, 1000, null]) as amount,"
        " unnest(array['-infinity', '2023-12-31 22:59:59Z', '2023-12-31 23:00Z',"
        " '2024-03-31 01:30Z', '2024-06-30 22:00Z', null]::timestamptz[]) as created_at"
        f" where {'country is not null' if 'country' in primary_key else 'true'}"
    )
    project.pair.source.grant_table("orders")
    project.pair.destination.grant_table("orders", "select", "insert", "update", "delete")


@pytest.mark.parametrize(
    ("example", "named", "held"),
    [(*example, held) for example, held in zip(EXAMPLES, HELD, strict=True)],
    ids=range(len(HELD)),
)
def test_an_example_has_the_partitions_and_the_rows_it_says(
    project: CliProject, example: str, named: str, held: str
) -> None:
    orders(project, "id")
    write(project.folder, "id", example)
    config = read_project(project.folder).sync("orders")
    names = re.findall(r"`([^`]+)`", named)
    for name in names:
        assert config.partition_named(name).name == name
    if isinstance(config.partitions, StaticKind) and "` to `" not in named:
        assert names == config.partitions.names
    ended = project.run("run", "orders", "--json")
    assert ended.exit_code == ExitCode.OK, ended.stderr
    expected = project.pair.source.rows(f"select o::text from orders o where {held} order by id")
    assert expected
    assert project.pair.destination.rows("select o::text from orders o order by id") == expected


def test_the_commands(project: CliProject) -> None:
    orders(project, "id, country")
    write(project.folder, "id, country", EXAMPLES[4][0])
    (block,) = re.findall(r"^```bash\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    commands = re.findall(r"^pgsync-assets (.+?) *(?:#.*)?$", block, re.MULTILINE)
    assert len(commands) == 3
    for command in commands:
        ended = project.run(*command.split())
        assert ended.exit_code == ExitCode.OK, ended.stderr
    same = "select o::text from orders o order by id"
    assert project.pair.destination.rows(same) == project.pair.source.rows(same)


def test_a_run_for_each_partition(project: CliProject) -> None:
    (block,) = re.findall(r"^```yaml\n(op:.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    write(project.folder, "id", EXAMPLES[1][0])
    file = project.folder / "orders" / "defs.yaml"
    written: dict[str, Any] = yaml.safe_load(file.read_text())
    written["attributes"] |= yaml.safe_load(block)
    file.write_text(yaml.safe_dump(written))
    definitions = load_folder(project.folder)
    step = definitions.resolve_assets_def(dg.AssetKey(["crm", "public", "orders"]))
    assert step.backfill_policy == dg.BackfillPolicy.multi_run(1)
