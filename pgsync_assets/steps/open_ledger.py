"""Where the ledger of a destination is: there, or beside the planner; and its log, if any."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..connect import Endpoint, Session
from ..log import prepare_log
from ..write import DistantLedger, Ledger


@contextmanager
def open_ledger(home: Endpoint, writer: Session, application: str) -> Iterator[Ledger]:
    """The ledger, made or migrated first, for the length of the block. So is the log.

    Args:
        home: where the planner is.
        writer: on the destination, whose connection says where its ledger is.
        application: what pg_stat_activity shows of a session of its own.
    """
    schema, log = writer.config.schemas.ledger, writer.config.schemas.log
    if log is not None:
        prepare_log(writer, log)
    if schema is not None:
        yield Ledger.prepare(writer, schema)
        return
    with home.session(f"{application} ledger") as keeper:
        yield DistantLedger.prepare_at(keeper, home.config.schemas.planner, writer)
