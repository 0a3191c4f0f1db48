"""Which sync a plan belongs to: its number is asked for in every planner of the project."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

import click

from ..config import Partition, SyncConfig
from ..connect import Endpoint, is_migrated
from ..errors import ConfigurationError, StalePlan
from ..outcome import PlanPreview
from ..plan import HeldPlan, Planner, PlanRecord, find_plan, held_plans
from ..project import Project
from ..steps.ends import Ends
from .endpoints import ends_of

by_option = click.option(
    "--by", metavar="NAME", help="Who approves or discards it; default: your login name."
)
plan_sync_option = click.option(
    "--sync", metavar="SYNC", help="Whose plan it is; needed where two databases number theirs."
)


@dataclass(frozen=True)
class Located:
    """A plan, and what it takes to work on it.

    Args:
        sync: that it is of.
        ends: the sync's databases.
        home: the one that holds the plan.
        record: what the planner knows of it.
    """

    sync: SyncConfig
    ends: Ends
    home: Endpoint
    record: PlanRecord

    @property
    def number(self) -> int:
        """Of the plan."""
        return self.record.run.id

    @property
    def name(self) -> str:
        """The sync, and the partition if there is one."""
        return f"{self.sync.name} {self.record.run.partition}".rstrip()

    @property
    def partition(self) -> Partition | None:
        """That the plan is about."""
        name = self.record.run.partition
        return self.sync.partition_named(name) if name else None

    @property
    def preview(self) -> PlanPreview:
        """Its numbers, without changes."""
        plan, record = self.record.plan, self.record
        assert plan is not None  # noqa: S101 - callers ask for complete plans only
        return PlanPreview(
            self.number,
            self.sync.name,
            plan.run.partition or None,
            plan.counts,
            plan.invalid,
            (),
            reason=plan.reason,
            planned_at=record.planned_at,
            approved_at=record.approved_at,
            approved_by=record.approved_by,
            left=plan.left.total,
        )


def located(project: Project, number: int, sync: str | None = None) -> list[Located]:
    """Every plan of this number; several where several databases number plans.

    Args:
        project: whose syncs are asked for.
        number: of the plan.
        sync: only this one's.
    """
    found = []
    for home, planner, syncs in _planners(project, sync):
        record = find_plan(planner, number)
        if record is not None and record.sync in syncs:
            config = syncs[record.sync]
            found.append(Located(config, ends_of(project, config), home, record))
    return found


def the_plan(project: Project, number: int, sync: str | None = None) -> Located:
    """The plan of this number.

    Raises:
        StalePlan: there is none.
        ConfigurationError: there are several, and no sync was named.
    """
    found = located(project, number, sync)
    if not found:
        raise StalePlan(
            f"no sync {'named ' + repr(sync) if sync else 'of the project'} has a plan {number}",
            "`pgsync-assets show` lists runs and held plans",
        )
    if len(found) > 1:
        names = ", ".join(one.name for one in found)
        raise ConfigurationError(
            f"several databases have a plan {number}: of {names}", "name the sync with --sync"
        )
    return found[0]


def all_held(project: Project, sync: str | None = None) -> list[tuple[str, HeldPlan]]:
    """Plans that wait for somebody, each with the connection that holds it."""
    return [
        (home.name, held)
        for home, planner, syncs in _planners(project, sync)
        for held in held_plans(planner)
        if held.sync in syncs
    ]


def _planners(
    project: Project, only: str | None
) -> Iterator[tuple[Endpoint, Planner, dict[str, SyncConfig]]]:
    """Each database with a planner, and the syncs that have theirs there."""
    homes: dict[str, tuple[Endpoint, dict[str, SyncConfig]]] = {}
    for config in [project.sync(only)] if only else project.syncs.values():
        with suppress(ConfigurationError):  # no platform is known: nothing is there
            home, _ = ends_of(project, config).planner_of(config)
            homes.setdefault(home.name, (home, {}))[1][config.name] = config
    for home, syncs in homes.values():
        schema = home.config.schemas.planner
        with home.session("pgsync/plans") as session:
            if is_migrated(session, schema):
                yield home, Planner(session, schema), syncs
