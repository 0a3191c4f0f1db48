"""Rows of a DataFrame or file in a run of Dagster: loaded once, however many steps send them.

The load carries the run's id. A step of the same run that finds it takes it; any other one makes
the rows anew, so that no run sends what an older one has loaded.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import dagster as dg

from ..config import ConnectionConfig, ModelConfig, SyncConfig, split_qualified
from .asset_value import value_of
from .metadata import Metadata
from .model_source import LoadedAt
from .writer import platform_of

if TYPE_CHECKING:
    from ..connect import Endpoint
    from ..frames import Load


@dataclass(frozen=True)
class FrameRows:
    """The rows of a model in one run.

    Args:
        context: of the step.
        model: of a DataFrame or a file, with its name.
        key: of its asset.
        platform: the project's connection of that name; None: as the environment says.
    """

    context: dg.AssetExecutionContext
    model: ModelConfig
    key: dg.AssetKey
    platform: ConnectionConfig | None

    def of_this_run(self) -> Load:
        """The load of this run; the first step that asks makes it.

        Raises:
            PgsyncError: there are no rows, or they cannot be loaded as they are.
            Exception: of the IO manager of an asset, as it is.
        """
        from .. import frames  # here: loading definitions needs no database driver

        found = frames.newest(self._endpoint, self._name)
        if found is not None and found.by == self._by:
            self._log(found, "this run has loaded them already")
            return found
        with self._value() as rows:
            made = frames.load(self._endpoint, self.model, rows, by=self._by)
        self._log(made, "loaded now")
        if self.key not in self.context.selected_asset_keys:  # else this step materialises it
            metadata = load_metadata(made)
            self.context.log_event(dg.AssetObservation(self.key, metadata=metadata))
        return made

    @contextmanager
    def _value(self) -> Iterator[object]:
        from .. import frames

        if self.model.asset is None:
            yield frames.read(self.model)
            return
        asset = dg.AssetKey.from_user_string(self.model.asset)
        with value_of(self.context, asset, self.key) as value:
            yield value

    def _log(self, load: Load, how: str) -> None:
        self.context.log.info(f"model {self._name}: {load.rows:,} rows, load {load.number} ({how})")

    @property
    def _endpoint(self) -> Endpoint:
        return LoadedAt(self.platform).endpoint()

    @property
    def _name(self) -> str:
        return str(self.model.name)

    @property
    def _by(self) -> str:
        return f"Dagster run {self.context.run.run_id}"


def with_newest(
    sync: SyncConfig, platform: ConnectionConfig | None, *, is_needed: bool = True
) -> SyncConfig:
    """The sync with the rows that were loaded last, for checks; any other sync as it is.

    Args:
        sync: of any kind of model.
        platform: the project's connection of that name; None: as the environment says.
        is_needed: False: without any rows it is returned as it is.

    Raises:
        ModelError: nothing was loaded yet.
    """
    from .. import frames  # here: loading definitions needs no database driver

    return frames.with_newest(sync, platform_of(platform), is_needed=is_needed)


def load_metadata(load: Load | None) -> Metadata:
    """Which rows those are: the number, the table and the time of their load.

    Args:
        load: None where the model is no frame.
    """
    if load is None:
        return {}
    return {
        "pgsync/load": str(load.number),  # a name: the UI would plot a number
        "pgsync/loaded_at": dg.MetadataValue.timestamp(load.loaded_at),
        "pgsync/loaded_rows": load.rows,
        "pgsync/loaded_into": ".".join(split_qualified(load.table)),
        "pgsync/loaded_by": load.by,
    }
