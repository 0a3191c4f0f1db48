"""What a worker does: `celery -A pgsync_assets.assets.workers.app worker` runs it.

`pgsync-assets worker` starts it with the right options. A run gets a process of its own, forked
for it, so that it reads the definitions as they are then.
"""

from __future__ import annotations

import logging
import signal
import warnings
from typing import Any

import dagster as dg
from celery import Celery
from dagster._cli.api import _execute_run_command_body
from dagster._utils.interrupts import capture_interrupts

from .beating import beating
from .broker import TASK, broker_of, celery_app
from .claims import WORKER_TAG, Claims

FORMAT = "%(asctime)s %(message)s"
_log = logging.getLogger(__name__)


def execute(task: Any, run_id: str) -> None:
    """Does a run, unless it is somebody else's, or has ended.

    Args:
        task: of Celery; its worker's name is in it.
        run_id: of the run.
    """
    worker, short = task.request.hostname, run_id[:8]
    with dg.DagsterInstance.get() as instance:
        claims = Claims(instance)
        if not claims.take(run_id, worker):
            _log.info("%s: run %s is with another worker", worker, short)
            return
        try:
            if _is_wanted(instance, run_id):
                instance.add_run_tags(run_id, {WORKER_TAG: worker})
                _log.info("%s: run %s begins", worker, short)
                _execute(instance, claims, run_id, worker)
            run = instance.get_run_by_id(run_id)
            _log.info("%s: run %s is %s", worker, short, run and run.status.value.lower())
        finally:
            claims.drop(run_id, worker)


def _is_wanted(instance: dg.DagsterInstance, run_id: str) -> bool:
    run = instance.get_run_by_id(run_id)
    if run is not None and run.status is dg.DagsterRunStatus.CANCELING:
        instance.report_run_canceled(run)
        return False
    return run is not None and not run.is_finished


def _execute(instance: dg.DagsterInstance, claims: Claims, run_id: str, worker: str) -> None:
    before = signal.getsignal(signal.SIGTERM)
    try:
        with capture_interrupts(), beating(claims, run_id, worker):
            _execute_run_command_body(run_id, instance, lambda event: None, True)
    finally:
        signal.signal(signal.SIGTERM, before)  # Dagster makes it what SIGINT is: ignored by Celery


def _app() -> Celery:
    with dg.DagsterInstance.get() as instance:
        made = celery_app(broker_of(instance))
    made.conf.worker_log_format = made.conf.worker_task_log_format = FORMAT
    _log.setLevel(logging.INFO)
    warnings.simplefilter("ignore", dg.BetaWarning)  # of Dagster about its own parts
    warnings.simplefilter("ignore", dg.PreviewWarning)
    made.task(execute, name=TASK, bind=True)
    return made


app = _app()
