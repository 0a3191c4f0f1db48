"""Where columns come from, for Dagster: `TableColumnLineage`, and a picture of the way."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

import dagster as dg

from ..config import ModelConfig, SyncConfig
from ..lineage import DescribedColumn, Origin, Source
from ..lineage.destination import targets_of
from ..lineage.diagram import Diagram
from ..lineage.drawing import of_model, of_sync
from ..lineage.model import Lineage
from ..lineage.picture import drawn
from ..svg import markdown
from .metadata import Metadata, column_lineage
from .model_source import ModelSource
from .translator import model_key, table_key

if TYPE_CHECKING:
    from .specs import ModelSpecs, SyncSpecs

# Markdown of this length is shown in a window of its own, which is as wide as the picture.
ROOM = 1_000  # pixels
LARGEST_PICTURE = 60_000  # characters of an event in Dagster's database
FOLDED = (24, 8, 0)
"""Rows of a box that need no folding; the next one is for a picture that is still too large."""


def model_metadata(source: ModelSource, specs: ModelSpecs, name: str) -> Metadata:
    """The lineage of a model, as PostgreSQL says now.

    Args:
        source: where it is read.
        specs: of it.
        name: of it.
    """
    from ..steps.lineage import followed  # loading definitions needs no database driver

    model = specs.config
    lineage, notes = followed(source.endpoint(), model)
    diagram = of_model(model, name, specs.connection, lineage)
    return {
        **model_columns(specs, lineage),
        "pgsync/reads": _read(diagram),
        **_shown(replace(diagram, notes=(*notes, *diagram.notes))),
    }


def sync_metadata(
    source: ModelSource, sync: SyncConfig, specs: SyncSpecs, written: Iterable[str]
) -> Metadata:
    """The lineage of a destination table, as PostgreSQL says now.

    Args:
        source: where the model is read.
        sync: with its model in full.
        specs: of it.
        written: columns of the table that a run wrote, as far as they are of the model.
    """
    from ..steps.lineage import followed

    lineage, notes = followed(source.endpoint(), sync.model, sync)
    own = (sync.stamps.synced_at, sync.stamps.run_id, sync.deleted_column)
    present = {*written, *filter(None, own)}
    diagram = of_sync(sync, lineage, present)
    return {
        **sync_columns(sync, specs.model_specs, lineage, present),
        **_shown(replace(diagram, notes=(*notes, *diagram.notes))),
    }


def model_columns(specs: ModelSpecs, lineage: Lineage) -> Metadata:
    """Which upstream columns each column of a model is made from.

    Args:
        specs: of the model.
        lineage: of it.
    """
    found = lineage.model(specs.config)
    return column_lineage(
        _deps(((one.name, one.origins) for one in found.columns if one.name), _key_of(specs))
    )


def sync_columns(
    sync: SyncConfig,
    specs: ModelSpecs,
    lineage: Lineage,
    present: Iterable[str] | None = None,
) -> Metadata:
    """Which columns of its model each column of a destination table is made from.

    Args:
        sync: with its model in full.
        specs: of its model.
        lineage: of its model.
        present: columns that the table has; None where that is not known.
    """
    targets = targets_of(sync, lineage, present)
    key_of = _key_of(specs, sync.model_name)
    return column_lineage(_deps(((one.name, one.origins) for one in targets), key_of))


def described_columns(
    columns: Iterable[DescribedColumn], specs: ModelSpecs, model: str | None = None
) -> Metadata:
    """The same of columns that were looked up before anything ran.

    Args:
        columns: of the model; or of the destination table.
        specs: of the model.
        model: its name, where they are of a destination table.
    """
    return column_lineage(
        _deps(((one.name, one.origins) for one in columns), _key_of(specs, model))
    )


KeyOf = Callable[[Source], dg.AssetKey | None]


def _deps(
    columns: Iterable[tuple[str | None, tuple[Origin, ...]]], key_of: KeyOf
) -> dict[str, list[tuple[dg.AssetKey, str]]]:
    found = {}
    for name, origins in columns:
        keys = [(key_of(source), column) for source, column in origins]
        deps = [(key, column) for key, column in keys if key is not None]
        if name and deps:
            found[name] = deps
    return found


def _key_of(specs: ModelSpecs, own: str | None = None) -> KeyOf:
    """What Dagster calls a source; None where it is no asset.

    The model itself is a source where `own` is its name.
    """

    def key(source: Source) -> dg.AssetKey | None:
        if own is not None and source == Source("model", own):
            return specs.spec.key
        if source.kind == "relation":
            return _relation_key(specs, source)
        if source.kind == "model":
            return model_key(source.name)
        return dg.AssetKey.from_user_string(source.name) if source.kind == "asset" else None

    return key


def _relation_key(specs: ModelSpecs, source: Source) -> dg.AssetKey:
    model: ModelConfig = specs.config
    if model.dbt is not None and model.made_from:
        return dg.AssetKey.from_user_string(model.made_from[0])
    known = specs.sources.get(source.table)
    return known.key if known else table_key(specs.connection, *source.table)


def _read(diagram: Diagram) -> list[str]:
    """Every relation that is read, those behind views too."""
    ends = ("model", "destination")
    return sorted(box.title for box in diagram.boxes if box.connection and box.kind not in ends)


def _shown(diagram: Diagram) -> Metadata:
    return {
        "pgsync/lineage_by": diagram.by,
        **({"pgsync/lineage_notes": "\n\n".join(diagram.notes)} if diagram.notes else {}),
        **_picture(diagram),
    }


def _picture(diagram: Diagram) -> Metadata:
    for most in FOLDED:
        made = markdown(drawn(diagram, ROOM, most), "lineage of columns")
        if len(made) <= LARGEST_PICTURE:
            return {"pgsync/lineage": dg.MetadataValue.md(made)}
    return {}
