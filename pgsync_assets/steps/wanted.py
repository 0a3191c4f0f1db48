"""What is wanted of a run, in as many tries as it takes."""

from __future__ import annotations

from dataclasses import replace

from ..outcome import Outcome
from ..plan import Part, Plan, Run, find_plan, unplan
from .hold import reason_to_hold
from .make_plan import make_plan
from .settled import settled
from .work import Work


class Wanted:
    """What somebody chose for a run.

    Args:
        full_resync: every row is sent again.
        compare_all: the whole model is compared, whatever the cursor says.
        retry_rejected: rows that are parked are tried once more.
        part: which of the changes are planned.
    """

    def __init__(
        self, full_resync: bool, compare_all: bool, retry_rejected: bool, part: Part
    ) -> None:
        self.full_resync = full_resync
        self._compare_all = compare_all
        self._retry_rejected = retry_rejected
        self._part = part
        self._run: Run | None = None

    def begun(self, run: Run) -> None:
        """Remembers the run of this try, for the next one."""
        self._run = run

    def done_before(self, work: Work, recovered: Outcome | None) -> Outcome | None:
        """What a run with a row limit came to, where an earlier try, or run, was not finished.

        That one is finished, and nothing more is planned: the limit would count anew with each try.

        Args:
            work: the run, behind its recovery.
            recovered: what the unfinished run came to.
        """
        if self._part.rows is None:
            return None
        if recovered is not None and (recovered.partition or "") == work.slice:
            told = f"run {recovered.run_id} was finished; with a row limit nothing more is planned"
            return replace(recovered, notes=(*recovered.notes, told))
        record = find_plan(work.planner, self._run.id) if self._run else None
        if record is not None and record.status == "settled":
            return settled(work, record.run.id)
        return None

    def plan(self, work: Work, run: Run) -> tuple[Work, Plan]:
        """Plans it; see `make_plan`."""
        streaming, plan = self._made(work, run, streams=True)
        if not plan.is_streamed or reason_to_hold(streaming, plan, self.full_resync) is None:
            return streaming, plan
        # Somebody is going to look at it, and may apply it when the snapshot is long gone.
        streaming.let_go()
        unplan(work.planner, work.state, run)
        return self._made(work, run, streams=False)

    def _made(self, work: Work, run: Run, *, streams: bool) -> tuple[Work, Plan]:
        return make_plan(
            work,
            run,
            full_resync=self.full_resync,
            compare_all=self._compare_all,
            retry_rejected=self._retry_rejected,
            part=self._part,
            streams=streams,
        )
