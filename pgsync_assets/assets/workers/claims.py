"""Which worker has which run, and whether it still beats: one small table in Dagster's storage.

A run belongs to whoever writes its row first, so a message that a broker delivers twice starts
nothing twice. The row goes when the run ends, or is taken away: from a worker that is taken for
dead, which finds out at its next beat and stops. Beats are counted, and times are those of whoever
looks: the clocks of the machines do not have to agree.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import dagster as dg
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from .storage import storage_of

_TABLE = sa.Table(
    "pgsync_run_workers",
    sa.MetaData(),
    sa.Column("run_id", sa.Text, primary_key=True),
    sa.Column("worker", sa.Text, nullable=False),
    sa.Column("beats", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("is_cancelled", sa.Boolean, nullable=False, server_default="false"),
    sa.Column("claimed_at", sa.TIMESTAMP(True), nullable=False, server_default=sa.func.now()),
    sa.Column("beat_at", sa.TIMESTAMP(True), nullable=False, server_default=sa.func.now()),
)
WORKER_TAG = "pgsync/worker"
"""Tag of a run: the worker that has it, or had it."""
KEPT_FOR = dt.timedelta(days=1)
_LOCK = sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(_TABLE.name)))


@dataclass(frozen=True)
class Claim:
    """A run that a worker has."""

    worker: str
    beats: int
    is_cancelled: bool


class Claims:
    """The table of an instance; it is made where it is not there.

    Args:
        instance: kept in PostgreSQL.

    Raises:
        ConfigurationError: it is not.
    """

    def __init__(self, instance: dg.DagsterInstance) -> None:
        self._storage = storage_of(instance)
        with self._storage.connect() as connection, connection.begin():
            connection.execute(_LOCK)  # workers that start together
            _TABLE.create(connection, checkfirst=True)

    def take(self, run_id: str, worker: str) -> bool:
        """Claims a run; says whether nobody has it.

        Args:
            run_id: of the run.
            worker: that will do it; empty: nobody ever shall.
        """
        row = postgresql.insert(_TABLE).values(run_id=run_id, worker=worker)
        return self._changes(row.on_conflict_do_nothing())

    def beat(self, run_id: str, worker: str) -> Claim | None:
        """Says that a worker is alive; None where the run is no longer its own."""
        beat = sa.update(_TABLE).where(_is_of(run_id, worker))
        beat = beat.values(beats=_TABLE.c.beats + 1, beat_at=sa.func.now())
        return self._one(beat.returning(_TABLE))

    def of(self, run_id: str) -> Claim | None:
        """Who has a run; None where nobody has."""
        return self._one(sa.select(_TABLE).where(_TABLE.c.run_id == run_id))

    def cancel(self, run_id: str) -> bool:
        """Asks the worker that has a run to end it; says whether one has it."""
        cancelled = sa.update(_TABLE).where(_TABLE.c.run_id == run_id).values(is_cancelled=True)
        return self._changes(cancelled)

    def drop(self, run_id: str, worker: str) -> None:
        """The run has ended, or is taken away from its worker."""
        self._changes(sa.delete(_TABLE).where(_is_of(run_id, worker)))

    def sweep(self) -> None:
        """Forgets claims of workers that died where nobody looked; a run that is on beats."""
        self._changes(sa.delete(_TABLE).where(_TABLE.c.beat_at < sa.func.now() - KEPT_FOR))

    def _one(self, statement: sa.Executable) -> Claim | None:
        with self._storage.connect() as connection, connection.begin():
            row = connection.execute(statement).one_or_none()
        return Claim(row.worker, row.beats, row.is_cancelled) if row else None

    def _changes(self, statement: sa.Executable) -> bool:
        with self._storage.connect() as connection, connection.begin():
            return connection.execute(statement).rowcount > 0


def _is_of(run_id: str, worker: str) -> sa.ColumnElement[bool]:
    return sa.and_(_TABLE.c.run_id == run_id, _TABLE.c.worker == worker)
