"""Dagster's Celery launcher, which also notices that a worker is gone, and can end any run.

Dagster's own asks Celery: a task that has begun is `STARTED` for ever, whatever became of its
worker, and ending a run needs a broker that can reach one worker, which PostgreSQL cannot. Here
both are asked of Dagster's storage (`claims.py`), so that they are the same with every broker.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import dagster as dg
from celery import Celery
from dagster._core.events import EngineEventData
from dagster._core.launcher import (
    CheckRunHealthResult,
    LaunchRunContext,
    ResumeRunContext,
    WorkerStatus,
)
from dagster._serdes import ConfigurableClassData
from dagster_celery.launcher import CeleryRunLauncher
from dagster_celery.tags import DAGSTER_CELERY_QUEUE_TAG, DAGSTER_CELERY_TASK_ID_TAG

from .broker import QUEUE, TASK, Broker, broker_of, celery_app
from .claims import Claims
from .watch import Watch

LOST_AFTER_S = 30
NOBODY = ""
_ALIVE = CheckRunHealthResult(WorkerStatus.RUNNING)
# A broker that is being restarted is waited for, about a minute.
_TRIES = {"max_retries": 30, "interval_start": 0.5, "interval_step": 0.5, "interval_max": 2.0}


class WorkerRunLauncher(CeleryRunLauncher):
    """Runs are Celery tasks; which worker has one, and whether it lives, is in Dagster's storage.

    Args:
        lost_after_seconds: a worker that does not beat for so long is taken for dead.
        inst_data: of Dagster.
    """

    def __init__(
        self,
        lost_after_seconds: int = LOST_AFTER_S,
        inst_data: ConfigurableClassData | None = None,
    ) -> None:
        super().__init__(default_queue=QUEUE, inst_data=inst_data)
        self._watch = Watch(lost_after_seconds)
        self._lost_after_s = lost_after_seconds

    @classmethod
    def config_type(cls) -> Any:
        """What `config:` of the launcher may have; the broker is a variable (`PGSYNC_BROKER`)."""
        return {"lost_after_seconds": dg.Field(int, default_value=LOST_AFTER_S)}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData, config_value: Mapping[str, Any]
    ) -> WorkerRunLauncher:
        """Made by Dagster, from `dagster.yaml`."""
        return cls(inst_data=inst_data, **config_value)

    @cached_property
    def _broker(self) -> Broker:
        return broker_of(self._instance)

    @cached_property
    def _app(self) -> Celery:
        return celery_app(self._broker)

    @cached_property
    def _claims(self) -> Claims:
        return Claims(self._instance)

    def launch_run(self, context: LaunchRunContext) -> None:
        """Hands a run to the broker.

        Args:
            context: of a run in status `STARTING`.
        """
        run, task_id, queue = context.dagster_run, str(uuid.uuid4()), _queue_of(context)
        # Before a worker can have it: both would write the run's tags at once.
        self._instance.add_run_tags(run.run_id, {DAGSTER_CELERY_TASK_ID_TAG: task_id})
        self._claims.sweep()
        self._app.send_task(
            TASK, [run.run_id], task_id=task_id, queue=queue, retry=True, retry_policy=_TRIES
        )
        self._broker.sweep()
        self._instance.report_engine_event(
            f"The run waits for a worker of queue {queue}",
            run,
            EngineEventData({"broker": self._broker.place, "queue": queue, "task": task_id}),
            cls=type(self),
        )

    def terminate(self, run_id: str) -> bool:
        """Ends a run: its worker finds that out at its next beat; one that waits ends at once.

        Args:
            run_id: of the run.

        Returns:
            Whether there was something to end.
        """
        run = self._instance.get_run_by_id(run_id)
        if run is None or run.is_finished:
            return False
        self._instance.report_run_canceling(run)
        if self._claims.cancel(run_id):
            return True
        if not self._claims.take(run_id, NOBODY):  # a worker has just come first
            return self._claims.cancel(run_id)
        run = self._instance.get_run_by_id(run_id)
        if run is not None and not run.is_finished:
            self._instance.report_run_canceled(run, "The run was canceled before a worker had it.")
        self._claims.drop(run_id, NOBODY)
        return True

    @property
    def supports_resume_run(self) -> bool:
        """No: another run goes on, with a worker of its own (`run_retries`)."""
        return False

    def resume_run(self, context: ResumeRunContext) -> None:
        """Never called: see `supports_resume_run`."""
        raise NotImplementedError(
            "set max_resume_run_attempts to 0: run_retries starts another run"
        )

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """Whether the worker that has a run still beats.

        Args:
            run: in status `STARTED`.

        Returns:
            `FAILED` when it has not for `lost_after_seconds`, or nobody has the run; then it has
            lost the run, too, and stops if it lives after all.
        """
        if DAGSTER_CELERY_TASK_ID_TAG not in run.tags:
            return _ALIVE  # not of a worker: it runs inside some Python process
        claim = self._claims.of(run.run_id)
        if claim is None:
            return _failed("its worker gave it up without ending it")
        if not self._watch.is_lost(run.run_id, claim.beats):
            return _ALIVE
        self._claims.drop(run.run_id, claim.worker)
        return _failed(f"worker {claim.worker} was not heard of for {self._lost_after_s} seconds")

    def get_run_worker_debug_info(
        self, run: dg.DagsterRun, include_container_logs: bool | None = True
    ) -> str | None:
        """Who has a run, for the message of one that did not start in time."""
        claim = self._claims.of(run.run_id)
        if claim is None:
            return "No worker has it. Are workers running, and listening to its queue?"
        return f"Worker {claim.worker} has it."


def _queue_of(context: LaunchRunContext) -> str:
    """By a tag of the run, else by the one that all of its assets with such a tag have."""
    run, workspace = context.dagster_run, context.workspace
    if DAGSTER_CELERY_QUEUE_TAG in run.tags or workspace is None:
        return run.tags.get(DAGSTER_CELERY_QUEUE_TAG, QUEUE)
    graph = workspace.asset_graph
    known = [graph.get(key).tags for key in run.asset_selection or () if graph.has(key)]
    named = {tags[DAGSTER_CELERY_QUEUE_TAG] for tags in known if DAGSTER_CELERY_QUEUE_TAG in tags}
    return named.pop() if len(named) == 1 else QUEUE


def _failed(why: str) -> CheckRunHealthResult:
    return CheckRunHealthResult(WorkerStatus.FAILED, why)
