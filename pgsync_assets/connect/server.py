"""What a server is: its version, whether it is PostgreSQL at all, and its encoding."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..errors import TerminalError
from ..sql import statement
from .failures import translated
from .session import Session

OLDEST = 12
FORKS = {
    "Redshift": "Amazon Redshift",
    "CockroachDB": "CockroachDB",
    "Greenplum": "Greenplum",
    "Cloudberry": "Apache Cloudberry",
    "-YB-": "YugabyteDB",
    "EnterpriseDB": "EDB Advanced Server",
    "openGauss": "openGauss",
    "Materialize": "Materialize",
    "CrateDB": "CrateDB",
}
"""What `version()` says of servers that speak the protocol and are something else."""
UNKNOWN_BYTES = "SQL_ASCII"


@dataclass(frozen=True)
class Server:
    """A server as it describes itself.

    Args:
        number: its version, as in 160004; 80002 for 8.0.2.
        said: what `version()` says.
        encoding: of the database.
    """

    number: int
    said: str
    encoding: str

    @property
    def version(self) -> str:
        """`16.4`, or `9.6.24` before 10."""
        major, rest = divmod(self.number, 10_000)
        if major >= 10:
            return f"{major}.{rest}"
        return f"{major}.{rest // 100}.{rest % 100}"

    @property
    def other_name(self) -> str | None:
        """What it is where it is not PostgreSQL itself."""
        known = (name for sign, name in FORKS.items() if sign in self.said)
        found = re.match(r"PostgreSQL\b", self.said)
        return next(known, None if found else self.said.split(" ")[0])

    def check_version(self) -> None:
        """Refuses what this package cannot work with.

        Raises:
            TerminalError: it is older than the oldest version that is supported.
        """
        if self.number < OLDEST * 10_000:
            other = f" ({self.other_name})" if self.other_name else ""
            raise TerminalError(
                f"the server is PostgreSQL {self.version}{other}; "
                f"the oldest one that works is {OLDEST}",
                "PostgreSQL 12 to 18 are tested: upgrade the server, or use another one",
            )


def read_server(session: Session) -> Server:
    """Asks a server what it is, without any of the settings of a transaction of ours.

    Args:
        session: on it.

    Raises:
        PgsyncError: it does not even answer that.
    """
    connection = session.connection
    with translated(f"{session.name}: asking for the version", connection):
        row = connection.execute(statement(__package__ or "", "server.sql"), {}).fetchone()
    assert row is not None  # noqa: S101 - a SELECT without FROM
    return Server(connection.info.server_version, row[0], row[1])
