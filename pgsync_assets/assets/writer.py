"""The writer of a connection as a Dagster resource: syncs go through it, and rows of your own code.

The connection `crm` of the YAML file has its writer under the key `crm_writer`.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING

import dagster as dg

from ..config import PLATFORM, ConnectionConfig, Mode, Partition, SyncConfig
from ..outcome import Outcome, PlanPreview, Progress
from ..verification import Verification
from .resources import PostgresConnection
from .step_name import current_step

if TYPE_CHECKING:
    from ..connect import Endpoint
    from ..delivery import Delivered, GivenRows
    from .model_source import ModelSource


class PostgresWriter(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Writes into one PostgreSQL: syncs, and rows of your own code.

    A project's connections have theirs under the key `<connection>_writer`.

    Example:

    ```python
    @dg.asset
    def scores(crm_writer: PostgresWriter) -> dg.MaterializeResult:
        result = crm_writer.write(compute(), "app.scores", key=["id"])
        return dg.MaterializeResult(metadata=result.metadata)
    ```
    """

    connection: dg.ResourceDependency[PostgresConnection]

    def write(
        self,
        rows: "GivenRows",
        table: str,
        *,
        key: Sequence[str] = (),
        columns: Sequence[str] | None = None,
        mode: Mode = "upsert",
        delivery: str | None = None,
        name: str | None = None,
        partition: str | None = None,
        batch_size: int = 50_000,
        max_rejected_rows: int | str = 1_000,
        stamps: Mapping[str, str] | None = None,
    ) -> "Delivered":
        """Writes rows that you have: checked, in batches, each once.

        The same delivery, tried again with the same rows, goes on behind its last batch; one that
        is complete writes nothing. docs/writer.md tells what each kind of rows may hold.

        Args:
            rows: dicts, tuples, a pandas DataFrame, or a stream in COPY's text format (a binary
                file, or chunks of bytes). Read once; memory stays flat, a temporary file grows.
            table: `schema.table`.
            key: columns that identify a row; a unique index has to be on them, except in insert.
            columns: names of the columns, in the order of the rows; dicts and DataFrames have them.
            mode: `upsert`, `insert` or `update`.
            delivery: name of these rows; default: the Dagster run, and the run that it retries.
            name: of the one who writes, who does one delivery at a time; default: the step and the
                table. Outside of Dagster the table.
            partition: default: that of the step.
            batch_size: most rows of a transaction.
            max_rejected_rows: more refused rows than this stop it: a number, or a share (`1%`).
            stamps: columns that say when and by which delivery: `synced_at`, `run_id`.

        Raises:
            ConfigurationError: rows or arguments cannot be right; nothing was written.
            OtherRows: the delivery of this name had other rows; nothing was written.
            AlreadyRunning: the same writer is at work elsewhere; nothing was written.
            TooManyRejectedRows: batches that are in stay in.
            PgsyncError: see `pgsync_assets.errors`; its type says whether a retry makes sense.
        """
        from .. import delivery as engine  # here: loading definitions needs no database driver

        step = current_step()
        order = engine.Order(
            writer=name or (f"{step.name} {table}" if step else table),
            partition=partition or (step.partition if step else ""),
            delivery=delivery or (step.run if step else ""),
            table=table,
            key=tuple(key),
            columns=tuple(columns) if columns is not None else None,
            mode=mode,
            batch_size=batch_size,
            max_rejected_rows=max_rejected_rows,
            stamps=stamps or {},
        )
        return engine.deliver(order, rows, self.connection.endpoint())

    def run(
        self,
        sync: SyncConfig,
        source: "ModelSource",
        *,
        platform: ConnectionConfig | None = None,
        partition: Partition | None = None,
        full_resync: bool = False,
        compare_all: bool = False,
        retry_rejected: bool = False,
        row_limit: int | None = None,
        only_rejected: bool = False,
        known: Collection[str] | None = None,
        by: str | None = None,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> Outcome:
        """Runs one sync, or one partition of it: the same as `pgsync-assets run`.

        Args:
            sync: what to send, and how.
            source: where the model is read.
            platform: where engine standard keeps its state; default: as the environment says.
            partition: the slice to run, of a partitioned sync.
            full_resync: send every row again, whatever the state says.
            compare_all: compare the whole model, whatever the cursor says.
            retry_rejected: rows that are parked are tried once more.
            row_limit: send so many changes at most, and leave the others to the next run.
            only_rejected: send only rows that are refused now.
            known: names of all syncs of the project, so that a renamed one is told; see `sync.run`.
            by: who runs it, for those who find that it is running.
            on_progress: is told about each batch, several times a second.

        Raises:
            PgsyncError: see `pgsync_assets.errors`; its type says whether a retry makes sense.
        """
        from .. import sync as engine  # here: loading definitions needs no database driver

        return engine.run(
            sync,
            source.endpoint(),
            self.connection.endpoint(),
            platform=platform_of(platform),
            partition=partition,
            full_resync=full_resync,
            compare_all=compare_all,
            retry_rejected=retry_rejected,
            row_limit=row_limit,
            only_rejected=only_rejected,
            known=known,
            by=by,
            on_progress=on_progress or _unheard,
        )

    def plan(
        self,
        sync: SyncConfig,
        source: "ModelSource",
        *,
        platform: ConnectionConfig | None = None,
        partition: Partition | None = None,
        full_resync: bool = False,
        row_limit: int | None = None,
        limit: int = 20,
        known: Collection[str] | None = None,
    ) -> PlanPreview:
        """Plans one sync, and holds the plan: the same as `pgsync-assets plan`.

        Args:
            sync: what to send, and how.
            source: where the model is read.
            platform: see `run`.
            partition: the slice to plan, of a partitioned sync.
            full_resync: plan to send every row again.
            row_limit: plan so many changes at most.
            limit: changes to read row by row, at the most.
            known: see `run`.

        Raises:
            PgsyncError: see `pgsync_assets.errors`.
        """
        from .. import sync as engine

        return engine.plan(
            sync,
            source.endpoint(),
            self.connection.endpoint(),
            platform=platform_of(platform),
            partition=partition,
            full_resync=full_resync,
            row_limit=row_limit,
            limit=limit,
            known=known,
        )

    def apply(
        self,
        sync: SyncConfig,
        source: "ModelSource",
        plan_id: int,
        *,
        platform: ConnectionConfig | None = None,
        partition: Partition | None = None,
        by: str | None = None,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> Outcome:
        """Writes exactly the rows of a held plan: the same as `pgsync-assets apply`.

        Args:
            sync: whose plan it is.
            source: where the model is read.
            plan_id: number of the plan.
            platform: see `run`.
            partition: that the plan is about.
            by: who approves it, where nobody has yet.
            on_progress: is told about each batch, several times a second.

        Raises:
            StalePlan: it cannot be applied; nothing was written.
            PgsyncError: see `pgsync_assets.errors`.
        """
        from .. import sync as engine

        return engine.apply(
            sync,
            source.endpoint(),
            self.connection.endpoint(),
            plan_id,
            platform=platform_of(platform),
            partition=partition,
            by=by,
            on_progress=on_progress or _unheard,
        )

    def verify(
        self,
        sync: SyncConfig,
        source: "ModelSource",
        *,
        platform: ConnectionConfig | None = None,
        partition: Partition | None = None,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> Verification:
        """Compares the destination with the model: the same as `pgsync-assets verify`.

        Args:
            sync: what is compared.
            source: where the model is read.
            platform: where engine standard keeps its state; default: as the environment says.
            partition: the slice to compare, of a partitioned sync.
            on_progress: is told about rows that were read, several times a second.

        Raises:
            PgsyncError: see `pgsync_assets.errors`; its type says whether a retry makes sense.
        """
        from .. import sync as engine

        return engine.verify(
            sync,
            source.endpoint(),
            self.connection.endpoint(),
            platform=platform_of(platform),
            partition=partition,
            on_progress=on_progress or _unheard,
        )


def platform_of(config: ConnectionConfig | None) -> "Endpoint | None":
    """The platform's PostgreSQL; None where neither a connection nor the environment names one.

    Args:
        config: the connection of that name, if the project has one.
    """
    from ..connect import platform_endpoint  # here: loading definitions needs no database driver

    return platform_endpoint({PLATFORM: config} if config else {})


def _unheard(_progress: Progress) -> None:
    return None


def writer_key(connection: str) -> str:
    """Resource key of the writer of a connection."""
    return f"{connection}_writer"
