"""Deliveries in the ledger: rows of one name are written once.

While a delivery is under way, its batches are counted in the row of its writer, as those of a sync
are. What that row said is remembered when another delivery follows, so that none is ever written
again: not the last one, and not the one before.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg

from ..errors import FencedOff, OtherRows
from ..failpoints import failpoint
from ..outcome import Counts
from ..plan import Batches, Run, State
from ..sql import statement
from .ledger import Ledger, Reject

NO_PLANNER = UUID(int=0)
"""Installation of deliveries: whoever writes under a writer's name is that writer."""


@dataclass(frozen=True)
class Offered:
    """A delivery that somebody wants to be in.

    Args:
        writer: its name in the ledger.
        partition: the slice that it is about, or empty.
        delivery: its name.
        content: changes with its rows and where they go.
        planned: its rows.
        batch_ends: last row of each batch, where it is a new one.
    """

    writer: str
    partition: str
    delivery: str
    content: str
    planned: int
    batch_ends: tuple[int, ...]


@dataclass(frozen=True)
class KnownDelivery:
    """What the ledger remembers of a delivery.

    Args:
        id: its number.
        begun_at: by the destination's clock.
        content: of its rows and where they go.
        planned: its rows.
        batch_ends: last row of each batch.
        applied: rows that the table took, as far as it had come when that was written down.
        rejected: rows that it refused.
        is_finished: all batches are in.
    """

    id: int
    begun_at: dt.datetime
    content: str
    planned: int
    batch_ends: list[int]
    applied: int
    rejected: int
    is_finished: bool


@dataclass(frozen=True)
class Begun:
    """A delivery that is under way, by this process alone.

    Args:
        state: as the ledger knows its writer.
        plan: how its rows are cut.
        done: batches that are in.
    """

    state: State
    plan: Batches
    done: int


class Deliveries:
    """One delivery, as the ledger sees it. The writer's lock has to be held.

    Args:
        ledger: of the destination.
        offered: the delivery.
    """

    def __init__(self, ledger: Ledger, offered: Offered) -> None:
        self._ledger = ledger
        self._offered = offered

    def finished(self) -> KnownDelivery | None:
        """What is known of it, where it is in; None where there is something to do.

        Raises:
            OtherRows: the delivery of this name had other rows.
        """
        with self._ledger.session.transaction("looking for the delivery") as connection:
            known = self._find(connection)
        return known if known and known.is_finished else None

    def begin(self) -> Begun:
        """Takes it up where it was left; from here on nobody else writes for this writer.

        Raises:
            OtherRows: the delivery of this name had other rows.
        """
        offered = self._offered
        with self._ledger.session.transaction("beginning the delivery") as connection:
            fence = self._number(connection, "delivery_fence.sql")
            self._execute(connection, "delivery_keep.sql")
            self._execute(connection, "delivery_begin.sql")
            known = self._find(connection)
            assert known is not None  # noqa: S101 - it was inserted, or was there
            done = self._number(connection, "delivery_enter.sql", run=known.id)
        failpoint("delivery begun")
        return Begun(
            state=_state(offered, fence),
            plan=Batches(
                run=Run(known.id, known.begun_at, offered.partition),
                batch_size=max(1, offered.planned),
                counts=Counts(added=offered.planned),
                is_full=True,
                batch_ends=tuple(known.batch_ends),
            ),
            done=done,
        )

    def finish(self) -> KnownDelivery:
        """Notes that all batches are in.

        Raises:
            FencedOff: another process took this writer over.
        """
        with self._ledger.session.transaction("finishing the delivery") as connection:
            self._execute(connection, "delivery_keep.sql")
            known = self._find(connection)
        if known is None or not known.is_finished:
            raise FencedOff(f"{self._offered.writer}: another process took this writer over")
        failpoint("delivery finished")
        return known

    def rejects(self, known: KnownDelivery) -> list[Reject]:
        """Its refused rows, in their order."""
        return self._ledger.rejects(_state(self._offered, 0), known.id)

    def _find(self, connection: psycopg.Connection[Any]) -> KnownDelivery | None:
        row = self._execute(connection, "delivery_find.sql").fetchone()
        known = KnownDelivery(*row) if row else None
        if known is not None and known.content != self._offered.content:
            raise OtherRows(
                f"{self._offered.writer}: the delivery {self._offered.delivery!r} was "
                f"{'completed' if known.is_finished else 'begun'} with other rows ({known.planned} "
                f"then, {self._offered.planned} now), or with another table, columns or mode",
                "nothing was written; give rows that are new a delivery of their own, as in "
                'delivery="2024-05-01"',
            )
        return known

    def _number(self, connection: psycopg.Connection[Any], name: str, **values: Any) -> int:
        row = self._execute(connection, name, **values).fetchone()
        assert row is not None  # noqa: S101 - RETURNING of a row that is there
        return int(row[0])

    def _execute(
        self, connection: psycopg.Connection[Any], name: str, **values: Any
    ) -> psycopg.Cursor[Any]:
        offered = self._offered
        return connection.execute(
            statement(__package__ or "", name, ledger=self._ledger.schema),
            {
                "installation": NO_PLANNER,
                "sync": offered.writer,
                "partition": offered.partition,
                "delivery": offered.delivery,
                "content": offered.content,
                "planned": offered.planned,
                "batch_ends": list(offered.batch_ends),
                **values,
            },
        )


def _state(offered: Offered, fence: int) -> State:
    """A state without a snapshot: nothing is known of what the table has."""
    return State(
        id=0,
        sync=offered.writer,
        partition=offered.partition,
        epoch=fence,
        shape=None,
        row_count=0,
        ledger=None,
        ledger_run=None,
        installation=NO_PLANNER,
    )
