"""docs/models.md, tables and queries: each model that it shows is sent by a sync of a project."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from pgsync_assets.model import select
from pgsync_assets.project import Project, read_project
from pgsync_assets.sync import run

from ..fix_administrators import psql
from ..fix_syncs import Syncs

PAGE = (Path(__file__).parents[2] / "docs" / "models.md").read_text(encoding="utf-8")
OURS = ("A table", "A query", "One model, many syncs")
CONNECTIONS = {"shop": {"host": "localhost", "database": "shop", "user": "reader"}} | {
    "crm": {"host": "localhost", "database": "crm", "user": "writer"}
}


def blocks(language: str) -> list[str]:
    """The blocks of our sections that name a source or nothing at all."""
    sections = re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    text = "".join(body for title, body in sections if title in OURS)
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


MODELS: dict[str, Any] = {
    name: model
    for block in blocks("yaml")
    for name, model in (yaml.safe_load(block).get("models") or {}).items()
    if model.get("source") == "shop" and {"table", "sql", "sql_file"} & set(model)
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """The models of the page, and a sync of each, as files."""
    monkeypatch.setenv("TENANT", "7")
    component = "pgsync_assets.Pg{}Component"
    syncs = [
        {"name": f"send_{name}", "model": name, "destination": "crm", "table": f"app.{name}"}
        for name in MODELS
    ]
    written = [
        {"type": component.format("Connections"), "attributes": {"connections": CONNECTIONS}},
        {"type": component.format("Sync"), "attributes": {"models": MODELS, "syncs": syncs}},
    ]
    (tmp_path / "defs.yaml").write_text(yaml.safe_dump_all(written), encoding="utf-8")
    (query,) = (text for text in blocks("sql") if text.startswith("-- recent_orders.sql"))
    (tmp_path / "recent_orders.sql").write_text(query, encoding="utf-8")
    return read_project(tmp_path)


@pytest.fixture
def shop(syncs: Syncs) -> Syncs:
    """Orders, and a destination table for each model of the page."""
    syncs.pair.source.execute(
        "create table orders (id int primary key, customer int, total numeric, status text,"
        " tenant int, ordered_on date)",
        "insert into orders select n, n % 3, n * 5, (array['open', 'paid', 'lost'])[1 + n % 3], 7,"
        " date '2024-02-20' + n from generate_series(1, 30) as n",
    )
    syncs.pair.source.grant_table("orders")
    syncs.pair.destination.execute(
        "create schema app",
        "create table app.open_orders (id int primary key, customer int, total numeric)",
        "create table app.recent_orders (like app.open_orders including all, ordered_on date)",
        "create table app.customer_totals (id int primary key, open numeric, last date)",
    )
    for name in MODELS:
        rights = ("select", "insert", "update")
        syncs.pair.destination.grant_table(name, *rights, schema="app")
    return syncs


def test_each_model_of_the_page_is_sent(shop: Syncs, project: Project) -> None:
    sent = {}
    for name in MODELS:
        sync = project.sync(f"send_{name}")
        sent[name] = run(sync, *shop.endpoints).succeeded.added
        assert run(sync, *shop.endpoints).planned.total == 0
    assert sent == {"open_orders": 10, "recent_orders": 14, "customer_totals": 2}


def test_the_query_of_the_page_runs_in_psql(shop: Syncs, project: Project, tmp_path: Path) -> None:
    (line,) = (text for text in blocks("console") if "$ psql -v since" in text)
    arguments = shlex.split(line)[2:-1]
    file = str(tmp_path / "recent_orders.sql")
    answer = psql(shop.pair.source, *arguments, file, "-At", "-c", "select 1")
    assert answer.stderr == ""
    with shop.pair.source.connect() as connection:
        ours = connection.execute(
            select(project.models["recent_orders"]).as_string(connection).encode()
        ).fetchall()
    assert len(answer.stdout.splitlines()) == len(ours) + 1
