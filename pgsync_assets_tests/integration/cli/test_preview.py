"""`preview`: what a person sees of a model on their own terminal."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import yaml

from pgsync_assets.cli.exit_code import ExitCode

from .conftest import CliProject

PAGE = (Path(__file__).parents[3] / "docs" / "models.md").read_text(encoding="utf-8")
SECTION = PAGE.partition("\n## Preview\n")[2].partition("\n## ")[0]


def test_rows_and_figures_of_a_sync_s_model(project: CliProject) -> None:
    before = project.everything()
    ended = project.run("preview", "orders")
    assert ended.exit_code == ExitCode.OK, ended.stderr
    lines = [line.rstrip() for line in ended.stdout.splitlines()]
    assert lines[:2] == [
        "orders: Figures of all 3 rows.",
        "key id: identifies every row (by an index)",
    ]
    assert "customer  text             33%         2  Ada .. Bob" in lines
    assert lines.index("First rows:") < lines.index("Random rows:")
    assert "1   Ada       10.00" in lines
    assert "3   NULL      30.00" in lines
    assert max(map(len, lines)) <= 80
    assert project.everything() == before


def test_a_model_by_its_own_name_whether_a_sync_has_it_or_not(project: CliProject) -> None:
    models = {
        "big_orders": {"source": "shop", "sql": "select * from orders where id > 1", "key": ["id"]},
        "all_orders": {"source": "shop", "table": "public.orders", "key": ["id"]},
    }
    sync = {"name": "orders", "model": "all_orders", "destination": "crm", "table": "public.orders"}
    project._write("orders", "PgSyncComponent", models=models, syncs=[sync])
    for name, rows in (("big_orders", 2), ("all_orders", 3)):
        ended = project.run("preview", name)
        assert ended.exit_code == ExitCode.OK, ended.stderr
        assert ended.stdout.startswith(f"{name}: Figures of all {rows} rows.")


def test_json_has_everything(project: CliProject, tmp_path: Path) -> None:
    picture = tmp_path / "orders.svg"
    ended = project.run("preview", "orders", "--rows", "1", "--json", "--svg", str(picture))
    assert ended.exit_code == ExitCode.OK, ended.stderr
    found = ended.document
    assert (found["rows"], found["looked_at"], len(found["first"])) == (3, 3, 1)
    amount = found["columns"][2]
    assert (amount["minimum"], amount["maximum"], amount["distinct"]) == ("10.00", "30.00", 3)
    assert sum(amount["histogram"]["counts"]) == 3
    root = ET.parse(picture).getroot()  # noqa: S314 - we have just written it
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert "amount" in ET.tostring(root, encoding="unicode")


def test_values_do_not_drive_the_terminal_and_wide_rows_are_folded(
    project: CliProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "44")
    project.pair.source.execute(
        "update orders set customer = E'\\x1b[31m' || chr(8238) || repeat('x', 300)",
        "alter table orders drop constraint orders_pkey",
        "insert into orders values (1, 'twin', 0)",
    )
    ended = project.run("preview", "orders", "--rows", "2")
    assert ended.exit_code == ExitCode.OK, ended.stderr
    assert not {"\x1b", "\u202e"} & set(ended.stdout)
    assert "\\x1b[31m\\u202exxx" in ended.stdout
    lines = [line.rstrip() for line in ended.stdout.splitlines()]
    assert "key id: does not identify 2 rows" in lines
    assert "row 2" in lines
    tables = [line for line in lines if not line.startswith("Rows of the model")]
    assert max(map(len, tables)) <= 44


def test_what_takes_too_long_is_a_note(project: CliProject) -> None:
    slow = "select n as id, pg_sleep(0.05)::text as note from generate_series(1, 1000) as n"
    project.sync(model={"sql": slow, "key": ["id"]})
    ended = project.run("preview", "orders", "--timeout", "0.5")
    assert ended.exit_code == ExitCode.OK, ended.stderr
    assert "orders: No row was looked at." in ended.stdout
    assert "key id: was not checked" in ended.stdout
    assert "note: figures of the columns: left out, as it was not there within" in ended.stdout


def test_what_cannot_be_previewed_is_said(project: CliProject, tmp_path: Path) -> None:
    ended = project.run("preview", "odrers")
    assert ended.exit_code == ExitCode.USAGE
    assert "did you mean 'orders'" in ended.message
    ended = project.run("preview", "orders", "--svg", str(tmp_path / "no" / "such.svg"))
    assert "cannot be written" in ended.message
    project.sync(model={"python": "shop.frames:orders", "key": ["id"]}, source="platform")
    ended = project.run("preview", "orders")
    assert "rows of a DataFrame or a file are loaded into the platform's" in ended.message


def test_the_page(project: CliProject, tmp_path: Path) -> None:
    (commands,) = re.findall(r"^```bash\n(.*?)^```", SECTION, re.MULTILINE | re.DOTALL)
    (block,) = re.findall(r"^```yaml\n(.*?)^```", SECTION, re.MULTILINE | re.DOTALL)
    written = yaml.safe_load(block)
    project.sync(model={"table": "public.orders", "key": ["id"], **written})
    lines = re.findall(r"^pgsync-assets (.+?) *(?:#.*)?$", commands, re.MULTILINE)
    assert len(lines) == 3
    for line in lines:
        ended = project.run(*line.split())
        assert ended.exit_code == ExitCode.OK, ended.stderr
    assert (tmp_path / "orders.svg").exists()
