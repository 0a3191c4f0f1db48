"""Kill -9 at every step of a load: there is all of it or nothing, and no table without a name."""

from __future__ import annotations

import itertools
import signal
from pathlib import Path

from pgsync_assets import frames
from pgsync_assets.config import ModelConfig

from ..fix_children import Child
from ..fix_databases import PLANNER_SCHEMA, Side
from ..fix_syncs import endpoint_of
from .child import SUCCEEDED
from .test_crash_at_every_step import forget

TABLES = """
    select array_agg(tablename::text order by tablename) from pg_tables
    where schemaname = 'hightouch_planner' and tablename like 'frame\\__%'
"""
KNOWN = """
    select array_agg('frame_' || number order by number), max(number)
    from hightouch_planner.frames
"""


def test_a_load_is_there_or_it_is_not(child: Child, platform_side: Side, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("id,note\n1,a\n2,b\n")
    model = ModelConfig.model_validate({"name": "rows", "file": str(path), "key": ["id"]})
    at = endpoint_of("platform", platform_side)
    points = []
    for point in itertools.count(1):
        forget(platform_side, PLANNER_SCHEMA)
        for _ in range(2):
            frames.load(at, model, frames.read(model), by="before")
        child.load(platform_side, model, f"{point}:kill")
        what, code = child.answer()
        assert what == "exit"
        newest = frames.newest(at, "rows")
        assert newest is not None
        ((tables,),) = platform_side.rows(TABLES)
        ((known, number),) = platform_side.rows(KNOWN)
        assert (tables, number) == (known, newest.number), f"killed at point {point}"
        assert platform_side.rows(f"select id, note from {newest.table} order by 1") == [
            ("1", "a"),
            ("2", "b"),
        ]
        points.append((newest.by, len(tables)))
        frames.load(at, model, frames.read(model), by="after")
        assert platform_side.rows("select count(*) from hightouch_planner.frames") == [(2,)]
        if code == SUCCEEDED:
            break
        assert code == -signal.SIGKILL
    # Nothing of it; then it is there, beside two others; then the oldest one is gone.
    assert list(dict.fromkeys(points)) == [("before", 2), ("child", 3), ("child", 2)]
    assert len(points) > 7
