"""The check `destination_in_step`: the destination compared with the model, when somebody asks."""

import datetime as dt
from collections.abc import Iterator, Sequence
from functools import partial

import dagster as dg

from ..config import ConnectionConfig, Partition, SyncConfig
from ..config.slices import slices_to_verify
from ..errors import AlreadyRunning
from ..verification import Difference, Verification
from .failures import failure, told_to_dagster
from .frame_rows import with_newest
from .metadata import SAMPLE_ROWS, Metadata
from .model_source import source_keys, source_of
from .on_demand import DESTINATION_IN_STEP, steps_aside
from .pools import pool_of
from .progress import ProgressLog
from .specs import SyncSpecs
from .writer import PostgresWriter, writer_key

_DESCRIPTION = (
    "On demand: every row of the destination is what this sync wrote last, and nothing is wrong "
    "with the bookkeeping. Reads both ends in full and writes nothing. Rows that wait for the next "
    "run (changed in the model since, or refused) are counted and do not fail it. All partitions "
    "are compared; where this page cannot execute it for a partitioned table, "
    "`pgsync-assets verify` does the same."
)


def build_verification(
    sync: SyncConfig,
    specs: SyncSpecs,
    *,
    pool: str | None = None,
    platform: ConnectionConfig | None = None,
) -> dg.AssetChecksDefinition:
    """The check of one sync, a step of its own.

    Dagster adds every check of a table to a run that materialises it. In such a run this one steps
    aside: it would read everything once more after every run.

    Args:
        sync: what is compared.
        specs: the assets around it.
        pool: concurrency pool; default: that of the sync's own step.
        platform: where engine standard keeps its state; default: as the environment says.
    """
    key = specs.destination.key

    @dg.multi_asset_check(
        name=f"verify_{sync.name}",
        specs=[dg.AssetCheckSpec(DESTINATION_IN_STEP, asset=key, description=_DESCRIPTION)],
        can_subset=True,  # so that it may end without a result
        pool=pool or pool_of(sync.destination),
        required_resource_keys=source_keys(sync.source, sync.model)
        | {writer_key(sync.destination)},
    )
    def verification(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        op = context.op_execution_context
        if steps_aside(op, DESTINATION_IN_STEP, key):
            return
        now = dt.datetime.now(dt.timezone.utc)
        with told_to_dagster(op):
            newest = with_newest(sync, platform)
        compare = partial(_verified, op, newest, key, platform)
        yield _result(key, [compare(partition) for partition in slices_to_verify(sync, now)])

    return verification


def _verified(
    context: dg.OpExecutionContext,
    sync: SyncConfig,
    key: dg.AssetKey,
    platform: ConnectionConfig | None,
    partition: Partition | None,
) -> Verification:
    writer: PostgresWriter = getattr(context.resources, writer_key(sync.destination))
    source = source_of(context.resources, sync.source, sync.model, platform)
    try:
        with told_to_dagster(context):
            return writer.verify(
                sync,
                source,
                platform=platform,
                partition=partition,
                on_progress=ProgressLog(context, key),
            )
    except AlreadyRunning as error:
        raise failure(error) from None


def _result(key: dg.AssetKey, found: Sequence[Verification]) -> dg.AssetCheckResult:
    wrong = [one.partition or one.sync for one in found if not one.in_step]
    problems = [_of(one, problem) for one in found for problem in one.problems]
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=DESTINATION_IN_STEP,
        passed=not wrong,
        severity=dg.AssetCheckSeverity.ERROR,
        metadata={**_numbers(found), **_sample(found), **_problems(problems)},
        description=f"not in step: {', '.join(wrong)}" if wrong else None,
    )


def _numbers(found: Sequence[Verification]) -> Metadata:
    return {
        "pgsync/rows": sum(one.rows for one in found),
        "pgsync/rows_same": sum(one.same for one in found),
        "pgsync/rows_missing": sum(one.missing for one in found),
        "pgsync/rows_differing": sum(one.differs for one in found),
        "pgsync/rows_rejected": sum(one.rejected for one in found),
        "pgsync/rows_pending": sum(one.pending.total for one in found),
        "pgsync/rows_foreign": sum(one.foreign for one in found),
        "pgsync/seconds_total": round(sum(one.seconds.get("total", 0.0) for one in found), 3),
    }


def _sample(found: Sequence[Verification]) -> Metadata:
    """The first rows that differ, without their values."""
    names = ("row_id", "partition", "kind", "operation", "columns", "reason")
    rows = [(one, row) for one in found for row in one.differences][:SAMPLE_ROWS]
    if not rows:
        return {}
    records = [dg.TableRecord(_cells(one, row)) for one, row in rows]
    schema = dg.TableSchema([dg.TableColumn(name) for name in names])
    return {"pgsync/differences": dg.MetadataValue.table(records, schema)}


def _cells(found: Verification, row: Difference) -> dict[str, str | float | int | bool | None]:
    return {
        "row_id": row.row_id,
        "partition": found.partition or "",
        "kind": row.kind,
        "operation": row.operation or "",
        "columns": ", ".join(row.columns),
        "reason": row.reason or "",
    }


def _problems(problems: Sequence[str]) -> Metadata:
    return {"pgsync/problems": list(problems)} if problems else {}


def _of(found: Verification, problem: str) -> str:
    return f"{found.partition}: {problem}" if found.partition else problem
