"""Kinds of destination, as data: how rows get in there, and what PostgreSQL can tell of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from .layers import Layer

Road = Literal["copy", "conflict", "in two"]

TABLES = ("r", "p")
"""Of `Layer.kind`: the rows are in it, and not somewhere that nobody here can look at."""


@dataclass(frozen=True)
class Kind:
    """What sort of relation rows are written to.

    Args:
        told: for people.
        road: `copy`: COPY and ON CONFLICT; `conflict`: not COPY, which a view refuses (trap 26);
            `in two`: neither, rows that are there are updated and the others inserted (trap 3).
        has_indexes: its unique indexes are known; else that a key is there once is the user's word.
        is_exact: it commits together with the ledger.
    """

    told: str
    road: Road
    has_indexes: bool = True
    is_exact: bool = True


TABLE = Kind("a table", "copy")
VIEW = Kind("a view", "conflict")
CONDITIONAL = Kind("a view with a WHERE", "in two")
"""ON CONFLICT would update a row that the view does not show, which may be somebody else's."""
RULED = Kind("a table with rules", "in two")
TRIGGERED = Kind("a view with INSTEAD OF triggers", "in two", has_indexes=False)
FOREIGN = Kind("a foreign table", "in two", has_indexes=False, is_exact=False)


def kind_of(layers: Sequence[Layer]) -> Kind:
    """The kind of a destination.

    Args:
        layers: it, and what is behind it where it is a view.
    """
    last = layers[-1]
    if last.kind == "f":
        return FOREIGN
    if last.kind in ("v", "m"):
        return TRIGGERED
    if any(layer.has_rules for layer in layers):
        return RULED
    if any(layer.query is not None and layer.query.has_condition for layer in layers):
        return CONDITIONAL
    return TABLE if len(layers) == 1 else VIEW


def may_hide(layers: Sequence[Layer]) -> bool:
    """Whether a row can be written that the destination does not show then.

    A condition is checked by the view's own CHECK OPTION, or by a cascaded one in front of it.

    Args:
        layers: see `kind_of`.
    """
    checked = False
    for layer in layers:
        checked = checked or layer.check_option == "cascaded"
        here = checked or layer.check_option == "local"
        if layer.behind and layer.query and layer.query.has_condition and not here:
            return True
    return False
