"""A held plan for people: what it is, and its changes as they are asked for. Read-only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache

from ..config import SyncConfig
from ..connect import Endpoint, Session
from ..errors import StalePlan
from ..outcome import Change
from ..plan import Plan, Planner, PlanRecord, State
from ..privacy import Privacy
from .changes import changes
from .ends import Ends
from .held import ending, found


@dataclass(frozen=True)
class ShownPlan:
    """A held plan, readable as long as it was opened for.

    Args:
        record: what the planner knows of it.
        plan: its numbers.
    """

    record: PlanRecord
    plan: Plan
    _planner: Planner
    _state: State
    _destination: Callable[[], Session]
    _privacy: Privacy

    def changes(self, limit: int | None = None) -> Iterator[Change]:
        """Its changes before and after, read as they are asked for; removals first.

        Args:
            limit: changes at the most; None for all.
        """
        return changes(
            self._planner, self._state, self.plan, self._destination, self._privacy, limit
        )


@contextmanager
def show_plan(
    sync: SyncConfig,
    source: Endpoint,
    destination: Endpoint,
    plan_id: int,
    *,
    platform: Endpoint | None = None,
) -> Iterator[ShownPlan]:
    """Opens a held plan to be read, for the length of the block. Takes no lock.

    Args:
        sync: whose plan it is.
        source: where the model is; engine lightning keeps its plans there.
        destination: opened only where the state does not know the rows as they were.
        plan_id: its number.
        platform: where engine standard keeps its plans.

    Raises:
        StalePlan: it is not held, or of another sync.
        PgsyncError: a database cannot be reached or read.
    """
    ends = Ends(source, destination, platform)
    home, _ = ends.planner_of(sync)
    name = f"pgsync/{sync.name} show"
    with ExitStack() as stack:
        keeper = stack.enter_context(home.session(name))
        planner = Planner(keeper, home.config.schemas.planner)
        record = found(planner, plan_id)
        over = ending(record)
        state = planner.look(record.sync, record.run.partition) or planner.look(record.sync, "")
        if over or record.sync != sync.name or record.plan is None or state is None:
            told = over or f"it is of the sync {record.sync!r}"
            raise StalePlan(f"plan {plan_id} cannot be shown: {told}")
        reader = cache(lambda: stack.enter_context(destination.session(name)))
        yield ShownPlan(record, record.plan, planner, state, reader, Privacy.of(sync))
