"""Types of the databases' own have to be made of the same things on both sides.

Their text travels: `(1,2)` is a value of every composite type of two numbers, whatever its fields
mean, and a range of text is read by any other one. A type is known by its bare name, and its schema
may differ; a composite with other fields, or a range over something else, would change the meaning
of values without an error. Enums and domains need no look: a label that is missing, or a CHECK that
does not hold, refuses the one row (22P02, 23514).
"""

from __future__ import annotations

from itertools import zip_longest

from ..errors import DestinationError
from ..model import ColumnMapping, Definition, Part, Relation
from .target import Target


def check_user_types(relation: Relation, mapping: ColumnMapping, target: Target) -> None:
    """Compares what the types of mapped columns are made of.

    Args:
        relation: the model, described.
        mapping: which column goes where.
        target: the destination table.

    Raises:
        DestinationError: a type of the same name is made of other things there.
    """
    made_of = dict(zip(relation.names, relation.definitions, strict=True))
    types = {column.name: column.type for column in relation.columns}
    for source, name in zip(mapping.sources, mapping.targets, strict=True):
        into = target.columns[name]
        if into.base.startswith("pg_catalog."):  # the same everywhere
            continue
        if found := _difference(made_of[source], into.definition):
            raise DestinationError(
                f"{target.name}, column {name!r} is {into.column.type}, the model's {source!r} is "
                f"{types[source]}, and these are made of other things: {found}",
                "make the types the same (ALTER TYPE), or send the column as text",
            )


def _difference(here: Definition, there: Definition) -> str | None:
    """The first difference, for people."""
    for ours, theirs in zip_longest(here, there):
        if ours != theirs:
            return f"{_spelled(ours)} at the source, {_spelled(theirs)} at the destination"
    return None


def _spelled(part: Part | None) -> str:
    if part is None:
        return "nothing more"
    return f"{part.path} is {part.made_of}" if part.path else part.made_of
