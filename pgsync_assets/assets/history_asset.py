"""The asset whose materialisation is one pass of maintenance over Dagster's own history."""

import datetime as dt
import time
from collections.abc import Iterator

import dagster as dg
from pydantic import Field

from ..config import HistoryConfig
from .failures import told_to_dagster

_DESCRIPTION = (
    "Runs and events of Dagster that nobody needs any more are deleted; what the pages of assets "
    "show (the last runs, materialised partitions, results of checks) stays. The plots show how "
    "much there is. Space on disk is given back by PostgreSQL's autovacuum."
)


class HistoryRunConfig(dg.Config):
    """The launchpad's form for a pass of maintenance."""

    dry_run: bool = Field(
        default=False, description="Only count what would be deleted, as an observation."
    )


def build_history_asset(key: dg.AssetKey, kept: HistoryConfig) -> dg.AssetsDefinition:
    """The asset of Dagster's history.

    Args:
        key: of the asset.
        kept: how much of the history.
    """

    @dg.asset(
        key=key,
        description=_DESCRIPTION,
        group_name=key.path[0],
        kinds={"dagster"},
        output_required=False,  # a dry run materialises nothing
    )
    def history(
        context: dg.AssetExecutionContext, config: HistoryRunConfig
    ) -> Iterator[dg.MaterializeResult[None]]:
        from .history import History  # here: Dagster's storage takes a second to import

        now, began = dt.datetime.now(dt.timezone.utc), time.monotonic()
        with told_to_dagster(context.op_execution_context):
            found = History(context.instance, kept, context.log.info)
            before = found.tables.count()
            if config.dry_run:
                would = found.obsolete(now).metadata
                context.log_event(dg.AssetObservation(key, metadata={"dry_run": True, **would}))
                return
            forgotten = found.forget(now)
        if not forgotten.is_done:
            context.log.warning("The time was up (`at_most`); the next pass goes on.")
        size = found.tables.bytes()
        yield dg.MaterializeResult(
            metadata={
                **forgotten.metadata,
                "pgsync/is_done": forgotten.is_done,
                "pgsync/event_rows_before": before,
                "pgsync/event_rows": found.tables.count(),
                **({"pgsync/storage_bytes": size} if size is not None else {}),
                "pgsync/seconds": round(time.monotonic() - began, 3),
            }
        )

    return history
