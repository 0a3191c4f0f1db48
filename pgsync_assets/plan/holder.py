"""Who holds the lock of a sync, as far as that can be told."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from ..connect import READ_ONLY
from .lock import lock_key
from .state import Planner


@dataclass(frozen=True)
class Holder:
    """A run that is under way.

    Args:
        by: a run of Dagster, or the user of a command; None where it has not said so.
        since: when it took the lock, by the planner's clock; None where that is not to be seen.
    """

    by: str | None
    since: dt.datetime | None


def find_holder(planner: Planner, sync: str, partition: str) -> Holder | None:
    """Looks who has the lock; None where nobody has it any more.

    Args:
        planner: whose database has the lock.
        sync: its name.
        partition: the partition that was to be run; empty for the whole sync.
    """
    keys = sorted({lock_key(planner.schema, sync, name) for name in ("", partition)})
    values = {"sync": sync, "partition": partition, "keys": keys}
    with planner.session.transaction("looking who holds the lock", READ_ONLY) as connection:
        row = connection.execute(planner.statement("holder.sql"), values).fetchone()
    return Holder(*row) if row else None
