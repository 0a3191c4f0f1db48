"""All columns of both ends, whether they are sent or not: what they look like, not what is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Sides:
    """The columns of a model, and of the destination table: name and type of each.

    Args:
        model: those that it has by itself; the sync computes none of them.
        table: all of them.
    """

    model: Mapping[str, str]
    table: Mapping[str, str]

    @classmethod
    def from_json(cls, value: Mapping[str, Mapping[str, str]]) -> Sides:
        """Reads what `to_json` wrote."""
        return cls(value["model"], value["table"])

    def to_json(self) -> dict[str, Mapping[str, str]]:
        """As the planner stores it."""
        return {"model": self.model, "table": self.table}
