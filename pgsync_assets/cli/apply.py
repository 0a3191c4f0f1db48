"""`pgsync-assets apply`, `approve`, `discard`: what becomes of a held plan."""

from __future__ import annotations

from pathlib import Path

import click

from .. import sync as syncs
from ..errors import StalePlan
from ..plan import Planner
from ..plan import approve as record_approval
from ..project import read_project
from ..steps.held import ending
from .app import app, common_options
from .endpoints import as_loaded, somebody
from .exit_code import ExitCode
from .held import tell_plan
from .plans import Located, by_option, plan_sync_option, the_plan
from .progress import ProgressDisplay
from .run import show_outcomes
from .terminal import Terminal

NUMBER = click.argument("plan", type=click.IntRange(min=1))


@app.command()
@NUMBER
@plan_sync_option
@by_option
@common_options
@click.pass_context
def apply(
    context: click.Context,
    plan: int,
    sync: str | None,
    by: str | None,
    defs: Path,
    as_json: bool,
) -> None:
    """Write exactly the rows of a held PLAN, even where the source has changed since.

    `plan` and a run that a guard stopped tell its number. It is refused where a run has written
    since, the configuration has changed, or another plan has replaced it.
    """
    terminal = Terminal(as_json)
    project = read_project(defs)
    one = the_plan(project, plan, sync)
    config, ends = as_loaded(project, one.sync)
    if one.record.plan is not None and ending(one.record) is None:
        tell_plan(terminal, one)
    with ProgressDisplay(terminal.progress_console, silent=as_json) as progress:
        outcome = syncs.apply(
            config,
            ends.source,
            ends.destination,
            plan,
            platform=ends.platform,
            partition=one.partition,
            by=somebody(by),
            on_progress=progress,
        )
    show_outcomes(terminal, [outcome])
    terminal.document({"sync": one.sync.name, "plan": plan, "outcomes": [outcome]})
    context.exit(ExitCode.OK if outcome.is_complete else ExitCode.ROWS_REJECTED)


@app.command()
@NUMBER
@plan_sync_option
@by_option
@common_options
def approve(plan: int, sync: str | None, by: str | None, defs: Path, as_json: bool) -> None:
    """Record that a held PLAN may be written; the sensor for approved plans then runs it."""
    terminal = Terminal(as_json)
    one = the_plan(read_project(defs), plan, sync)
    who = somebody(by)
    with one.home.session("pgsync/approve") as session:
        at = record_approval(Planner(session, session.config.schemas.planner), plan, who)
    if at is None:
        raise _not_held(one)
    tell_plan(terminal, one)
    terminal.say(f"approved by {who}")
    terminal.document({"sync": one.sync.name, "plan": plan, "approved_by": who, "approved_at": at})


@app.command()
@NUMBER
@plan_sync_option
@by_option
@common_options
def discard(plan: int, sync: str | None, by: str | None, defs: Path, as_json: bool) -> None:
    """Drop a held PLAN; nothing of it is written."""
    terminal = Terminal(as_json)
    project = read_project(defs)
    one = the_plan(project, plan, sync)
    config, ends = as_loaded(project, one.sync)
    who = somebody(by)
    syncs.discard(
        config,
        ends.source,
        ends.destination,
        plan,
        platform=ends.platform,
        partition=one.partition,
        by=who,
    )
    terminal.say(f"{one.name}: plan {plan} was discarded")
    terminal.document({"sync": one.sync.name, "plan": plan, "discarded_by": who})


def _not_held(one: Located) -> StalePlan:
    return StalePlan(
        f"plan {one.number} of {one.name} cannot be approved: {ending(one.record)}",
        f"make a new one: pgsync-assets plan {one.sync.name}",
    )
