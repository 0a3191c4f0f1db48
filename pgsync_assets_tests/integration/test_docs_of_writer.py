"""docs/writer.md: the Python that it shows runs, one piece after the other."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
import pytest

from ..fix_writers import Writer

PAGE = (Path(__file__).parents[2] / "docs" / "writer.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def test_what_the_page_shows_runs(
    writer: Writer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Any
) -> None:
    side = writer.side
    for name in ("host", "port", "database", "password"):
        monkeypatch.setenv(f"CRM_{name.upper()}", str(getattr(side, name)))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scores.copy").write_bytes(b"6\t0.4\n")
    side.execute("create schema app", "create table app.scores (id int primary key, score float8)")
    side.grant_table("scores", "select", "insert", "update", schema="app")

    shown: dict[str, Any] = {}
    for block in BLOCKS:
        exec(block, shown)  # noqa: S102 - our own page
    definitions: dg.Definitions = shown["defs"]
    assert definitions.resolve_implicit_global_asset_job_def().execute_in_process().success
    shown["four_ways"](writer.resource, pd.DataFrame({"id": [5], "score": [0.3]}))
    many = [{"id": n, "score": 1} for n in range(10, 300)]
    shown["careful"](writer.resource, [*many, {"id": None, "score": 0}])
    rows = side.rows("select id, score from app.scores where id < 10 order by 1")
    assert rows == [(1, 0.93), (2, 0.41), (3, 0.1), (4, 0.2), (5, 0.3), (6, 0.4)]
    assert capsys.readouterr().out == "291 None None None a key column is NULL\n"
    assert len(BLOCKS) == 4
