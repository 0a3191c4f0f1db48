"""The asset whose materialisation is one pass of retention over the audits of a project."""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

import dagster as dg

from ..config import PLATFORM, ConnectionConfig, RetentionConfig, SyncConfig
from ..errors import PgsyncError
from .failures import failed_tick, told_to_dagster
from .history_asset import HistoryRunConfig
from .metadata import Metadata
from .writer import platform_of

if TYPE_CHECKING:
    from ..steps.retention import DatabasePass

_DESCRIPTION = (
    "What `hightouch_audit` has of runs, and what the planner remembers of those that have ended, "
    "is deleted when it is older than it is kept, in every database of the project. What an open "
    "plan or a refused row needs stays, and the last runs of each sync. The plots show how much "
    "there is. Space on disk is given back by PostgreSQL's autovacuum."
)
_COLUMNS = {
    "database": "string",
    "table": "string",
    "deleted": "int",
    "left": "int",
    "bytes": "int",
    "oldest run": "string",
}


class Prunes(Protocol):
    """What a pass needs of a project."""

    @property
    def connections(self) -> Mapping[str, ConnectionConfig]:
        """By name."""

    @property
    def syncs(self) -> Sequence[SyncConfig]:
        """Each with its model in full."""


def build_retention_asset(
    key: dg.AssetKey, kept: RetentionConfig, project: Prunes
) -> dg.AssetsDefinition:
    """The asset of the audit's retention.

    Args:
        key: of the asset.
        kept: how long, where a sync says nothing.
        project: whose databases are pruned.
    """

    @dg.asset(
        key=key,
        description=_DESCRIPTION,
        group_name=key.path[0],
        kinds={"postgresql"},
        output_required=False,  # a dry run materialises nothing
    )
    def retention(
        context: dg.AssetExecutionContext, config: HistoryRunConfig
    ) -> Iterator[dg.MaterializeResult[None]]:
        from ..connect import Endpoint  # here: loading definitions needs no database driver
        from ..steps.retention import Retention

        began = time.monotonic()
        with told_to_dagster(context.op_execution_context):
            platform = platform_of(project.connections.get(PLATFORM))
            ends = {name: Endpoint(name, one) for name, one in project.connections.items()}
            ends |= {PLATFORM: platform} if platform else {}
            one_pass = Retention(project.syncs, kept, context.log.info, config.dry_run)
            found = list(one_pass.over(ends.values()))
        metadata = retention_metadata(found) | {
            "pgsync/seconds": round(time.monotonic() - began, 3)
        }
        if config.dry_run:
            context.log_event(dg.AssetObservation(key, metadata={"dry_run": True, **metadata}))
        elif any(one.error is None for one in found):
            yield dg.MaterializeResult(metadata=metadata)
        if not metadata["pgsync/is_done"]:
            context.log.warning("The time was up (`at_most`); the next pass goes on.")
        errors = failures_of(found)
        if errors:
            raise failed_tick(errors)

    return retention


def failures_of(found: Sequence["DatabasePass"]) -> list[PgsyncError]:
    """What could not be done, each with the connection that it is of.

    Args:
        found: the databases of a pass.
    """
    return [
        type(one.error)(f"not pruned: {one.error.message}", one.error.remedy)
        for one in found
        if one.error is not None
    ]


def retention_metadata(found: Sequence["DatabasePass"]) -> Metadata:
    """What a pass did: sums that the UI plots, and each table.

    Args:
        found: the databases of the pass.
    """
    done = [(one.connection, one.pruned) for one in found if one.pruned is not None]
    tables = [(name, table) for name, pruned in done for table in pruned.tables]
    records = [
        dg.TableRecord(
            {
                "database": name,
                "table": table.name,
                "deleted": table.deleted,
                "left": table.left,
                "bytes": table.bytes,
                "oldest run": f"{table.oldest:%Y-%m-%d}" if table.oldest else "",
            }
        )
        for name, table in tables
    ]
    schema = dg.TableSchema([dg.TableColumn(name, kind) for name, kind in _COLUMNS.items()])
    return {
        "pgsync/rows_deleted": sum(table.deleted for _, table in tables),
        "pgsync/rows_kept": sum(table.left for _, table in tables),
        "pgsync/bytes": sum(table.bytes for _, table in tables),
        "pgsync/reusable_bytes": sum(table.reusable for _, table in tables),
        "pgsync/log_rows_deleted": sum(one.log_deleted for one in found),
        "pgsync/databases": len(done),
        "pgsync/is_done": all(pruned.is_done for _, pruned in done),
        **({"pgsync/tables": dg.MetadataValue.table(records, schema)} if records else {}),
    }
