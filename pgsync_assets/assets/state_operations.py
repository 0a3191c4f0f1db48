"""Operations on the state of a sync, chosen in the launchpad: reset, adopt, drop."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from ..config import ConnectionConfig, Partition, SyncConfig
from .metadata import Metadata
from .model_source import ModelSource
from .run_config import Operation
from .writer import PostgresWriter, platform_of

if TYPE_CHECKING:
    from ..outcome import Adopted, Forgotten


def operate(
    operation: Operation,
    sync: SyncConfig,
    source: ModelSource,
    writer: PostgresWriter,
    platform: ConnectionConfig | None,
    partition: Partition | None,
) -> Metadata:
    """Does it, and says what it did.

    Args:
        operation: another one than SYNC.
        sync: whose state it is.
        source: where the model is read.
        writer: where the table is.
        platform: where engine standard keeps its state; None: as the environment says.
        partition: only this one's; where partitions share a state, reset and drop mean all of it.

    Raises:
        AlreadyRunning: a run of the sync is under way; nothing was touched.
        PgsyncError: see `pgsync_assets.operations`.
    """
    from .. import operations  # here: loading definitions needs no database driver

    ends = source.endpoint(), writer.connection.endpoint()
    there = platform_of(platform)
    own_state = partition.name if partition and partition.is_of_key else None
    done: Adopted | Forgotten
    if operation is Operation.ADOPT:
        done = operations.adopt(sync, *ends, platform=there, partition=partition)
    else:
        forget = operations.RESETS[operation.value]
        done = forget(sync, *ends, platform=there, partition=own_state)
    told = {f"pgsync/{name}": value for name, value in asdict(done).items() if value is not None}
    if notes := told.pop("pgsync/notes", ()):
        told["pgsync/notes"] = "\n\n".join(notes)
    return {"pgsync/operation": operation.value, **told}
