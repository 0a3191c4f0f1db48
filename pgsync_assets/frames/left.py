"""Loads of models that the project does not have any more.

The planner's table `frames` has a row for each load, whose rows lie in `frame_<number>`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from ..connect import READ_ONLY, Endpoint, is_migrated
from ..plan import await_turn, lock_key
from ..sql import relation, statement
from .loads import LOCK, drop_load, knows_loads


@dataclass(frozen=True)
class LeftFrame:
    """Loads of a model that no project has.

    Args:
        model: its name.
        planner: the connection whose database has them.
        tables: where the rows lie.
        rows: of all of them.
        loaded_at: when the newest was loaded.
    """

    model: str
    planner: str
    tables: tuple[str, ...]
    rows: int
    loaded_at: dt.datetime


def left_frames(endpoint: Endpoint, models: Collection[str]) -> list[LeftFrame]:
    """The loads in a planner whose models are gone; none where it knows no loads.

    Args:
        endpoint: where the planner is.
        models: names of all models of the project.

    Raises:
        PgsyncError: the database cannot be reached.
    """
    schema = endpoint.config.schemas.planner
    with endpoint.session("pgsync/state") as session:
        if not is_migrated(session, schema):
            return []
        with session.transaction("looking for loads", READ_ONLY) as connection:
            if not knows_loads(connection, schema):
                return []
            left = statement(__package__ or "", "left_frames.sql", planner=schema)
            found = connection.execute(left, {"models": list(models)}).fetchall()
    return [
        LeftFrame(model, endpoint.name, tuple(_table(schema, n) for n in numbers), rows, at)
        for model, numbers, rows, at in found
    ]


def drop_left(endpoint: Endpoint, model: str) -> int:
    """Drops all that was loaded for a model.

    Args:
        endpoint: where the planner is.
        model: its name; nobody sends it any more.

    Returns:
        How many loads there were.

    Raises:
        Contention: one of them is being read; it and those behind it are still there.
        PgsyncError: the database cannot be reached.
    """
    schema = endpoint.config.schemas.planner
    old = statement(__package__ or "", "old_frames.sql", planner=schema)
    with endpoint.session("pgsync/state") as session:
        with session.transaction("looking for loads") as connection:
            await_turn(connection, lock_key(schema, LOCK, model))
            found = connection.execute(old, {"model": model, "kept": 0}).fetchall()
        for (number,) in found:
            drop_load(session, schema, number)
    return len(found)


def _table(schema: str, number: int) -> str:
    return relation(schema, f"frame_{number}").as_string(None)
