"""A right on something: the statement that gives it, the one that takes it back, and its proof."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from psycopg import sql

from ..sql import COMMA, column_list

ThingKind = Literal["DATABASE", "SCHEMA", "TABLE"]
Missing = Literal["refuse", "skip", "create"]

ORDER = (
    *("CONNECT", "TEMPORARY", "USAGE"),
    *("SELECT", "INSERT", "UPDATE", "DELETE", "CREATE"),
)
_STRENGTH: tuple[Missing, ...] = ("refuse", "skip", "create")


@dataclass(frozen=True)
class Verb:
    """GRANT .. TO, or REVOKE .. FROM."""

    does: str
    whom: str


GIVE = Verb("GRANT", "TO")
TAKE = Verb("REVOKE", "FROM")


@dataclass(frozen=True)
class Thing:
    """What a right is about.

    Args:
        kind: of it.
        name: its name, after its schema where it has one.
    """

    kind: ThingKind
    name: tuple[str, ...]

    @property
    def identifier(self) -> sql.Identifier:
        """Its name, quoted."""
        return sql.Identifier(*self.name)

    @property
    def text(self) -> sql.Literal:
        """Its name as functions take it that ask for privileges."""
        is_qualified = len(self.name) > 1
        return sql.Literal(self.identifier.as_string(None) if is_qualified else self.name[0])

    @property
    def oid(self) -> sql.Composed:
        """A query for its OID: of nothing where it is not there."""
        return self._query("oid")

    @property
    def owner(self) -> sql.Composed:
        """A query for the OID of its owner."""
        return self._query(_OWNERS[self.kind])

    def _query(self, column: str) -> sql.Composed:
        # Not to_regclass(): whoever may not use the schema gets an error there.
        names = map(sql.Literal, self.name)
        return sql.SQL("SELECT t.{} FROM {}").format(
            sql.SQL(column), _CATALOG[self.kind].format(*names)
        )


@dataclass(frozen=True)
class Need:
    """One right that a sync needs.

    Args:
        thing: what it is about.
        right: one of `ORDER`.
        columns: of a table, that it is about; none: the whole.
        missing: what to do where the thing is not there: PostgreSQL's own error, nothing (a run
            makes it), or make it.
    """

    thing: Thing
    right: str
    columns: tuple[str, ...] = ()
    missing: Missing = "refuse"


@dataclass(frozen=True)
class Grant:
    """All that is needed of one thing.

    Args:
        thing: what it is about.
        rights: right -> its columns; none: the whole.
        missing: see `Need`.
    """

    thing: Thing
    rights: Mapping[str, tuple[str, ...]]
    missing: Missing

    def statement(self, verb: Verb, role: str) -> sql.Composed:
        """GRANT or REVOKE.

        Args:
            verb: which of both.
            role: who gets or loses it.
        """
        rights = COMMA.join(_spelled(*item) for item in self.rights.items())
        return sql.SQL("{} {} ON {} {} {} {};").format(
            sql.SQL(verb.does),
            rights,
            sql.SQL(self.thing.kind),
            self.thing.identifier,
            sql.SQL(verb.whom),
            sql.Identifier(role),
        )

    def proofs(self, role: str) -> Iterator[sql.Composed]:
        """Rows `what is needed, whether the role has it`; NULL where the thing is not there.

        Args:
            role: that should have it.
        """
        thing = self.thing
        about = sql.SQL("({})").format(thing.oid) if self.missing == "skip" else thing.text
        for right, columns in self.rights.items():
            told = sql.SQL("{} ON {}").format(_spelled(right, columns), thing.identifier)
            kind = "COLUMN" if columns else thing.kind
            has = (
                _HAS[kind].format(sql.Literal(role), about, sql.Literal(right), sql.Literal(column))
                for column in columns or ("",)
            )
            yield sql.SQL("({}, {})").format(
                sql.Literal(told.as_string(None)), sql.SQL(" AND ").join(has)
            )


_CATALOG: dict[ThingKind, sql.SQL] = {
    "DATABASE": sql.SQL("pg_catalog.pg_database AS t WHERE t.datname = {}"),
    "SCHEMA": sql.SQL("pg_catalog.pg_namespace AS t WHERE t.nspname = {}"),
    "TABLE": sql.SQL(
        "pg_catalog.pg_class AS t JOIN pg_catalog.pg_namespace AS n"
        " ON n.oid = t.relnamespace WHERE n.nspname = {} AND t.relname = {}"
    ),
}
_OWNERS: dict[ThingKind, str] = {"DATABASE": "datdba", "SCHEMA": "nspowner", "TABLE": "relowner"}
_HAS: dict[str, sql.SQL] = {
    "DATABASE": sql.SQL("has_database_privilege({}, {}, {})"),
    "SCHEMA": sql.SQL("has_schema_privilege({}, {}, {})"),
    "TABLE": sql.SQL("has_table_privilege({}, {}, {})"),
    "COLUMN": sql.SQL("has_column_privilege({0}, {1}, {3}, {2})"),
}


def merged(needs: Iterable[Need]) -> tuple[Grant, ...]:
    """One grant for each thing, databases first, then schemas, then tables.

    Args:
        needs: of all syncs.
    """
    by_thing: dict[Thing, list[Need]] = {}
    for need in needs:
        by_thing.setdefault(need.thing, []).append(need)
    kinds = list(_CATALOG)
    found = [_merged(thing, parts) for thing, parts in by_thing.items()]
    return tuple(sorted(found, key=lambda one: (kinds.index(one.thing.kind), one.thing.name)))


def _merged(thing: Thing, needs: list[Need]) -> Grant:
    rights: dict[str, tuple[str, ...]] = {}
    for right in sorted({need.right for need in needs}, key=ORDER.index):
        parts = [need.columns for need in needs if need.right == right]
        whole = () in parts
        rights[right] = () if whole else tuple(dict.fromkeys(n for part in parts for n in part))
    return Grant(thing, rights, max((need.missing for need in needs), key=_STRENGTH.index))


def _spelled(right: str, columns: tuple[str, ...]) -> sql.Composable:
    name = sql.SQL(right)
    return sql.SQL("{} ({})").format(name, column_list(columns)) if columns else name
