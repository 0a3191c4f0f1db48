"""Where the columns of a sync or a model come from: by PostgreSQL, or by the text of its SQL."""

from __future__ import annotations

from dataclasses import replace

from ..config import ModelConfig, SyncConfig, split_qualified
from ..connect import Endpoint
from ..errors import PgsyncError
from ..lineage.diagram import Diagram
from ..lineage.drawing import of_sync
from ..lineage.model import Lineage
from ..model.origins import columns_of, origins

APPLICATION = "pgsync/lineage"


def followed(
    source: Endpoint, model: ModelConfig, sync: SyncConfig | None = None
) -> tuple[Lineage, tuple[str, ...]]:
    """Follows the columns of a model back; by its text alone where the source cannot be asked.

    Args:
        source: where the model is read.
        model: in full.
        sync: whose values may read tables, too.

    Returns:
        What follows them, and what a reader should know about it, in sentences.
    """
    default_schema = (*source.config.search_path, "public")[0]
    try:
        with source.session(APPLICATION) as session:
            return Lineage(origins(session, model, sync), default_schema), ()
    except PgsyncError as error:
        note = f"by the text of the SQL alone, as the source did not answer: {error.message}"
        return Lineage(None, default_schema), (note,)


def lineage(
    sync: SyncConfig, source: Endpoint, destination: Endpoint, *, is_offline: bool = False
) -> Diagram:
    """The way of the columns of a sync. Writes nothing, and reads no row.

    Args:
        sync: with its model in full.
        source: where the model is read.
        destination: where the table is.
        is_offline: neither is asked.
    """
    if is_offline:
        schema = (*source.config.search_path, "public")[0]
        return of_sync(sync, Lineage(None, schema))
    found, notes = followed(source, sync.model, sync)
    present, more = _present(sync, destination)
    diagram = of_sync(sync, found, present)
    return replace(diagram, notes=(*notes, *more, *diagram.notes))


def _present(
    sync: SyncConfig, destination: Endpoint
) -> tuple[tuple[str, ...] | None, tuple[str, ...]]:
    """Columns of the destination table; None where it is not there, or cannot be asked."""
    try:
        with destination.session(APPLICATION) as session:
            return columns_of(session, split_qualified(sync.table)), ()
    except PgsyncError as error:
        return None, (f"the destination did not answer: {error.message}",)
