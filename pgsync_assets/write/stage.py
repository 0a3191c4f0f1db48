"""Where a batch lands first: a table with the destination's own column types, for one transaction.

A temporary one (`ON COMMIT DROP`), so that a pooler in transaction mode never sees it (trap 57).
Where our role may not create those, an unlogged table in a schema that is there for it: made and
dropped in the batch's own transaction, so that nobody else sees it and a crash leaves nothing.
Typed like the destination, it refuses what the destination would refuse: COPY into it reads values
as COPY into the table itself would.
"""

from __future__ import annotations

from dataclasses import dataclass

from psycopg import sql

from ..plan.keys import OPERATION, ROW
from ..sql import COMMA, column, column_list
from .target import Target

FIRST, LAST = "pgsync.first", "pgsync.last"  # settings of the transaction


@dataclass(frozen=True)
class Stage:
    """The stage of the batches of one run.

    Args:
        schema: in which it is made; None for a temporary table.
        backend: number of the session, which keeps concurrent runs apart.
    """

    schema: str | None = None
    backend: int = 0

    @property
    def is_temporary(self) -> bool:
        """Whether it goes away by itself when the batch commits."""
        return self.schema is None

    @property
    def relation(self) -> sql.Identifier:
        """Its name."""
        return self._named("stage")

    @property
    def _kept(self) -> sql.Identifier:
        return self._named("kept")

    def _named(self, what: str) -> sql.Identifier:
        return sql.Identifier(self.schema or "pg_temp", self._name(what))

    def _name(self, what: str) -> str:
        return f"pgsync_{what}" if self.is_temporary else f"pgsync_{what}_{self.backend}"

    def create(self, target: Target, columns: tuple[str, ...]) -> sql.Composed:
        """Creates the empty stage.

        Args:
            target: the destination table.
            columns: those that travel.
        """
        temporary, other = "TEMPORARY TABLE {} ON COMMIT DROP", "UNLOGGED TABLE {}"
        made = temporary if self.is_temporary else other
        return sql.SQL(
            'CREATE {} AS SELECT NULL::bigint AS {}, NULL::"char" AS {}, {} FROM {} WITH NO DATA'
        ).format(
            sql.SQL(made).format(self.relation),
            column(ROW),
            column(OPERATION),
            column_list(columns),
            target.relation,
        )

    def clear(self) -> sql.Composed:
        """Empties the stage; cheap, as it was made in the same transaction."""
        return sql.SQL("TRUNCATE {}").format(self.relation)

    def analyze(self) -> sql.Composed:
        """Gives it statistics: else the planner may scan a table instead of probing its index."""
        return sql.SQL("ANALYZE {}").format(self.relation)

    def drop(self) -> sql.Composed:
        """Drops one that is not temporary, as the last thing that a batch does with it."""
        return sql.SQL("DROP TABLE {}").format(self.relation)

    def keep(self) -> list[sql.Composed]:
        """Puts what is staged aside: the stage shows those rows of it that are chosen."""
        return [
            sql.SQL("ALTER TABLE {} RENAME TO {}").format(
                self.relation, sql.Identifier(self._name("kept"))
            ),
            # The index stays with the table, should it be kept once more.
            sql.SQL("CREATE INDEX IF NOT EXISTS {} ON {} ({})").format(
                sql.Identifier(self._name("rows")), self._kept, column(ROW)
            ),
            # PostgreSQL passes UPDATE and DELETE on through it, so no statement is another one.
            sql.SQL(
                "CREATE {temporary} VIEW {stage} AS SELECT * FROM {kept}"
                " WHERE {row} > pg_catalog.current_setting({first})::bigint"
                " AND {row} <= pg_catalog.current_setting({last})::bigint"
            ).format(
                temporary=sql.SQL("TEMPORARY" if self.is_temporary else ""),
                stage=self.relation,
                kept=self._kept,
                row=column(ROW),
                first=sql.Literal(FIRST),
                last=sql.Literal(LAST),
            ),
        ]

    def analyze_kept(self) -> sql.Composed:
        """Gives statistics to what is kept."""
        return sql.SQL("ANALYZE {}").format(self._kept)

    def choose(self, first: int, last: int) -> tuple[sql.Composed, dict[str, str]]:
        """Shows the rows `first < row <= last` of those that are kept; with its parameters."""
        query = sql.SQL(
            "SELECT pg_catalog.set_config({}, {}, true), pg_catalog.set_config({}, {}, true)"
        ).format(FIRST, sql.Placeholder("first"), LAST, sql.Placeholder("last"))
        return query, {"first": str(first), "last": str(last)}

    def release(self) -> list[sql.Composed]:
        """What was kept is the stage again."""
        return [
            sql.SQL("DROP VIEW {}").format(self.relation),
            sql.SQL("ALTER TABLE {} RENAME TO {}").format(
                self._kept, sql.Identifier(self._name("stage"))
            ),
        ]

    def columns(self, columns: tuple[str, ...]) -> sql.Composed:
        """Relation and column list for COPY."""
        return sql.SQL("{} ({})").format(self.relation, column_list((ROW, OPERATION, *columns)))

    def beside(self, columns: tuple[str, ...]) -> sql.Composed:
        """The stage as `s` beside the table in a FROM.

        Its columns have other names there (`staged_column`), so that a name without an alias is
        the table's: the predicate of an index has no aliases.

        Args:
            columns: those that travel.
        """
        aliases = (_alias(number) for number, _ in enumerate(columns))
        names = COMMA.join([column(ROW), column(OPERATION), *aliases])
        return sql.SQL("{} AS s ({})").format(self.relation, names)


def staged_column(columns: tuple[str, ...], name: str) -> sql.Composable:
    """A column of `Stage.beside`.

    Args:
        columns: those that travel.
        name: one of them.
    """
    return sql.SQL("s.{}").format(_alias(columns.index(name)))


def _alias(number: int) -> sql.Composable:
    return column(f"_pgsync_{number}")
