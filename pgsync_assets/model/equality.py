"""When two keys are one key: asked of PostgreSQL, on either side.

Most types tell keys apart that differ in any byte, or by a value that is the same everywhere
(numeric 1.0 is 1.00 on every server). Two things are looser, and depend on the database: citext,
which compares what `lower()` makes of a text there, and nondeterministic collations. Whether two
servers agree on those is measured, letter by letter: names and version numbers prove nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import psycopg
from psycopg import sql

from ..sql import COMMA, statement

Connection = psycopg.Connection[Any]


Kind = Literal["citext", "collation", "blanks"]


@dataclass(frozen=True)
class Folding:
    """A rule that calls different texts one.

    Args:
        kind: what sort of rule.
        name: for messages.
        cast: what makes a column obey it, as in `::citext` or ` COLLATE "loose"`.
        create: the statement that makes it in another database; empty where every one has it.
        definition: what it was made of: provider, locale, rules; and the encoding if not UTF-8.
        twins: (letter, earlier letter that is the same), as code points.
    """

    kind: Kind
    name: str = field(compare=False)
    cast: str = field(compare=False)
    create: str = field(compare=False, default="")
    definition: tuple[str | None, ...] = ()
    twins: frozenset[tuple[int, int]] = field(repr=False, default=frozenset())

    @property
    def effect(self) -> str:
        """What it does, for messages."""
        return "ignores blanks at the end" if self.kind == "blanks" else "calls some texts one"

    def unlike(self, other: Folding) -> str:
        """Some letters that only one of two rules calls the same as another, for messages."""
        letters = sorted({letter for letter, _ in self.twins ^ other.twins})
        return " ".join(map(chr, letters[:5]))


@dataclass(frozen=True)
class Equality:
    """When two values of a column are one key.

    Args:
        is_identity: exactly when they are the same text. Not so for numeric 1.0 and 1.00.
        foldings: the looser rules for texts at work; none for most columns.
    """

    is_identity: bool
    foldings: tuple[Folding, ...] = ()

    @property
    def rule(self) -> str:
        """What decides beside the type of the column; empty for most."""
        collations = [rule for rule in self.foldings if rule.kind == "collation"]
        return "; ".join(" ".join(filter(None, rule.definition[1:])) for rule in collations)


BLANKS = Folding("blanks", "character(n)", "::bpchar")


def equalities(
    connection: Connection,
    types: Sequence[int],
    modifiers: Sequence[int],
    collations: Sequence[int],
) -> list[Equality]:
    """Asks PostgreSQL when values of some columns are one key.

    Args:
        connection: a transaction on the database that the columns are in.
        types: OIDs of their types.
        modifiers: their type modifiers; -1 for none.
        collations: OIDs of their collations; 0 for none.
    """
    asked = {"types": list(types), "modifiers": list(modifiers), "collations": list(collations)}
    rows = connection.execute(statement(__package__, "equality.sql"), asked).fetchall()
    known: dict[int, Folding] = {}
    found: dict[int, Equality] = {}
    for number, is_identity, is_padded, is_citext, loose in rows:
        wanted = [*sorted(loose), *([CITEXT] if is_citext else [])]
        for rule in set(wanted) - known.keys():
            known[rule] = _citext(connection) if rule == CITEXT else _collation(connection, rule)
        rules = [known[rule] for rule in wanted] + ([BLANKS] if is_padded else [])
        found[number] = Equality(is_identity, tuple(rules))
    # Without a row: a type without parts, as a composite one without columns.
    return [found.get(number, Equality(False)) for number in range(1, len(types) + 1)]


CITEXT = 0  # among the OIDs of collations


def _citext(connection: Connection) -> Folding:
    row = connection.execute(statement(__package__, "citext_locale.sql"), {}).fetchone()
    twins = connection.execute(statement(__package__, "citext_twins.sql"), {}).fetchall()
    assert row is not None  # noqa: S101 - the database we are in has a row
    return Folding(
        "citext",
        "citext",
        "::citext",
        "CREATE EXTENSION citext;",
        definition=(row[0],),
        twins=frozenset(twins),
    )


def _collation(connection: Connection, oid: int) -> Folding:
    made_of = statement(__package__, "collation.sql")
    row = connection.execute(made_of, {"oid": oid}).fetchone()
    assert row is not None  # noqa: S101 - a column or an expression has it
    schema, name, *definition = row
    measure = statement(__package__, "collation_twins.sql", schema=schema, collation=name)
    twins = connection.execute(measure, {}).fetchall()
    spelled = sql.Identifier(name).as_string(None)
    return Folding(
        "collation",
        f"collation {spelled}",
        f" COLLATE {spelled}",
        _create(name, locale=definition[1], rules=definition[2]),
        definition=tuple(definition),
        twins=frozenset(twins),
    )


def _create(name: str, *, locale: str, rules: str | None) -> str:
    options = [sql.SQL("provider = icu"), sql.SQL("locale = {}").format(sql.Literal(locale))]
    if rules:
        options.append(sql.SQL("rules = {}").format(sql.Literal(rules)))
    made = sql.SQL("CREATE COLLATION {} ({}, deterministic = false);")
    return made.format(sql.Identifier(name), COMMA.join(options)).as_string(None)
