"""Who may read the log of a destination, and nothing else of ours."""

from __future__ import annotations

from dataclasses import dataclass

from psycopg import sql

from . import blocks
from .grant import GIVE, TAKE, Grant, Thing

MAY_CONNECT = """\
    IF NOT has_database_privilege({role}, {database}, 'CONNECT') THEN
        {statement}
    END IF;"""


@dataclass(frozen=True)
class LogReader:
    """A role that is there already. Whoever may use the schema of a log may read it.

    Args:
        role: its name.
        schema: of the log.
        database: that has it.
    """

    role: str
    schema: str
    database: str

    def gives(self) -> list[sql.Composed]:
        """SQL that lets it in, and proves it."""
        usage, connect = self._usage, self._connect
        proofs = (*connect.proofs(self.role), *usage.proofs(self.role))
        return [
            # As a rule PUBLIC may connect: what is granted beside that is in DROP ROLE's way.
            blocks.block(
                sql.SQL(MAY_CONNECT).format(
                    role=sql.Literal(self.role),
                    database=connect.thing.text,
                    statement=connect.statement(GIVE, self.role),
                )
            ),
            usage.statement(GIVE, self.role),
            blocks.block(blocks.prove(proofs)),
        ]

    def takes(self) -> sql.Composed:
        """PL/pgSQL that takes it back, but for CONNECT: others may have given it, too."""
        usage = self._usage
        return blocks.unless_owned(usage.thing, self.role, usage.statement(TAKE, self.role))

    @property
    def _connect(self) -> Grant:
        return Grant(Thing("DATABASE", (self.database,)), {"CONNECT": ()}, "refuse")

    @property
    def _usage(self) -> Grant:
        return Grant(Thing("SCHEMA", (self.schema,)), {"USAGE": ()}, "refuse")
