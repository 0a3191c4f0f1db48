"""The heart of a run on a worker: it says that it lives, and hears that it shall end."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from .claims import Claims

BEAT_S = 2.0
_log = logging.getLogger(__name__)


@contextmanager
def beating(claims: Claims, run_id: str, worker: str) -> Iterator[None]:
    """Beats as long as the block lasts; interrupts it where the run shall end.

    Args:
        claims: with the run, which is ours.
        run_id: of the run.
        worker: that has it.
    """
    is_over = threading.Event()
    heart = threading.Thread(
        target=_beat, args=(claims, run_id, worker, is_over), name="pgsync beat", daemon=True
    )
    heart.start()
    try:
        yield
    finally:
        is_over.set()
        heart.join()


def _beat(claims: Claims, run_id: str, worker: str, is_over: threading.Event) -> None:
    while not is_over.wait(BEAT_S):
        try:
            claim = claims.beat(run_id, worker)
        except sa.exc.SQLAlchemyError as error:  # Dagster's storage is away: nobody looks either
            _log.warning("%s: cannot beat: %s", worker, type(error).__name__)
            continue
        if claim is None:
            _log.warning("%s: run %s was taken away; it is stopped", worker, run_id[:8])
        if (claim is None or claim.is_cancelled) and not is_over.is_set():
            os.kill(os.getpid(), signal.SIGINT)  # once: what the run does at its end takes a while
            is_over.wait()
