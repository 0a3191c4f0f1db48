"""A schedule runs its syncs; a partitioned one with all of its partitions."""

from __future__ import annotations

import dagster as dg

from .conftest import Project

WINDOW = {"column": "at", "every": "day", "start": "2024-01-01", "end": "2024-01-04"}


def test_one_request_for_each_kind_of_partitions(project: Project) -> None:
    common = {"source": "shop", "destination": "crm"}
    syncs = [
        {**common, "name": "a", "model": {"table": "public.a", "key": ["id"]}, "table": "app.a"},
        {**common, "name": "b", "model": {"table": "public.b", "key": ["id"]}, "table": "app.b"},
        {
            **common,
            "name": "c",
            "model": {"table": "public.c", "key": ["at"]},
            "table": "app.c",
            "partitions": WINDOW,
        },
    ]
    project.write("syncs", "PgSyncComponent", syncs=syncs)
    project.write(
        "nightly",
        "PgScheduleComponent",
        name="nightly",
        cron_schedule="0 1 * * *",
        selection="group:crm",
    )
    schedule = project.definitions.resolve_schedule_def("nightly")
    repository = project.definitions.get_repository_def()
    with dg.build_schedule_context(instance=project.instance, repository_def=repository) as context:
        requests = schedule.evaluate_tick(context).run_requests or []
    found = {
        frozenset(key.path[-1] for key in request.asset_selection or []): dict(request.tags)
        for request in requests
    }
    start, end = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"
    assert set(found) == {frozenset("ab"), frozenset("c")}
    assert start not in found[frozenset("ab")]
    tags = found[frozenset("c")]
    assert (tags[start], tags[end]) == ("2024-01-01", "2024-01-03")
