"""A project whose connections are the two databases of the test."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml

from pgsync_assets.assets.defs_folder import load_folder

from ...fix_databases import Pair, Side
from ...fix_syncs import Syncs

SECRETS = {"shop": "PGSYNC_TEST_SHOP_PASSWORD", "crm": "PGSYNC_TEST_CRM_PASSWORD"}


@dataclass
class Project:
    """A folder of definitions, and the Dagster instance that runs it."""

    folder: Path
    syncs: Syncs
    instance: dg.DagsterInstance
    _loaded: dg.Definitions | None = field(default=None, repr=False)

    @property
    def pair(self) -> Pair:
        """The two databases."""
        return self.syncs.pair

    def write(self, name: str, kind: str, /, **attributes: Any) -> None:
        """Writes one component."""
        document = {"type": f"pgsync_assets.{kind}", "attributes": attributes}
        (self.folder / name).mkdir(exist_ok=True)
        (self.folder / name / "defs.yaml").write_text(yaml.safe_dump(document))
        self._loaded = None

    def sync(self, **fields: Any) -> None:
        """Writes the sync `items`, with what a test changes."""
        written = self.syncs.config(**fields).model_dump(mode="json", exclude_unset=True)
        self.write("items", "PgSyncComponent", syncs=[written])

    @property
    def definitions(self) -> dg.Definitions:
        """The definitions, loaded as the code location does."""
        if self._loaded is None:
            own = dg.Definitions(executor=dg.in_process_executor)
            self._loaded = dg.Definitions.merge(load_folder(self.folder), own)
        return self._loaded

    def run(
        self, *keys: str, partition: str | None = None, **arguments: Any
    ) -> dg.ExecuteInProcessResult:
        """Materialises assets, by default the destination table alone, as one click does."""
        job = self.definitions.resolve_implicit_global_asset_job_def()
        selected = [dg.AssetKey.from_user_string(key) for key in keys or ("crm/public/items",)]
        return job.execute_in_process(
            instance=self.instance,
            asset_selection=selected,
            partition_key=partition,
            raise_on_error=False,
            **arguments,
        )

    def materializations(self, key: str) -> list[dg.AssetMaterialization]:
        """Materialisations of an asset, the oldest first."""
        found = self.instance.fetch_materializations(dg.AssetKey.from_user_string(key), limit=100)
        events = [record.asset_materialization for record in reversed(found.records)]
        return [event for event in events if event is not None]

    def metadata(self, key: str = "crm/public/items") -> dict[str, Any]:
        """Metadata of the latest materialisation of an asset."""
        return {
            name: value.value for name, value in self.materializations(key)[-1].metadata.items()
        }


@pytest.fixture
def project(syncs: Syncs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """A project with the connections `shop` and `crm`."""
    folder = tmp_path / "defs"
    folder.mkdir()
    with dg.DagsterInstance.ephemeral() as instance:
        made = Project(folder, syncs, instance)
        sides = {"shop": syncs.pair.source, "crm": syncs.pair.destination}
        for name, side in sides.items():
            monkeypatch.setenv(SECRETS[name], side.password)
        connections = {name: _connection(name, side) for name, side in sides.items()}
        made.write("connections", "PgConnectionsComponent", connections=connections)
        yield made


def _connection(name: str, side: Side) -> dict[str, Any]:
    return {
        "host": side.host,
        "port": side.port,
        "database": side.database,
        "user": side.user,
        "password": f"${SECRETS[name]}",
    }
