"""Who may read the log of a destination, and nothing else of ours."""

from __future__ import annotations

from dataclasses import dataclass

from psycopg import sql

from . import blocks
from .grant import GIVE, TAKE, Grant, Thing


@dataclass(frozen=True)
class LogReader:
    """A role that is there already. Whoever may use the schema of a log may read it.

    Args:
        role: its name.
        schema: of the log.
    """

    role: str
    schema: str

    def gives(self) -> list[sql.Composed]:
        """SQL that lets it in, and proves it."""
        usage = self._usage
        return [
            usage.statement(GIVE, self.role),
            blocks.block(blocks.prove(usage.proofs(self.role))),
        ]

    def takes(self) -> sql.Composed:
        """PL/pgSQL that takes it back."""
        usage = self._usage
        return blocks.unless_owned(usage.thing, self.role, usage.statement(TAKE, self.role))

    @property
    def _usage(self) -> Grant:
        return Grant(Thing("SCHEMA", (self.schema,)), {"USAGE": ()}, "refuse")
