"""A tick that a restored storage has forgotten comes again, and sends nothing.

With processes of their own: faults/test_availability.py.
"""

from __future__ import annotations

import datetime as dt

import dagster as dg

from ...invariants import log_writes, violations, writes
from .conftest import Project

NOON = dt.datetime(2026, 3, 2, 12, tzinfo=dt.timezone.utc)


def requested(project: Project) -> dg.RunRequest:
    """What a daemon makes of the tick of noon, on the project's storage."""
    repository = project.definitions.get_repository_def()
    (schedule,) = repository.schedule_defs
    context = dg.build_schedule_context(
        instance=project.instance, scheduled_execution_time=NOON, repository_def=repository
    )
    with context:
        (request,) = schedule.evaluate_tick(context).run_requests or []
    return request


def test_it_asks_for_a_run_which_finds_nothing_to_send(project: Project) -> None:
    project.syncs.table("id bigint primary key, name text")
    log_writes(project.syncs)
    project.pair.source.execute("insert into items values (1, 'a'), (2, 'b'), (3, 'c')")
    project.sync(schedule={"every": "1 hour"})
    with dg.instance_for_test() as project.instance:
        first = requested(project)
        assert project.run().success
    with dg.instance_for_test() as project.instance:  # as the backup of the morning had it
        again = requested(project)
        assert (again.run_key, again.asset_selection) == (first.run_key, first.asset_selection)
        assert project.run().success
    planned = "select num_planned_add from hightouch_audit.sync_runs order by sync_run_id"
    assert project.pair.source.rows(planned) == [(3,), (0,)]
    assert writes(project.syncs) == {("INSERT", str(n)): 1 for n in (1, 2, 3)}
    assert violations(project.syncs) == []
