"""An administrator ends one of our sessions during a run: it connects again and goes on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from pgsync_assets import sync as engine
from pgsync_assets.outcome import Counts, Progress

from ..fix_syncs import Syncs
from ..invariants import log_writes, violations, writes

TERMINATE = """
    select pg_terminate_backend(pid, 5000) from pg_stat_activity
    where datname = current_database() and application_name = 'pgsync/items{}'
"""
SESSIONS = {
    "planner": ("source", ""),
    "lock": ("source", " lock"),
    "writer": ("destination", ""),
}
MOMENTS: dict[str, Callable[[Progress], bool]] = {
    "recover": lambda at: at.step == "recover",
    "plan": lambda at: at.step == "plan",
    "guard": lambda at: at.step == "guard",
    "write": lambda at: at.step == "write" and at.rows_done == 0,
    "between batches": lambda at: at.step == "write" and at.rows_done == 4,
    "advance": lambda at: at.step == "advance",
    "done": lambda at: at.step == "done",
}


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("session", SESSIONS)
def test_the_run_goes_on(
    monkeypatch: pytest.MonkeyPatch, syncs: Syncs, session: str, moment: str
) -> None:
    monkeypatch.setattr("pgsync_assets.connect.retry.PAUSES_S", (0.1, 0.1, 0.1))
    syncs.table("id int primary key, name text")
    log_writes(syncs)
    syncs.pair.source.execute("insert into items select n, 'x' from generate_series(1, 10) as n")
    side, suffix = SESSIONS[session]
    ended: list[object] = []

    def end_it_once(progress: Progress) -> None:
        if MOMENTS[moment](progress) and not ended:
            ended.extend(getattr(syncs.pair, side).rows(TERMINATE.format(suffix)))

    outcome = engine.run(syncs.config(batch_size=4), *syncs.endpoints, on_progress=end_it_once)
    assert ended == [(True,)]
    finished = outcome.recovered or outcome
    assert finished.succeeded == Counts(added=10)
    assert violations(syncs) == []
    assert writes(syncs) == Counter([("INSERT", str(n)) for n in range(1, 11)])
    assert syncs.run().planned == Counts()
