"""A folder of definitions, as a user would write it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pytest

from pgsync_assets.assets.defs_folder import load_folder

CONNECTIONS = """
type: pgsync_assets.PgConnectionsComponent
attributes:
  connections:
    shop: {host: $SHOP_HOST, port: $SHOP_PORT, database: shop, user: reader, password: $SHOP_PW}
    crm: {host: crm.example.com, database: crm, user: writer, password: $CRM_PW}
"""

ORDERS = """
type: pgsync_assets.PgSyncComponent
attributes:
  syncs:
    - name: orders
      source: shop
      model: {table: public.orders, key: [id]}
      destination: crm
      table: app.orders
"""


@dataclass(frozen=True)
class DefsFolder:
    """A folder of `defs.yaml` files."""

    path: Path

    def write(self, files: Mapping[str, str]) -> DefsFolder:
        """Writes one `defs.yaml` for each name."""
        for name, text in files.items():
            (self.path / name).mkdir()
            (self.path / name / "defs.yaml").write_text(text)
        return self

    def load(self) -> dg.Definitions:
        """Loads it as Dagster does."""
        definitions = load_folder(self.path)
        dg.Definitions.validate_loadable(definitions)
        return definitions


@pytest.fixture
def defs_folder(tmp_path: Path) -> DefsFolder:
    """An empty folder of definitions."""
    path = tmp_path / "defs"
    path.mkdir()
    return DefsFolder(path)
