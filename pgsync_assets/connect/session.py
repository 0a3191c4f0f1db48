"""A live session, and transactions in which every setting that matters is pinned."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql

from ..config import ConnectionConfig
from ..sql import statement
from .failures import translated

REPEATABLE_READ = sql.SQL("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
READ_ONLY = sql.SQL("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")


class Session:
    """One connection to one PostgreSQL; all work happens in its transactions.

    Args:
        name: name of the connection in the configuration, for messages.
        config: search path, schemas, timeouts.
        connection: open, in autocommit mode.
    """

    def __init__(
        self, name: str, config: ConnectionConfig, connection: psycopg.Connection[Any]
    ) -> None:
        self.name = name
        self.config = config
        self.connection = connection

    @contextmanager
    def transaction(
        self, doing: str, begin: sql.SQL | None = None
    ) -> Iterator[psycopg.Connection[Any]]:
        """A transaction with pinned settings; rolled back when the block raises.

        Args:
            doing: what the block does, for messages; the connection's name is put in front.
            begin: REPEATABLE_READ or READ_ONLY; default is READ COMMITTED.

        Raises:
            PgsyncError: what psycopg raised inside, translated. After ConnectionLost it is
                unknown whether a COMMIT arrived.
        """
        with (
            translated(f"{self.name}: {doing}", self.connection),
            self.connection.transaction(),
        ):
            if begin is not None:
                self.connection.execute(begin)
            self.connection.execute(
                statement(__package__, "pins.sql"),
                {
                    "search_path": self._search_path(),
                    "time_zone": self.config.time_zone,
                    "lock_timeout": f"{int(self.config.lock_timeout_s * 1000)}ms",
                },
            )
            yield self.connection

    def _search_path(self) -> str:
        names = (*self.config.search_path, "pg_temp")  # last, so that nothing hides behind it
        return ", ".join(sql.Identifier(name).as_string(self.connection) for name in names)
