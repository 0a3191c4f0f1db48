"""The events of one run, sorted out: what was meant to be done, what was, and why not.

Of a failure only what is ours is taken: the text of anybody else's error may hold values of rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import dagster as dg
from dagster import DagsterEventType

from ...printable import cut, printable
from ..connection_tests import TEST_CONNECTIONS

_READ = {
    DagsterEventType.ASSET_MATERIALIZATION_PLANNED,
    DagsterEventType.ASSET_MATERIALIZATION,
    DagsterEventType.ASSET_CHECK_EVALUATION,
    DagsterEventType.STEP_START,
    DagsterEventType.STEP_SUCCESS,
    DagsterEventType.STEP_FAILURE,
}


_ROW_COUNTS = ("row_count", "partition_row_count")


@dataclass(frozen=True)
class Failure:
    """Why a step failed, as far as it may be told.

    Args:
        error: name of the exception's class.
        message: ours; None for any other, which could hold anything.
        remedy: ours.
        metadata: ours, numbers and texts only.
        step: of Dagster.
    """

    error: str
    message: str | None
    remedy: str | None
    metadata: Mapping[str, Any]
    step: str


@dataclass(frozen=True)
class Written:
    """A materialisation of a sync's table.

    Args:
        partition: its key, if any.
        metadata: numbers and texts of ours.
        sqlstates: of the refused rows that are shown.
        at: seconds since 1970.
    """

    partition: str | None
    metadata: Mapping[str, Any]
    sqlstates: tuple[str, ...]
    at: float

    def count(self, *names: str) -> int:
        """The sum of numbers of the metadata.

        Args:
            names: without `pgsync/`.
        """
        found = (self.metadata.get(f"pgsync/{name}") for name in names)
        return sum(int(value) for value in found if isinstance(value, int))

    @property
    def sent(self) -> int:
        """Rows that the destination took."""
        return self.count("rows_added", "rows_changed", "rows_removed")

    @property
    def rows(self) -> int | None:
        """Rows that the sync, or its partition, has at the destination; None: not told."""
        found = (self.metadata.get(f"dagster/{name}") for name in _ROW_COUNTS)
        return next((int(value) for value in found if isinstance(value, int)), None)

    @property
    def seconds(self) -> float:
        """How long it took."""
        found = self.metadata.get("pgsync/seconds_total")
        return float(found) if isinstance(found, int | float) else 0.0


@dataclass
class Events:
    """Events of one run.

    Args:
        planned: assets that it was to materialise.
        written: materialisations of ours, by key.
        started: when steps began, by name; seconds since 1970.
        done: steps that succeeded.
        failures: of steps, by name.
        checks: that were evaluated.
        tested: tables of the job that tests connections, by connection.
    """

    planned: set[dg.AssetKey] = field(default_factory=set)
    written: dict[dg.AssetKey, list[Written]] = field(default_factory=dict)
    started: dict[str, float] = field(default_factory=dict)
    done: set[str] = field(default_factory=set)
    failures: dict[str, Failure] = field(default_factory=dict)
    checks: list[dg.AssetCheckEvaluation] = field(default_factory=list)
    tested: dict[str, Any] = field(default_factory=dict)


def read_events(instance: dg.DagsterInstance, run: dg.DagsterRun) -> Events:
    """Reads the events of a run that say something about syncs.

    Args:
        instance: of Dagster.
        run: any.
    """
    found = Events()
    tests = {DagsterEventType.STEP_OUTPUT} if run.job_name == TEST_CONNECTIONS else set()
    for record in instance.get_records_for_run(run.run_id, of_type=_READ | tests).records:
        entry = record.event_log_entry
        event = entry.dagster_event
        if event is not None:
            _SORT[event.event_type](found, entry, event)
    return found


def _planned(found: Events, _entry: Any, event: dg.DagsterEvent) -> None:
    if event.asset_key is not None:
        found.planned.add(event.asset_key)


def _materialized(found: Events, entry: Any, event: dg.DagsterEvent) -> None:
    written = written_of(entry)
    if written is not None and event.asset_key is not None:
        found.written.setdefault(event.asset_key, []).append(written)


def _checked(found: Events, _entry: Any, event: dg.DagsterEvent) -> None:
    found.checks.append(event.asset_check_evaluation_data)


def _began(found: Events, entry: Any, event: dg.DagsterEvent) -> None:
    found.started.setdefault(event.step_key or "", entry.timestamp)


def _done(found: Events, _entry: Any, event: dg.DagsterEvent) -> None:
    found.done.add(event.step_key or "")


def _failed(found: Events, _entry: Any, event: dg.DagsterEvent) -> None:
    data = event.step_failure_data
    told = data.user_failure_data
    metadata = {name: value.value for name, value in (told.metadata if told else {}).items()}
    step = event.step_key or ""
    error = data.error
    while error is not None and error.cause is not None:
        error = error.cause
    name = cut(printable(error.cls_name or "Exception"), 80) if error else "Exception"
    if told is None or "pgsync/error" not in metadata:
        found.failures[step] = Failure(name, None, None, {}, step)
        found.tested |= metadata
        return
    message = (told.description or "").split("\n  -> ")[0]
    remedy = metadata.get("pgsync/remedy")
    found.failures[step] = Failure(
        str(metadata["pgsync/error"]), message, str(remedy) if remedy else None, metadata, step
    )


def _output(found: Events, _entry: Any, event: dg.DagsterEvent) -> None:
    metadata = event.step_output_data.metadata
    found.tested |= {name: value.value for name, value in metadata.items()}


_SORT = {
    DagsterEventType.ASSET_MATERIALIZATION_PLANNED: _planned,
    DagsterEventType.ASSET_MATERIALIZATION: _materialized,
    DagsterEventType.ASSET_CHECK_EVALUATION: _checked,
    DagsterEventType.STEP_START: _began,
    DagsterEventType.STEP_SUCCESS: _done,
    DagsterEventType.STEP_FAILURE: _failed,
    DagsterEventType.STEP_OUTPUT: _output,
}


def written_of(entry: Any) -> Written | None:
    """What a materialisation says, where a sync has made it.

    Args:
        entry: of the event log.
    """
    made: dg.AssetMaterialization | None = entry.asset_materialization
    if made is None or "pgsync/run_id" not in made.metadata:
        return None
    plain = {
        name: value.value
        for name, value in made.metadata.items()
        if isinstance(value.value, int | float | str)
    }
    refused: Any = made.metadata.get("pgsync/rejected_rows")
    states = (record.data.get("sqlstate") for record in refused.records) if refused else ()
    return Written(
        made.partition,
        plain,
        tuple(sorted({str(state) for state in states if state})),
        entry.timestamp,
    )
