"""One step of one sync: runs it, for each partition in turn, and tells Dagster what happened.

Every partition is one materialisation of each of the three assets, logged when its data has been
committed: a step that is stopped half way keeps what is done. Assets that are not selected are
updated too, because one run always writes all three.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import dagster as dg

from ..config import ConnectionConfig, Partition, SyncConfig
from ..errors import AlreadyRunning, ConfigurationError, GuardError
from ..outcome import Outcome
from .already_running import ALREADY_RUNNING_TAG, DAGSTER_RUN, running_metadata
from .batch_table import batch_table
from .checks import SCHEMA_DRIFT, verdicts
from .column_lineage import sync_metadata
from .failures import failure, told_to_dagster
from .frame_rows import FrameRows, load_metadata
from .held import guard_metadata, plan_metadata
from .listener import current_listener
from .metadata import (
    Metadata,
    audit_rows,
    column_schema,
    commands,
    descriptions_of,
    invalid_keys,
    outcome_metadata,
    rejected_sample,
    row_count,
)
from .model_source import ModelSource, source_of
from .pools import limit_pool
from .progress import ProgressLog
from .run_config import FORGETS, Operation, SyncRunConfig
from .specs import SyncSpecs
from .standing_checks import StandingChecks
from .state_operations import operate
from .writer import PostgresWriter, platform_of, writer_key

if TYPE_CHECKING:
    from ..frames import Load

Event = dg.MaterializeResult | dg.AssetCheckResult | dg.AssetCheckEvaluation  # type: ignore[type-arg]


ALREADY_LOGGED = "__source_asset_observation__"
"""Metadata of an output whose events the step has logged itself: Dagster then logs none again."""


@dataclass(frozen=True)
class SyncStep:
    """A sync about to run as a step.

    Args:
        context: of the step.
        sync: what to send, and how.
        specs: the assets around it.
        config: what was chosen in the launchpad.
        platform: where engine standard keeps its state; None: as the environment says.
        known: names of all syncs of the project; None: not known. A first run beside the state of
            another name for the same rows is refused: that was a rename.
        load: which rows of a DataFrame or file are sent; None for any other model, and before
            they are loaded.
    """

    context: dg.AssetExecutionContext
    sync: SyncConfig
    specs: SyncSpecs
    config: SyncRunConfig
    platform: ConnectionConfig | None = None
    known: Collection[str] | None = None
    load: Load | None = None
    _lineage: dict[tuple[str, ...], Metadata] = field(default_factory=dict, init=False)

    def run(self) -> Iterator[Event]:
        """Runs the sync, or each selected partition of it, and yields what Dagster stores.

        Where another run of the sync holds the lock, nothing is yielded: the step ends well, and
        claims no materialisation. Where only checks are asked for, nothing is sent.

        Raises:
            Failure: the sync failed for good; the message says what to do.
            RetryRequested: the same again may work.
        """
        if not self.context.selected_asset_keys:
            yield from self._checks_alone()
            return
        partitions = self._partitions()
        problem = self.config.problem(len(partitions))
        if problem is not None:
            raise failure(problem)
        limit_pool(self.context.instance, self.sync.destination, self._writer.connection.max_runs)
        yield from self._with_rows()._do(partitions)

    def _do(self, partitions: list[str | None]) -> Iterator[Event]:
        if self.config.operation is not Operation.SYNC:
            for name in partitions:
                self._operate(name)
        elif self.config.dry_run:
            for name in partitions:
                self._plan(name)
        else:
            yield from self._run_all(partitions)

    def _with_rows(self) -> SyncStep:
        """The step with the rows of its model, where they have to be loaded: once for all of it."""
        if not self.sync.model.is_frame or self.config.operation in FORGETS:
            return self
        from .. import frames  # here: loading definitions needs no database driver

        with told_to_dagster(self.context):
            if self.config.apply_plan is not None:  # its rows are in the plan
                newest = frames.with_newest(self.sync, self._source.endpoint())
                return replace(self, sync=newest)
            load = self._rows.of_this_run()
        return replace(self, sync=frames.loaded(self.sync, load), load=load)

    @property
    def _rows(self) -> FrameRows:
        model = self.sync.model.model_copy(update={"name": self.sync.model_name})
        return FrameRows(self.context, model, self.specs.model.key, self.platform)

    def _run_all(self, partitions: list[str | None]) -> Iterator[Event]:
        self._warn()
        outcomes = []
        for name in partitions:
            try:
                outcome = self._run(name)
            except dg.Failure as ended:
                yield from self._drift_behind(ended)
                raise
            if outcome is not None:
                outcomes.append(outcome)
                if len(partitions) > 1:
                    self._log(outcome, [spec.key for spec in self.specs.written])
                self._log_audit_tables(outcome)
        self._warn_of_orphans(outcomes)
        if len(outcomes) == len(partitions):
            yield from self._results(outcomes)
        if outcomes:
            yield from self._checks(outcomes)

    def _warn(self) -> None:
        """Says once, however many partitions there are, which connection is not well guarded."""
        from .. import sync as engine  # here: loading definitions needs no database driver

        with told_to_dagster(self.context):
            ends = self._source.endpoint(), self._writer.connection.endpoint()
            platform = platform_of(self.platform)
            for weakness in engine.weaknesses(self.sync, *ends, platform=platform):
                self.context.log.warning(weakness)

    def _warn_of_orphans(self, outcomes: list[Outcome]) -> None:
        """Says once what lies in the same planner and belongs to no sync of the project."""
        names = sorted({name for outcome in outcomes for name in outcome.orphans})
        if names:
            self.context.log.warning(
                f"The planner of {self.sync.name!r} has states that no sync of this project has: "
                f"{', '.join(names)}. Renamed, deleted, or another project's: "
                "`pgsync-assets state` lists them."
            )

    def _partitions(self) -> list[str | None]:
        if self.sync.partitions is None:
            return [None]
        context = self.context
        if not (context.has_partition_key or context.has_partition_key_range):
            raise failure(_no_partition(self.sync.name))
        return list(context.partition_keys)

    def _run(self, name: str | None) -> Outcome | None:
        """The outcome of one partition, or None where another run has it in hand."""
        try:
            with told_to_dagster(self.context), self._alert(name):
                outcome = self._write(self._window(name))
        except AlreadyRunning as error:
            self._tell_running(name, error)
            return None
        current_listener().on_outcome(outcome)
        return outcome

    def _write(self, partition: Partition | None) -> Outcome:
        progress = ProgressLog(self.context, self.specs.destination.key, self._partitions())
        if self.config.apply_plan is None:
            return self._writer.run(
                self.sync,
                self._source,
                platform=self.platform,
                partition=partition,
                full_resync=self.config.full_resync,
                compare_all=self.config.compare_all,
                retry_rejected=self.config.retry_rejected,
                row_limit=self.config.row_limit,
                only_rejected=self.config.only_rejected,
                known=self.known,
                by=self._me,
                on_progress=progress,
            )
        return self._writer.apply(
            self.sync,
            self._source,
            self.config.apply_plan,
            platform=self.platform,
            partition=partition,
            by=self._me,
            on_progress=progress,
        )

    def _plan(self, name: str | None) -> None:
        """Plans one partition, and tells what it would do as an observation of the table."""
        try:
            with told_to_dagster(self.context):
                preview = self._writer.plan(
                    self.sync,
                    self._source,
                    platform=self.platform,
                    partition=self._window(name),
                    full_resync=self.config.full_resync,
                    row_limit=self.config.row_limit,
                    known=self.known,
                )
        except AlreadyRunning as error:
            self._tell_running(name, error)
            return
        metadata = plan_metadata(preview, shows_values=self.sync.audit.level == "full")
        self._observe(name, metadata | load_metadata(self.load))

    def _operate(self, name: str | None) -> None:
        """Changes what is known of the sync, and tells about it as an observation of the state."""
        with told_to_dagster(self.context):
            metadata = operate(
                self.config.operation,
                self.sync,
                self._source,
                self._writer,
                self.platform,
                self._window(name),
            )
        self.context.log.info(f"{self.config.operation.value} is done: {metadata}")
        key = self.specs.planner.key
        self.context.log_event(dg.AssetObservation(key, partition=name, metadata=metadata))

    @contextmanager
    def _alert(self, name: str | None) -> Iterator[None]:
        """A guarded run is an event on the table, which an alert can wait for."""
        try:
            yield
        except GuardError as error:
            self._observe(name, guard_metadata(error))
            raise

    def _tell_running(self, name: str | None, error: AlreadyRunning) -> None:
        """Another run has the sync: said in the log, by a tag of this run, and on the table."""
        context = self.context
        context.log.warning(f"{error.message}: nothing was done here.")
        context.instance.add_run_tags(context.run.run_id, {ALREADY_RUNNING_TAG: self.sync.name})
        self._observe(name, running_metadata(error))

    @property
    def _me(self) -> str:
        return f"{DAGSTER_RUN} {self.context.run.run_id}"

    def _observe(self, name: str | None, metadata: Metadata) -> None:
        key = self.specs.destination.key
        self.context.log_event(dg.AssetObservation(key, partition=name, metadata=metadata))

    @property
    def _writer(self) -> PostgresWriter:
        found: PostgresWriter = getattr(self.context.resources, writer_key(self.sync.destination))
        return found

    @property
    def _source(self) -> ModelSource:
        sync = self.sync
        return source_of(self.context.resources, sync.source, sync.model, self.platform)

    def _window(self, name: str | None) -> Partition | None:
        if name is None or self.sync.partitions is None:
            return None
        return self.sync.partition_named(name)

    def _results(self, outcomes: list[Outcome]) -> Iterator[Event]:
        """One result for each selected asset, which steps downstream wait for."""
        selected = self.context.selected_asset_keys
        if len(outcomes) > 1:
            for spec in self.specs.written:
                if spec.key in selected:
                    yield dg.MaterializeResult(spec.key, metadata={ALREADY_LOGGED: True})
            return
        outcome = outcomes[0]
        self._log(outcome, [s.key for s in self.specs.written if s.key not in selected])
        metadata = self._metadata(outcome)
        for spec in self.specs.written:
            if spec.key in selected:
                yield dg.MaterializeResult(spec.key, metadata=metadata[spec.key])

    def _checks(self, outcomes: list[Outcome]) -> Iterator[Event]:
        selected = {check.name for check in self.context.selected_asset_check_keys}
        key = self.specs.destination.key
        for outcome in outcomes:
            for verdict in verdicts([outcome]):
                if outcome.partition and verdict.name in selected:
                    yield verdict.of_partition(key, outcome.partition)
        yield from (v.result(key) for v in verdicts(outcomes) if v.name in selected)

    def _checks_alone(self) -> Iterator[Event]:
        """By what the runs have recorded, and what both ends look like; nothing is sent."""
        selected = {check.name for check in self.context.selected_asset_check_keys}
        try:
            with told_to_dagster(self.context):
                found = list(self._standing().verdicts(selected))
        except AlreadyRunning as error:
            self.context.log.warning(f"{error.message}: it evaluates its checks itself.")
            return
        yield from (verdict.result(self.specs.destination.key) for verdict in found)

    def _drift_behind(self, ended: dg.Failure) -> Iterator[Event]:
        """Says of a run that failed which columns are others now, where that may be why."""
        selected = {check.name for check in self.context.selected_asset_check_keys}
        if SCHEMA_DRIFT in selected:
            verdict = self._standing().behind(ended)
            if verdict is not None:
                yield verdict.result(self.specs.destination.key)

    def _standing(self) -> StandingChecks:
        return StandingChecks(
            self.sync, self._source.endpoint(), self._writer.connection.endpoint(), self.platform
        )

    def _log(self, outcome: Outcome, keys: list[dg.AssetKey]) -> None:
        metadata = self._metadata(outcome)
        for key in keys:
            self.context.log_event(
                dg.AssetMaterialization(key, partition=outcome.partition, metadata=metadata[key])
            )

    def _log_audit_tables(self, outcome: Outcome) -> None:
        """The tables of the audit log have no step of their own: every run writes them."""
        if self.sync.audit.level == "off":
            return
        for key in self.specs.audit_tables.values():
            self.context.log_event(
                dg.AssetMaterialization(
                    key,
                    metadata={"pgsync/sync": self.sync.name, "pgsync/run_id": str(outcome.run_id)},
                )
            )

    def _metadata(self, outcome: Outcome) -> dict[dg.AssetKey, Metadata]:
        common = outcome_metadata(outcome) | load_metadata(self.load)
        rows = row_count(outcome)
        rejected = rejected_sample(outcome.rejections)
        return {
            self.specs.destination.key: {
                **common,
                **rows,
                **rejected,
                **column_schema(outcome.columns, descriptions=descriptions_of(self.sync)),
                **self._column_lineage(outcome),
            },
            self.specs.planner.key: {**common, **rows},
            self.specs.audit.key: {
                **commands(outcome),
                **common,
                **rejected,
                **invalid_keys(outcome.invalid_keys),
                **audit_rows(outcome),
                **batch_table(outcome),
            },
        }

    def _column_lineage(self, outcome: Outcome) -> Metadata:
        """A picture, after the rows are in: whatever is wrong with it costs the picture alone."""
        written = tuple(column.name for column in outcome.columns)
        if written not in self._lineage:
            try:
                made = sync_metadata(self._source, self.sync, self.specs, written)
            except Exception as error:
                self.context.log.warning(f"no lineage was made: {type(error).__name__}")
                made = {}
            self._lineage[written] = made
        return self._lineage[written]


def _no_partition(sync: str) -> ConfigurationError:
    return ConfigurationError(
        f"{sync!r} is partitioned and this run names no partition",
        "choose partitions in the dialog, or launch a backfill",
    )
