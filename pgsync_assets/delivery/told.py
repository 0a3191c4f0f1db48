"""The log of the destination is told how a delivery ended; see `steps/told.py` for a sync."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import ConnectionLost, PgsyncError, TerminalError, TransientError
from ..log import Ended, Log, sqlstate_of, untold
from ..write import KnownDelivery


def tell_finished(log: Log | None, partition: str, delivery: KnownDelivery) -> None:
    """All of a delivery is in.

    Args:
        log: of the writer; None where the destination keeps none.
        partition: the slice that it is about, or empty.
        delivery: as the ledger remembers it.
    """
    if log is None:
        return
    ended = Ended(
        delivery.id,
        partition,
        "succeeded",
        batches=len(delivery.batch_ends),
        planned=delivery.planned,
        written=delivery.applied,
        rejected=delivery.rejected,
    )
    try:
        known = log.known()
        if delivery.id in known.open or delivery.id > (known.newest or 0):
            log.end([ended])
    except PgsyncError as problem:
        untold(log.about.sync, problem)


@contextmanager
def stops_told(log: Log | None, partition: str) -> Iterator[None]:
    """Tells the log what stops a delivery.

    Args:
        log: of the writer; None where the destination keeps none.
        partition: the slice that it is about, or empty.
    """
    try:
        yield
    except (TerminalError, TransientError) as error:
        if log is not None and not isinstance(error, ConnectionLost):
            _tell_stopped(log, partition, error)
        raise


def _tell_stopped(log: Log, partition: str, error: PgsyncError) -> None:
    sqlstate = sqlstate_of(error)
    try:
        if isinstance(error, TransientError):
            log.interrupt(error.message, sqlstate)
            return
        failed = [
            Ended(run, partition, "failed", error=error.message, sqlstate=sqlstate)
            for run in log.known().open
        ]
        if failed:
            log.end(failed)
    except PgsyncError as problem:
        untold(log.about.sync, problem)
