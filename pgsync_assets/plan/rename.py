"""A state goes on under another name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg

from ..connect import REPEATABLE_READ
from ..errors import FencedOff
from .forget import remove
from .state import Planner, State


@contextmanager
def renamed(
    planner: Planner, states: Sequence[State], instead: Sequence[State], name: str
) -> Iterator[psycopg.Connection[Any]]:
    """Gives all states of a sync another name, in one transaction that the block is in, too.

    Snapshots, plans and refused rows know a state by its number: nothing is copied.

    Args:
        planner: that has them.
        states: as claimed.
        instead: states of the new name, which hold nothing; as claimed.
        name: the new one.

    Raises:
        FencedOff: a newer run took one of them over.
    """
    with planner.session.transaction("moving the state", REPEATABLE_READ) as connection:
        for state in (*states, *instead):
            held = {"state": state.id, "epoch": state.epoch}
            if connection.execute(planner.statement("hold.sql"), held).rowcount != 1:
                raise FencedOff(f"{state.sync}: a newer run took over while its state was moved")
        for state in instead:
            remove(connection, planner, state, f"the state of {states[0].sync} was moved here")
        for state in states:
            values = {"state": state.id, "sync": name}
            connection.execute(planner.statement("rename.sql"), values)
        yield connection
