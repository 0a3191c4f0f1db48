"""A live session, and transactions in which every setting that matters is pinned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql

from ..config import ConnectionConfig
from ..errors import ConfigurationError
from ..sql import statement
from .failures import translated

REPEATABLE_READ = sql.SQL("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
READ_ONLY = sql.SQL("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")

LONGEST_NAME = 63  # bytes
KEPT_END = 16  # characters, of a name that is cut in its middle


class Session:
    """One connection to one PostgreSQL; all work happens in its transactions.

    Args:
        name: name of the connection in the configuration, for messages.
        config: search path, schemas, timeouts.
        connection: open, in autocommit mode.
        application_name: what pg_stat_activity shows of it.
    """

    def __init__(
        self,
        name: str,
        config: ConnectionConfig,
        connection: psycopg.Connection[Any],
        application_name: str,
    ) -> None:
        self.name = name
        self.config = config
        self.connection = connection
        self.application_name = application_name
        self.run: int | None = None

    @property
    def server_version(self) -> str:
        """Of the server, as in `16.4`."""
        major, minor = divmod(self.connection.info.server_version, 10_000)
        return f"{major}.{minor}"

    @contextmanager
    def transaction(
        self, doing: str, begin: sql.SQL | None = None, *, time_zone: str | None = None
    ) -> Iterator[psycopg.Connection[Any]]:
        """A transaction with pinned settings; rolled back when the block raises.

        Args:
            doing: what the block does, for messages; the connection's name is put in front.
            begin: REPEATABLE_READ or READ_ONLY; default is READ COMMITTED.
            time_zone: another one than the configuration's.

        Raises:
            ConfigurationError: the server does not know the time zone.
            PgsyncError: what psycopg raised inside, translated. After ConnectionLost it is
                unknown whether a COMMIT arrived.
        """
        with (
            translated(f"{self.name}: {doing}", self.connection),
            self.connection.transaction(),
        ):
            if begin is not None:
                self.connection.execute(begin)
            self.pin(time_zone)
            yield self.connection

    def at_once(
        self, doing: str, statements: Sequence[sql.Composed], values: Mapping[str, object]
    ) -> list[tuple[Any, ...]]:
        """Statements in a transaction of their own with pinned settings, in one round trip.

        Args:
            doing: see `transaction`.
            statements: each as `sql.statement` makes it.
            values: of all of them.

        Returns:
            The rows of the last one; none where it returns none.

        Raises:
            PgsyncError: see `transaction`.
        """
        pins = statement(__package__, "pins.sql")
        with translated(f"{self.name}: {doing}", self.connection):
            return at_once(self.connection, [pins, *statements], {**self._pins(), **values})

    def pin(self, time_zone: str | None = None) -> None:
        """Sets every setting that matters until the transaction ends.

        Args:
            time_zone: another one than the configuration's.

        Raises:
            ConfigurationError: the server does not know the time zone.
        """
        zone = time_zone or self.config.time_zone
        try:
            self.connection.execute(statement(__package__, "pins.sql"), self._pins(zone))
        except psycopg.errors.InvalidParameterValue as error:
            if '"TimeZone"' not in str(error):
                raise
            raise ConfigurationError(
                f"connection {self.name!r}, time_zone: the server does not know {zone!r}",
                "write a name that it has: SELECT name FROM pg_catalog.pg_timezone_names",
            ) from None

    def _pins(self, time_zone: str | None = None) -> dict[str, str]:
        return {
            "search_path": self._search_path(),
            "time_zone": time_zone or self.config.time_zone,
            "lock_timeout": f"{int(self.config.lock_timeout_s * 1000)}ms",
            "application_name": named(self.application_name, self.run),
        }

    def text_settings(self) -> dict[str, str]:
        """How values are written as text in this transaction, by name of the setting.

        `pin` has set them; a function that a query calls may set them again.
        """
        return dict(self.connection.execute(statement(__package__, "text_settings.sql"), {}))

    def _search_path(self) -> str:
        names = (*self.config.search_path, "pg_temp")  # last, so that nothing hides behind it
        return ", ".join(sql.Identifier(name).as_string(self.connection) for name in names)


def at_once(
    connection: psycopg.Connection[Any],
    statements: Sequence[sql.Composed],
    values: Mapping[str, object],
) -> list[tuple[Any, ...]]:
    """Statements in one message, so in one round trip: in the transaction that is open, else in one
    of their own. Values are quoted by libpq, as such a message has no parameters.

    Args:
        connection: where.
        statements: each as `sql.statement` makes it.
        values: of all of them.

    Returns:
        The rows of the last one; none where it returns none.
    """
    cursor = psycopg.ClientCursor(connection)
    cursor.execute(sql.SQL("\n").join(statements), values)
    while cursor.nextset():
        pass
    return cursor.fetchall() if cursor.description else []


def named(application_name: str, run: int | None = None) -> str:
    """What pg_stat_activity shows of a session; PostgreSQL would cut its end off, which tells most.

    Args:
        application_name: as in `pgsync/orders`.
        run: number of the run it works for.
    """
    text = application_name.encode("ascii", "replace").decode()
    number = f" run {run}" if run is not None else ""
    room = LONGEST_NAME - len(number)
    if len(text) > room:
        text = f"{text[: room - KEPT_END - 2]}..{text[-KEPT_END:]}"
    return text + number
