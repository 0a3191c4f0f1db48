"""Whether the platform's PostgreSQL can tell when two keys of the source are one.

It knows none of the source's own types, collations or locales. A type of PostgreSQL's own is
compared there as everywhere; any other key travels as text, which says enough only where values
are one key exactly when they are one text.
"""

from __future__ import annotations

from ..errors import ConfigurationError
from ..model import Equality, Relation

OF_THE_CATALOGUE = {"int2vector", "oidvector"}
"""Types for PostgreSQL's own tables; it takes an array of such values for one of their elements."""


def check_platform_keys(sync: str, relation: Relation, stored: dict[str, str]) -> None:
    """Refuses a key that only the source can compare.

    Args:
        sync: its name.
        relation: the model, described.
        stored: type of each column in the planner's tables.

    Raises:
        ConfigurationError: a column of the key is of that kind.
    """
    types = {column.name: column.type for column in relation.columns}
    for name, equality in zip(relation.key, relation.key_equality, strict=True):
        reason = _reason(equality, is_text=stored[name] != types[name])
        if types[name] in OF_THE_CATALOGUE:
            reason = "a type that PostgreSQL has for its own tables"
        if reason is not None:
            raise ConfigurationError(
                f"sync {sync!r}: the key {name!r} is {types[name]}: {reason}; engine standard "
                "compares keys on the platform",
                "use engine: lightning, or a key of a type of PostgreSQL's own without such rules",
            )


def _reason(equality: Equality, *, is_text: bool) -> str | None:
    for rule in equality.foldings:
        if rule.kind != "blanks":
            return f"{rule.name} {rule.effect}, which only the source can tell"
    if is_text and not equality.is_identity:
        return "only the source can tell when two of its values are equal"
    return None
