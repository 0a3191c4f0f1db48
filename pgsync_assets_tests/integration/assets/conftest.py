"""A project whose connections are the two databases of the test."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
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
    """A folder of definitions, the Dagster instance that runs it, and assets beside them."""

    folder: Path
    syncs: Syncs
    instance: dg.DagsterInstance
    beside: list[dg.AssetsDefinition] = field(default_factory=list)
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
            own = dg.Definitions(self.beside, executor=dg.in_process_executor)
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

    def observed(self, key: str = "crm/public/items") -> dict[str, Any]:
        """Metadata of the latest observation of an asset."""
        asset = dg.AssetKey.from_user_string(key)
        (record,) = self.instance.fetch_observations(asset, limit=1).records
        found = record.asset_observation
        return {name: value.value for name, value in found.metadata.items()} if found else {}


@pytest.fixture(scope="module", autouse=True)
def nothing_left_to_collect() -> Iterator[None]:
    """Dagster's loader of values leaves its contexts, with an instance each, to the collector.

    Where that happens inside of ast.parse, CPython 3.11 fails: it happens here.
    """
    yield
    gc.collect()


@pytest.fixture
def project(syncs: Syncs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """A project with the connections `shop` and `crm`."""
    with made(syncs, tmp_path, monkeypatch) as found:
        yield found


@contextmanager
def made(syncs: Syncs, above: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """A project with the connections `shop` and `crm`, for the length of the block."""
    folder = above / "defs"
    folder.mkdir()
    with dg.DagsterInstance.ephemeral() as instance:
        found = Project(folder, syncs, instance)
        sides = {"shop": syncs.pair.source, "crm": syncs.pair.destination}
        for name, side in sides.items():
            monkeypatch.setenv(SECRETS[name], side.password)
        connections = {name: _connection(name, side) for name, side in sides.items()}
        found.write("connections", "PgConnectionsComponent", connections=connections)
        yield found


def _connection(name: str, side: Side) -> dict[str, Any]:
    return {
        "host": side.host,
        "port": side.port,
        "database": side.database,
        "user": side.user,
        "password": f"${SECRETS[name]}",
    }
