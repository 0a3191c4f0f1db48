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
    def found(self) -> sql.Composed:
        """An expression that privilege functions take: NULL where it is not there."""
        name = sql.Literal(self.identifier.as_string(None))
        return _FOUND[self.kind].format(name)

    @property
    def owner(self) -> sql.Composed:
        """A query for its owner."""
        return _OWNERS[self.kind].format(self.found)


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
        for right, columns in self.rights.items():
            told = sql.SQL("{} ON {}").format(_spelled(right, columns), self.thing.identifier)
            has = (_has(self.thing, role, right, column) for column in columns or (None,))
            yield sql.SQL("({}, {})").format(
                sql.Literal(told.as_string(None)), sql.SQL(" AND ").join(has)
            )


def _has(thing: Thing, role: str, right: str, column: str | None) -> sql.Composed:
    kind = thing.kind.lower() if column is None else "column"
    about = [sql.Literal(role), thing.found, *([] if column is None else [sql.Literal(column)])]
    name = sql.SQL("_").join(map(sql.SQL, ("has", kind, "privilege")))
    return sql.SQL("{}({}, {})").format(name, COMMA.join(about), sql.Literal(right))


_FOUND: dict[ThingKind, sql.SQL] = {
    # The script makes sure that it is run in the right one.
    "DATABASE": sql.SQL("current_database()"),
    "SCHEMA": sql.SQL("to_regnamespace({})"),
    "TABLE": sql.SQL("to_regclass({})"),
}
_OWNERS: dict[ThingKind, sql.SQL] = {
    "DATABASE": sql.SQL("SELECT datdba FROM pg_catalog.pg_database WHERE datname = {}"),
    "SCHEMA": sql.SQL("SELECT nspowner FROM pg_catalog.pg_namespace WHERE oid = {}"),
    "TABLE": sql.SQL("SELECT relowner FROM pg_catalog.pg_class WHERE oid = {}"),
}


def merged(needs: Iterable[Need]) -> tuple[Grant, ...]:
    """One grant for each thing, databases first, then schemas, then tables.

    Args:
        needs: of all syncs.
    """
    by_thing: dict[Thing, list[Need]] = {}
    for need in needs:
        by_thing.setdefault(need.thing, []).append(need)
    kinds = list(_FOUND)
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
