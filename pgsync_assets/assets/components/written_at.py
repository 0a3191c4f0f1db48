"""Where in a YAML file each sync and each model is written: the asset's page links to the line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import dagster as dg
from dagster_shared.yaml_utils.source_position import SourcePosition, SourcePositionTree

from ...config import ModelConfig, SyncConfig
from ..metadata import Metadata
from ..translator import SyncTranslatorData

Places = tuple[tuple[str, int], ...]
"""Files, and a line of each."""


@dataclass(frozen=True)
class WrittenAt:
    """The lines of one component.

    Args:
        syncs: where each sync is, by its name.
        own_models: where the model of each sync is that spells it out, by the name of the sync;
            and the file of its SQL, if it has one.
        models: the same of each model of `models:`, by its name.
    """

    syncs: Mapping[str, Places] = field(default_factory=dict)
    own_models: Mapping[str, Places] = field(default_factory=dict)
    models: Mapping[str, Places] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        tree: SourcePositionTree | None,
        syncs: Sequence[SyncConfig] = (),
        models: Mapping[str, ModelConfig] = MappingProxyType({}),
    ) -> WrittenAt:
        """The lines of a component that was read from YAML; none of one that was not.

        Args:
            tree: places of everything in its document.
            syncs: in their order there, as they are written: their files are not read yet.
            models: those of `models:`, likewise.
        """
        if tree is None:
            return cls()
        at = tree.lookup
        return cls(
            {one.name: _places(at(("attributes", "syncs", n))) for n, one in enumerate(syncs)},
            {
                one.name: _places(at(("attributes", "syncs", n, "model")), one.model)
                for n, one in enumerate(syncs)
            },
            {
                name: _places(at(("attributes", "models", name)), model)
                for name, model in models.items()
            },
        )

    def metadata(self, data: SyncTranslatorData) -> Metadata:
        """What an asset says of where it is written.

        Args:
            data: what is known of the asset.
        """
        places = self._places(data)
        if not places:
            return {}
        references = [_reference(file, line) for file, line in places]
        value = dg.CodeReferencesMetadataValue(code_references=references)
        return {"dagster/code_references": value}

    def _places(self, data: SyncTranslatorData) -> Places:
        if data.kind != "model":
            return self.syncs.get(data.sync.name, ()) if data.sync else ()
        if data.sync is not None:
            return self.own_models.get(data.sync.name, ())
        return self.models.get(str(data.model.name), ()) if data.model else ()


def _places(position: SourcePosition | None, model: ModelConfig | None = None) -> Places:
    if position is None:
        return ()
    written = (position.filename, position.start.line)
    if model is None or model.sql_file is None:
        return (written,)
    return (written, (str(Path(position.filename).parent / model.sql_file), 1))


def _reference(file: str, line: int) -> dg.LocalFileCodeReference:
    return dg.LocalFileCodeReference(file_path=file, line_number=line)
