"""Whether two keys are one key at the destination exactly where they are one at the source.

Looser there: two rows of the model would become one, and nobody would know. Looser here: a key
that changes to one that is equal for the model only would leave its old row behind. Both are
refused before a row travels. Where the model's key obeys the destination's rule, rows that share
a key under it are found while planning, like any other repeated key.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from psycopg import sql

from ..config import ModelConfig, SyncConfig, split_qualified
from ..errors import DestinationError
from ..model import ColumnMapping, Equality, Folding, Relation
from ..sql import COMMA, column
from .target import Target, TargetColumn
from .types import bare_name, parse

TEXTS = {"text", "varchar", "name", "bpchar", "citext"}
MERGED = "two rows of the model could become one"
ORPHANED = (
    "a key that changes to another one which only the model calls the same would leave its old "
    "row behind"
)


@dataclass(frozen=True)
class Difference:
    """Why two equalities are not the same, and what to do.

    Args:
        why: for people.
        cast: what to put behind the key column in the model; empty where that does not help.
        first: what to do before, or instead.
    """

    why: str
    cast: str = ""
    first: str = ""


def check_key(sync: SyncConfig, relation: Relation, mapping: ColumnMapping, target: Target) -> None:
    """Compares the equality of each key column with that of the column it is matched with.

    Args:
        sync: the sync.
        relation: its model, described.
        mapping: which column goes where.
        target: the destination table.

    Raises:
        DestinationError: they differ, or it cannot be proven that they are the same; the remedy
            is SQL to be pasted where there is one.
    """
    types = {column.name: column.type for column in relation.columns}
    for source, name, ours in zip(mapping.key, mapping.match, relation.key_equality, strict=True):
        into = target.columns[name]
        found = _difference(types[source], ours, into)
        if found is not None:
            raise DestinationError(
                f"{target.name}, column {name!r} is {into.column.type}, the key {source!r} of the "
                f"model is {types[source]}: {found.why}",
                _remedy(sync.model, relation.names, source, found),
            )


def _difference(spelled: str, ours: Equality, into: TargetColumn) -> Difference | None:
    if into.key is None:  # no unique index has it, which is said elsewhere
        return None
    base = parse(spelled)[0]
    here, there = bare_name(base), into.base_type[1].removeprefix("_")
    if {here, there} <= TEXTS:
        found = _looser_there(ours, into.key) or _looser_here(ours, into.key)
        return _for_array(found) if found and base.startswith("_") else found
    # Types of different names are refused as such.
    if here == there and ours.foldings != into.key.foldings:
        return Difference(f"a type inside it compares by another rule there, {MERGED}")
    return None


def _looser_there(ours: Equality, theirs: Equality) -> Difference | None:
    known = {rule.kind: rule for rule in ours.foldings}
    for rule in theirs.foldings:
        if rule.kind not in known:
            why = f"{rule.name} {rule.effect} where the source does not, {MERGED}"
            return Difference(why, rule.cast, rule.create)
        if rule != known[rule.kind]:
            return _unlike(known[rule.kind], rule)
    if {"citext", "collation"} <= known.keys():
        # `=` of citext ignores the collation, its indexes do not.
        return Difference(
            "operators and indexes of citext with a nondeterministic collation disagree",
            first="use either citext or the collation, on both sides",
        )
    return None


def _looser_here(ours: Equality, theirs: Equality) -> Difference | None:
    known = {rule.kind for rule in theirs.foldings}
    for rule in ours.foldings:
        if rule.kind not in known:
            why = f"{rule.name} {rule.effect} where the destination does not, {ORPHANED}"
            return Difference(why, ' COLLATE "C"' if rule.kind == "collation" else "::text")
    return None


def _for_array(found: Difference) -> Difference:
    return replace(found, cast=found.cast + "[]") if found.cast.startswith("::") else found


def _unlike(ours: Folding, theirs: Folding) -> Difference:
    """Both sides have a rule of one kind, but not the same one."""
    if ours.kind == "collation" and ours.definition != theirs.definition:
        why = f"{theirs.name} there is made otherwise than {ours.name} at the source, {MERGED}"
        return Difference(why, theirs.cast, theirs.create)
    letters = ours.unlike(theirs)
    such = f" such as {letters}" if letters else ""
    return Difference(
        f"{theirs.name} calls other letters one there than at the source{such}, {MERGED}",
        first="give both databases the same encoding and locale; or let the column be text there, "
        "and send lower(..)::text",
    )


def _remedy(
    model: ModelConfig, names: tuple[str, ...], source: str, found: Difference
) -> str | None:
    """The key column as the model should have it; the whole statement for a table."""
    if not found.cast:
        return found.first or None
    key = sql.SQL("{}{} AS {}").format(column(source), sql.SQL(found.cast), column(source))
    if model.table is not None:
        columns = COMMA.join(key if name == source else column(name) for name in names)
        table = sql.Identifier(*split_qualified(model.table))
        key = sql.SQL("SELECT {} FROM {}").format(columns, table)
        if model.where is not None:
            key = sql.SQL("{} WHERE {}").format(key, sql.SQL(model.where))
    before = f"at the source, once: {found.first} " if found.first else ""
    return (
        f"{before}In the model (rows whose keys are then one are rejected): {key.as_string(None)}"
    )
