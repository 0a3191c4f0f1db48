"""One step of one sync: runs it, for each partition in turn, and tells Dagster what happened.

Every partition is one materialisation of each of the three assets, logged when its data has been
committed: a step that is stopped half way keeps what is done. Assets that are not selected are
updated too, because one run always writes all three.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import dagster as dg

from ..config import ConnectionConfig, Partition, SyncConfig
from ..errors import AlreadyRunning, ConfigurationError, GuardError
from ..outcome import Outcome
from .checks import verdicts
from .failures import failure, told_to_dagster
from .held import guard_metadata, preview_metadata
from .listener import current_listener
from .metadata import (
    Metadata,
    column_lineage,
    column_schema,
    invalid_keys,
    outcome_metadata,
    rejected_sample,
    row_count,
)
from .progress import ProgressLog
from .resources import PostgresConnection
from .run_config import Operation, SyncRunConfig
from .specs import SyncSpecs
from .state_operations import operate
from .writer import PostgresWriter, platform_of, writer_key

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
    """

    context: dg.AssetExecutionContext
    sync: SyncConfig
    specs: SyncSpecs
    config: SyncRunConfig
    platform: ConnectionConfig | None = None

    def run(self) -> Iterator[Event]:
        """Runs the sync, or each selected partition of it, and yields what Dagster stores.

        Where another run of the sync holds the lock, nothing is yielded: the step ends well, and
        claims no materialisation.

        Raises:
            Failure: the sync failed for good; the message says what to do.
            RetryRequested: the same again may work.
        """
        if not self.context.selected_asset_keys:
            raise failure(_only_checks(self.sync.name))
        partitions = self._partitions()
        problem = self.config.problem(len(partitions))
        if problem is not None:
            raise failure(problem)
        if self.config.operation is not Operation.SYNC:
            for name in partitions:
                self._operate(name)
        elif self.config.dry_run:
            for name in partitions:
                self._plan(name)
        else:
            yield from self._run_all(partitions)

    def _run_all(self, partitions: list[str | None]) -> Iterator[Event]:
        self._warn()
        outcomes = []
        for name in partitions:
            outcome = self._run(name)
            if outcome is not None:
                outcomes.append(outcome)
                if len(partitions) > 1:
                    self._log(outcome, [spec.key for spec in self.specs.written])
                self._log_audit_tables(outcome)
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
            self.context.log.warning(f"{error.message}: nothing was done here.")
            return None
        current_listener().on_outcome(outcome)
        return outcome

    def _write(self, partition: Partition | None) -> Outcome:
        progress = ProgressLog(self.context, self.specs.destination.key)
        if self.config.apply_plan is None:
            return self._writer.run(
                self.sync,
                self._source,
                platform=self.platform,
                partition=partition,
                full_resync=self.config.full_resync,
                compare_all=self.config.compare_all,
                retry_rejected=self.config.retry_rejected,
                on_progress=progress,
            )
        return self._writer.apply(
            self.sync,
            self._source,
            self.config.apply_plan,
            platform=self.platform,
            partition=partition,
            by=f"Dagster run {self.context.run.run_id}",
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
                )
        except AlreadyRunning as error:
            self.context.log.warning(f"{error.message}: nothing was planned here.")
            return
        metadata = preview_metadata(preview, shows_values=self.sync.audit == "full")
        self._observe(name, metadata)

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

    def _observe(self, name: str | None, metadata: Metadata) -> None:
        key = self.specs.destination.key
        self.context.log_event(dg.AssetObservation(key, partition=name, metadata=metadata))

    @property
    def _writer(self) -> PostgresWriter:
        found: PostgresWriter = getattr(self.context.resources, writer_key(self.sync.destination))
        return found

    @property
    def _source(self) -> PostgresConnection:
        found: PostgresConnection = getattr(self.context.resources, self.sync.source)
        return found

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

    def _log(self, outcome: Outcome, keys: list[dg.AssetKey]) -> None:
        metadata = self._metadata(outcome)
        for key in keys:
            self.context.log_event(
                dg.AssetMaterialization(key, partition=outcome.partition, metadata=metadata[key])
            )

    def _log_audit_tables(self, outcome: Outcome) -> None:
        """The tables of the audit log have no step of their own: every run writes them."""
        if self.sync.audit == "off":
            return
        for key in self.specs.audit_tables.values():
            self.context.log_event(
                dg.AssetMaterialization(
                    key,
                    metadata={"pgsync/sync": self.sync.name, "pgsync/run_id": str(outcome.run_id)},
                )
            )

    def _metadata(self, outcome: Outcome) -> dict[dg.AssetKey, Metadata]:
        common, rows = outcome_metadata(outcome), row_count(outcome)
        rejected = rejected_sample(outcome.rejections)
        return {
            self.specs.destination.key: {
                **common,
                **rows,
                **rejected,
                **column_schema(outcome.columns),
                **self._column_lineage(outcome),
            },
            self.specs.planner.key: {**common, **rows},
            self.specs.audit.key: {
                **common,
                **rejected,
                **invalid_keys(outcome.invalid_keys),
                **self._audit_rows(outcome),
            },
        }

    def _column_lineage(self, outcome: Outcome) -> Metadata:
        mapping = self.sync.explicit_mapping or {c.name: c.name for c in outcome.columns}
        names: dict[str, tuple[str, ...]] = {t: (name,) for name, t in mapping.items()}
        names |= {target: value.columns for target, value in self.sync.values.items()}
        model = self.specs.model.key
        return column_lineage(
            {target: [(model, name) for name in found] for target, found in names.items() if found}
        )

    def _audit_rows(self, outcome: Outcome) -> Metadata:
        return {
            "pgsync/rows_planned": outcome.planned.total,
            "pgsync/rows_failed": outcome.failed.total,
            "pgsync/rows_aborted": outcome.aborted.total,
            "pgsync/rows_invalid": outcome.invalid,
        }


def _only_checks(sync: str) -> ConfigurationError:
    return ConfigurationError(
        f"the checks of {sync!r} are part of its run and cannot be evaluated alone",
        "materialize the destination table: every run evaluates them",
    )


def _no_partition(sync: str) -> ConfigurationError:
    return ConfigurationError(
        f"{sync!r} is partitioned and this run names no partition",
        "choose partitions in the dialog, or launch a backfill",
    )
