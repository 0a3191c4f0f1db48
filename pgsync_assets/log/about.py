"""What the log says of a sync: names, never a host, a secret, or the text of a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from ..config import DeleteBehavior, Mode, SyncConfig, split_qualified

Kind = Literal["sync", "writer"]

WRITTEN: dict[Mode, str] = {
    "upsert": "REPLACED_OR_INSERTED",
    "insert": "INSERTED",
    "update": "UPDATED",
    "mirror": "REPLACED_OR_INSERTED",
}
REMOVED: dict[DeleteBehavior, str | None] = {
    "do_nothing": None,
    "delete_row": "DELETED",
    "soft_delete": "SOFT_DELETED",
    "clear_fields": "CLEARED",
}


@dataclass(frozen=True)
class About:
    """A row of `syncs`.

    Args:
        sync: its name.
        kind: a sync, or a writer of somebody's own rows.
        mode: how it writes.
        delete_behavior: what it does about rows that left the model.
        destination_table: as schema.table.
        source: name of the connection; None for a writer.
        model: name of it; None for a writer.
        engine: name of it; None for a writer.
        columns: of the table, that it writes; None where they are not known now.
    """

    sync: str
    kind: Kind
    mode: Mode
    delete_behavior: DeleteBehavior
    destination_table: str
    source: str | None = None
    model: str | None = None
    engine: str | None = None
    columns: tuple[str, ...] | None = None

    @property
    def place(self) -> dict[str, str]:
        """The table, as events name it."""
        schema, table = split_qualified(self.destination_table)
        return {"schema": schema, "table": table}

    @property
    def written(self) -> str:
        """What a batch does with a row, as events name it."""
        return WRITTEN[self.mode]

    @property
    def removed(self) -> str | None:
        """What a batch does about a row that left the model; None for nothing."""
        return REMOVED[self.delete_behavior]


def about_sync(sync: SyncConfig, columns: Sequence[str] | None) -> About:
    """What is said of a sync.

    Args:
        sync: as configured.
        columns: of the table, that it writes; None where they are not known now.
    """
    return About(
        sync=sync.name,
        kind="sync",
        mode=sync.mode,
        delete_behavior=sync.delete_behavior,
        destination_table=sync.table,
        source=sync.source,
        model=sync.model_name,
        engine=sync.engine,
        columns=tuple(columns) if columns else None,
    )


def about_writer(name: str, sync: SyncConfig, columns: Sequence[str]) -> About:
    """What is said of somebody's own code that delivers rows.

    Args:
        name: of the writer, as the ledger knows it.
        sync: which writes the same way.
        columns: of the table, that it writes.
    """
    as_sync = about_sync(sync, columns)
    return replace(as_sync, sync=name, kind="writer", source=None, model=None, engine=None)
