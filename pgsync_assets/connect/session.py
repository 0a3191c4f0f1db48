"""A live session, and transactions in which every setting that matters is pinned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from types import MappingProxyType
from typing import Any

import psycopg
from psycopg import sql

from ..config import ConnectionConfig
from ..errors import ConfigurationError
from ..sql import statement
from .failures import translated
from .keepalives import keepalives

READ_COMMITTED = sql.SQL("ISOLATION LEVEL READ COMMITTED")
REPEATABLE_READ = sql.SQL("ISOLATION LEVEL REPEATABLE READ")
READ_ONLY = sql.SQL("ISOLATION LEVEL REPEATABLE READ, READ ONLY")

Rows = list[tuple[Any, ...]]
NOTHING: Mapping[str, object] = MappingProxyType({})

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
        self._pinned: dict[tuple[str, int | None], sql.SQL] = {}

    @property
    def server_version(self) -> str:
        """Of the server, as in `16.4`."""
        major, minor = divmod(self.connection.info.server_version, 10_000)
        return f"{major}.{minor}"

    @contextmanager
    def transaction(
        self,
        doing: str,
        level: sql.SQL = READ_COMMITTED,
        *,
        time_zone: str | None = None,
        moment: str | None = None,
    ) -> Iterator[psycopg.Connection[Any]]:
        """A transaction with pinned settings; rolled back when the block raises.

        Args:
            doing: what the block does, for messages; the connection's name is put in front.
            level: READ_COMMITTED, REPEATABLE_READ or READ_ONLY.
            time_zone: another one than the configuration's.
            moment: the snapshot that another transaction has exported; default: its own.

        Raises:
            ConfigurationError: the server does not know the time zone.
            PgsyncError: what psycopg raised inside, translated. After ConnectionLost it is
                unknown whether a COMMIT arrived.
        """
        with self.begun(doing, level, time_zone=time_zone, moment=moment) as (connection, _):
            yield connection

    @contextmanager
    def begun(
        self,
        doing: str,
        level: sql.SQL = READ_COMMITTED,
        first: Sequence[sql.Composed] = (),
        values: Mapping[str, object] = NOTHING,
        *,
        time_zone: str | None = None,
        moment: str | None = None,
    ) -> Iterator[tuple[psycopg.Connection[Any], list[Rows]]]:
        """A transaction whose first statements travel with its BEGIN, in one round trip.

        Args:
            doing: see `transaction`.
            level: see `transaction`.
            first: each as `sql.statement` makes it.
            values: of all of them.
            time_zone: see `transaction`.
            moment: see `transaction`.

        Returns:
            The connection, and the rows of each of them.

        Raises:
            ConfigurationError, PgsyncError: see `transaction`.
        """
        begin: list[sql.Composed] = [sql.SQL("BEGIN {};").format(level)]
        if moment is not None:  # before anything is asked
            begin.append(sql.SQL("SET TRANSACTION SNAPSHOT {};").format(sql.Literal(moment)))
        with translated(f"{self.name}: {doing}", self.connection), self._ended():
            with self._known_zone(time_zone):
                statements = [*begin, self._pins(time_zone), *first]
                rows = answers(self.connection, statements, values)[len(begin) + 1 :]
            yield self.connection, rows

    def at_once(
        self,
        doing: str,
        statements: Sequence[sql.Composed],
        values: Mapping[str, object] = NOTHING,
    ) -> Rows:
        """Statements in a transaction of their own with pinned settings, in one round trip.

        The transaction is over when its rows are read, and what the session says of its DateStyle
        and time zone is its own again: ask for dates and times with `read`.

        Args:
            doing: see `transaction`.
            statements: each as `sql.statement` makes it.
            values: of all of them.

        Returns:
            The rows of the last one; none where it returns none.

        Raises:
            PgsyncError: see `transaction`.
        """
        with translated(f"{self.name}: {doing}", self.connection):
            return at_once(self.connection, [self._pins(), *statements], values)

    def read(
        self,
        doing: str,
        query: sql.Composed,
        values: Mapping[str, object] = NOTHING,
        level: sql.SQL = READ_COMMITTED,
    ) -> Rows:
        """One statement in a transaction of its own with pinned settings, in two round trips.

        Args:
            doing: see `transaction`.
            query: as `sql.statement` makes it.
            values: of it.
            level: see `transaction`.

        Returns:
            Its rows.

        Raises:
            PgsyncError: see `transaction`.
        """
        with self.begun(doing, level, [query], values) as (_, answers):
            return answers[0]

    def stay(self) -> None:
        """From here on no server ends it for being idle, and none keeps it whose client is gone.

        Raises:
            PgsyncError: what psycopg raised, translated.
        """
        probes = keepalives(self.config.network_timeout_s)._asdict()
        values = {"backend_pid": self.connection.info.backend_pid, **probes}
        with translated(f"{self.name}: opening a session", self.connection):
            texts = {name: str(value) for name, value in values.items()}
            at_once(self.connection, [statement(__package__, "stay.sql")], texts)

    def pin(self) -> None:
        """Sets every setting that matters until the transaction that is open ends.

        Raises:
            ConfigurationError: the server does not know the time zone.
            psycopg.Error: as it is.
        """
        with self._known_zone(None):
            at_once(self.connection, [self._pins()], NOTHING)

    @contextmanager
    def _ended(self) -> Iterator[None]:
        """Commits what the block began, or takes it back; as `Connection.transaction` does, which
        sends its BEGIN alone.
        """
        try:
            yield
        except BaseException as error:
            # What went wrong comes first; a session that is gone takes nothing back.
            with suppress(psycopg.Error):
                self.connection.rollback()
            if not isinstance(error, psycopg.Rollback):
                raise
        else:
            self.connection.commit()

    @contextmanager
    def _known_zone(self, time_zone: str | None) -> Iterator[None]:
        zone = time_zone or self.config.time_zone
        try:
            yield
        except psycopg.errors.InvalidParameterValue as error:
            if '"TimeZone"' not in str(error):
                raise
            raise ConfigurationError(
                f"connection {self.name!r}, time_zone: the server does not know {zone!r}",
                "write a name that it has: SELECT name FROM pg_catalog.pg_timezone_names",
            ) from None

    def _pins(self, time_zone: str | None = None) -> sql.SQL:
        """Sets every setting that matters until the transaction ends; put together once."""
        zone = time_zone or self.config.time_zone
        known = self._pinned.get((zone, self.run))
        if known is None:
            values = {
                "search_path": self._search_path(),
                "time_zone": zone,
                "lock_timeout": f"{int(self.config.lock_timeout_s * 1000)}ms",
                "application_name": named(self.application_name, self.run),
            }
            cursor = psycopg.ClientCursor(self.connection)
            text = cursor.mogrify(statement(__package__, "pins.sql"), values)
            known = self._pinned[zone, self.run] = sql.SQL(text.replace("%", "%%"))
        return known

    def settings(self) -> dict[str, str]:
        """What this transaction relies on, by name of the setting.

        Its pins have set them; a function that a query calls may set them again.
        """
        with translated(f"{self.name}: looking at settings", self.connection):
            return dict(self.connection.execute(statement(__package__, "settings.sql"), {}))

    def _search_path(self) -> str:
        names = (*self.config.search_path, "pg_temp")  # last, so that nothing hides behind it
        return ", ".join(sql.Identifier(name).as_string(self.connection) for name in names)


def at_once(
    connection: psycopg.Connection[Any],
    statements: Sequence[sql.Composable],
    values: Mapping[str, object],
) -> Rows:
    """Statements in one message, so in one round trip: in the transaction that is open, else in one
    of their own. Values are quoted by libpq, as such a message has no parameters.

    Args:
        connection: where.
        statements: each as `sql.statement` makes it.
        values: of all of them.

    Returns:
        The rows of the last one; none where it returns none.
    """
    return answers(connection, statements, values)[-1]


def answers(
    connection: psycopg.Connection[Any],
    statements: Sequence[sql.Composable],
    values: Mapping[str, object],
) -> list[Rows]:
    """As `at_once`, with the rows of each statement.

    Args:
        connection: where.
        statements: each is one.
        values: of all of them.
    """
    cursor = psycopg.ClientCursor(connection)
    cursor.execute(sql.SQL("\n").join(statements), values)
    found = [_rows(cursor)]
    while cursor.nextset():
        found.append(_rows(cursor))
    return found


def _rows(cursor: psycopg.Cursor[Any]) -> Rows:
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
