"""The ledger of a destination that gets no table of ours: it stands beside the planner.

A batch is two transactions then, and the destination's commits first: between the two it is in, and
the ledger does not know. The next run writes it once more (at least once). The row of the ledger is
locked all that time, so that no newer run takes over; and should that session be lost, the batches
of a sync still stand in line at the destination, by a lock of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any
from uuid import UUID, uuid5

import psycopg

from ..config import SyncConfig
from ..connect import Session
from ..errors import ConfigurationError, PrivilegeError
from ..failpoints import failpoint
from ..plan import State
from ..sql import statement
from .ledger import Ledger, prepare_tables
from .modes import MODES


class DistantLedger(Ledger):
    """The ledger of one destination, in another database.

    Args:
        session: on the destination.
        keeper: on the database that holds the ledger's tables, and only for them.
        schema: in which they are.
    """

    is_exact = False

    def __init__(self, session: Session, keeper: Session, schema: str) -> None:
        super().__init__(session, schema)
        self.keeper = keeper

    @classmethod
    def prepare_at(cls, keeper: Session, schema: str, session: Session) -> DistantLedger:
        """Opens the ledger, making or migrating its tables first; see `Ledger.prepare`."""
        prepare_tables(keeper, schema)
        return cls(session, keeper, schema)

    def whereabouts(self) -> tuple[UUID, int]:
        """Which destination this is: its server and its database, as nothing of ours is there."""
        return self._identity, 0

    @cached_property
    def _identity(self) -> UUID:
        with self.session.transaction("looking at the server") as connection:
            try:
                query = statement(__package__ or "", "destination_identity.sql")
                row = connection.execute(query, {}).fetchone()
            except psycopg.errors.InsufficientPrivilege:
                raise PrivilegeError(
                    f"{self.session.name}: {connection.info.user} may not ask which server this is",
                    "as an administrator: GRANT EXECUTE ON FUNCTION pg_catalog.pg_control_system() "
                    "TO PUBLIC;",
                ) from None
        assert row is not None  # noqa: S101 - the database that we are in
        return UUID(str(row[0]))

    def knows(self, state: State) -> bool:
        """Whether this planner has written here: nobody here knows of another one."""
        return self.read(state) is not None

    @contextmanager
    def batch(
        self, doing: str, state: State
    ) -> Iterator[tuple[psycopg.Connection[Any], psycopg.Connection[Any]]]:
        """See `Ledger.batch`; the ledger's transaction is another one."""
        with self.keeper.transaction(f"{doing}: the ledger") as ledger:
            with self.session.transaction(doing) as target:
                query = statement(__package__ or "", "batch_in_line.sql")
                target.execute(query, self._key(state))
                yield target, ledger
            failpoint("destination committed")

    def _key(self, state: State) -> dict[str, Any]:
        # A planner may have written to several destinations, whose ledgers are all here.
        key = super()._key(state)
        return key | {"installation": uuid5(self._identity, str(state.installation))}


def check_replay(sync: SyncConfig, destination: Session) -> None:
    """Refuses what cannot be written twice where no ledger tells that it is in.

    Args:
        sync: the sync.
        destination: whose connection may say that there is no ledger.

    Raises:
        ConfigurationError: the mode finds no rows, so that a batch would be inserted twice.
    """
    if destination.config.schemas.ledger is None and not MODES[sync.mode].finds_rows:
        raise ConfigurationError(
            f"sync {sync.name!r}: mode {sync.mode} needs a ledger at {destination.name} "
            "(schemas: ledger is null): a batch whose COMMIT is in doubt would be inserted twice",
            "let the connection have a ledger, or choose another mode",
        )
