"""The page of an asset links to the line of its sync or model."""

from __future__ import annotations

from pathlib import Path

import dagster as dg

from .conftest import CONNECTIONS, DefsFolder

MODELS = """\
type: pgsync_assets.PgSyncComponent
attributes:
  models:
    spare: {source: shop, table: public.spare, key: [id]}
"""
SYNCS = """\
type: pgsync_assets.PgSyncComponent
attributes:
  models:
    paid:
      source: shop
      sql_file: paid.sql
      key: [id]
  syncs:
    - name: orders
      source: shop
      model: paid
      destination: crm
      table: app.orders

    - name: users
      source: shop
      model: {table: public.users, key: [id]}
      destination: crm
      table: app.users
"""
WRITTEN = {
    "models/paid": ["defs.yaml:4", "paid.sql:1"],
    "models/spare": ["defs.yaml:4"],
    "models/users": ["defs.yaml:17"],
    "crm/app/orders": ["defs.yaml:9"],
    "hightouch_planner/orders": ["defs.yaml:9"],
    "hightouch_audit/orders": ["defs.yaml:9"],
    "crm/app/users": ["defs.yaml:15"],
    "hightouch_audit/users": ["defs.yaml:15"],
    "hightouch_audit/sync_runs": [],  # which all syncs write
    "shop/public/users": [],
}


def test_each_asset_names_its_own_line(defs_folder: DefsFolder) -> None:
    defs_folder.write({"connections": CONNECTIONS, "orders": SYNCS, "spare": MODELS})
    (defs_folder.path / "orders" / "paid.sql").write_text("SELECT id FROM public.orders")
    graph = defs_folder.load().resolve_asset_graph()
    for key, places in WRITTEN.items():
        metadata = graph.get(dg.AssetKey.from_user_string(key)).metadata
        found = metadata["dagster/code_references"].code_references
        assert [f"{Path(one.file_path).name}:{one.line_number}" for one in found] == places
        assert all(Path(one.file_path).is_file() for one in found)
