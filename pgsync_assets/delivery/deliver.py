"""The story of a delivery: check, spool, look for what is in already, write the rest.

Everything about the table and the types is settled before the first row is written; then batches
go the way of a sync's. Whatever interrupts them, the same delivery goes on behind its last batch.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from ..config import SyncConfig
from ..connect import Endpoint, tried
from ..errors import ConfigurationError
from ..log import Log, RunLog, about_writer, prepare_log
from ..model import ColumnMapping
from ..plan import Lock, locked
from ..write import (
    BatchWriter,
    Deliveries,
    Job,
    Ledger,
    Offered,
    Target,
    fit,
    own_model,
    read_target,
)
from .fill import fill
from .keys import refuse_invalid_keys
from .order import Order
from .result import Delivered, RejectedRow
from .rows import read
from .spool import Spool
from .told import stops_told, tell_finished


@dataclass(frozen=True)
class Fitted:
    """An order that the table can take.

    Args:
        order: as it was asked for.
        sync: which writes the same way.
        target: the table.
        mapping: which column goes where.
    """

    order: Order
    sync: SyncConfig
    target: Target
    mapping: ColumnMapping


def deliver(order: Order, given: object, endpoint: Endpoint) -> Delivered:
    """Writes rows that the caller has, each once, however often the same delivery is tried.

    Args:
        order: where they go, and under which name.
        given: the rows, see `rows.GivenRows`; read once, from the beginning to the end.
        endpoint: the destination.

    Raises:
        ConfigurationError: rows or order cannot be right; nothing was written.
        DestinationError: the table cannot take the rows; nothing was written.
        PrivilegeError: a right is missing; nothing was written.
        OtherRows: the same delivery was begun with other rows; nothing was written.
        AlreadyRunning: the same writer is at work elsewhere; nothing was written.
        TooManyRejectedRows: what was in before stays; the same delivery goes on behind it.
        TransientError: it failed several times; the same delivery goes on behind what is in.
        FencedOff: another process took this writer over.
    """
    began = time.monotonic()
    rows = read(given, order.columns)
    fitted = tried(lambda: _fitted(order, rows.columns, endpoint))
    with Spool(fitted.sync.batch_size, fitted.sync.batch_bytes) as spool:
        fill(spool, rows, fitted.target)
        offered = Offered(
            writer=order.name,
            partition=order.partition,
            delivery=order.delivery,
            content=order.fingerprint(rows.columns, spool.digest),
            planned=spool.count,
            batch_ends=spool.batch_ends,
        )
        return tried(lambda: _delivered(fitted, offered, spool, endpoint, began))


def _fitted(order: Order, columns: tuple[str, ...], endpoint: Endpoint) -> Fitted:
    """Everything that can be known without the rows."""
    sync = order.sync(endpoint.name, columns)
    _ledger_schema(order, endpoint)
    with endpoint.session(f"pgsync/{order.writer}") as session:
        target = read_target(session, order.table)
        return Fitted(order, sync, target, fit(sync, own_model(target, columns, order.key), target))


def _ledger_schema(order: Order, endpoint: Endpoint) -> str:
    schema = endpoint.config.schemas.ledger
    if schema is None:
        raise ConfigurationError(
            f"writer {order.writer!r}: {endpoint.name} has no ledger (schemas: ledger is null); "
            "which rows of a delivery are in is known by a ledger only",
            "let the connection have a ledger, or make it a sync",
        )
    return schema


def _delivered(
    fitted: Fitted, offered: Offered, spool: Spool, endpoint: Endpoint, began: float
) -> Delivered:
    name, schema = f"pgsync/{fitted.order.writer}", _ledger_schema(fitted.order, endpoint)
    with endpoint.session(name) as session, endpoint.session(f"{name} lock") as lock_session:
        ledger = Ledger.prepare(session, schema)
        with locked(lock_session, schema, offered.writer, offered.partition) as lock:
            deliveries = Deliveries(ledger, offered)
            log = _log_of(fitted, offered, ledger)
            found = deliveries.finished()
            with stops_told(log, offered.partition):
                sent = 0 if found else _write(fitted, deliveries, ledger, spool, lock, log)
                known = found or deliveries.finish()
            tell_finished(log, offered.partition, known)
        rejects = deliveries.rejects(known)
    return Delivered(
        delivery=offered.delivery,
        table=fitted.order.table,
        planned=known.planned,
        written=known.applied,
        rejected=known.rejected,
        rejects=tuple(
            RejectedRow(r.plan_row, r.sqlstate, r.constraint, r.column, r.reason) for r in rejects
        ),
        bytes=sent,
        seconds=time.monotonic() - began,
        already_delivered=found is not None,
    )


def _log_of(fitted: Fitted, offered: Offered, ledger: Ledger) -> Log | None:
    """The log of the destination; None where it keeps none. The ledger numbers the deliveries."""
    schema = ledger.session.config.schemas.log
    if schema is None:
        return None
    prepare_log(ledger.session, schema)
    about = about_writer(offered.writer, fitted.sync, fitted.mapping.targets)
    return Log(ledger.session, schema, about, ledger.identity(), offered.partition)


def _write(
    fitted: Fitted,
    deliveries: Deliveries,
    ledger: Ledger,
    spool: Spool,
    lock: Lock,
    log: Log | None,
) -> int:
    """Writes the batches that are not in yet; bytes sent."""
    begun = deliveries.begin()
    run = RunLog(log, begun.plan.run.id) if log else None
    if run is not None:
        run.begin(begun.plan.run.partition, begun.plan.batches, begun.plan.counts.total)
    job = Job(
        sync=fitted.sync,
        rows=spool,
        ledger=ledger,
        state=begun.state,
        plan=begun.plan,
        target=fitted.target,
        mapping=fitted.mapping,
        log=run,
    )
    refuse_invalid_keys(job, spool, fitted.order.key)
    writer = BatchWriter(job)
    for batch in range(begun.done + 1, begun.plan.batches + 1):
        lock.check()
        writer.write(batch)
    return writer.bytes
