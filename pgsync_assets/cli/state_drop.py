"""`pgsync-assets state drop`: forget a name that no sync has any more."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import click
from psycopg import sql

from .. import operations
from ..config.validation import suggestion
from ..errors import ConfigurationError
from ..frames import drop_left
from ..outcome import Forgotten
from ..plan import KnownState
from ..project import Project, read_project
from ..steps.look_around import (
    Seen,
    Unseen,
    forget_remembered,
    look_around,
    only_remembered,
    planners,
)
from ..steps.states import StateLine, state_lines
from .app import common_options
from .confirm import confirm, yes_option
from .state import endpoints_of, frames_of, state, tell_unseen
from .terminal import Terminal, counted

Home = tuple[Seen, list[KnownState]]


@state.command()
@click.argument("old")
@click.option(
    "--planner-only",
    is_flag=True,
    help="Leave the ledger as it is: no connection leads to the destination any more.",
)
@click.option(
    "--ledger-only",
    is_flag=True,
    help="Only what ledgers remember of a sync that none of the planners has.",
)
@click.option("--model", "is_model", is_flag=True, help="Rows that were loaded for a model OLD.")
@yes_option
@common_options
def drop(
    old: str,
    planner_only: bool,
    ledger_only: bool,
    is_model: bool,
    yes: bool,
    defs: Path,
    as_json: bool,
) -> None:
    """Forget OLD, a name that no sync has any more: its state, and its part of the ledger.

    Rows of the destination are not touched, and the audit keeps its history.
    """
    terminal = Terminal(as_json)
    project = read_project(defs)
    if planner_only + ledger_only + is_model > 1:
        raise click.UsageError("one of --planner-only, --ledger-only and --model")
    if is_model:
        _drop_loads(terminal, project, old, yes)
        return
    if old in project.syncs and not ledger_only:
        raise ConfigurationError(
            f"{old!r} is a sync of this project",
            f"pgsync-assets reset {old} begins anew; pgsync-assets drop {old} forgets it",
        )
    seen, unseen = look_around(endpoints_of(project))
    tell_unseen(terminal, unseen)
    if ledger_only:
        _drop_entries(terminal, old, yes, seen, unseen)
    else:
        _drop_states(terminal, project, old, yes, planner_only, seen, unseen)


def _drop_loads(terminal: Terminal, project: Project, model: str, yes: bool) -> None:
    if model in project.all_models:
        raise ConfigurationError(
            f"{model!r} is a model of this project", "its next load drops older ones by itself"
        )
    found = [one for one in frames_of(project) if one.model == model]
    if not found:
        raise ConfigurationError(
            f"nothing is loaded for a model {model!r}", "`pgsync-assets state` lists what is there"
        )
    places = ", ".join(one.planner for one in found)
    confirm(f"Drop what was loaded for the model {model!r} in {places}?", yes)
    ends = {one.name: one for one in endpoints_of(project)}
    loads = sum(drop_left(ends[one.planner], model) for one in found)
    terminal.document({"model": model, "loads": loads})
    terminal.say(f"{model}: {counted(loads, 'load')} in {places} dropped")


def _drop_states(
    terminal: Terminal,
    project: Project,
    old: str,
    yes: bool,
    planner_only: bool,
    seen: Sequence[Seen],
    unseen: Sequence[Unseen],
) -> None:
    homes: list[Home] = [
        (one, states)
        for _, one in planners(seen)
        if (states := [state for state in one.states if state.sync == old])
    ]
    if not homes:
        raise _unknown(old, state_lines(seen, project.syncs), unseen)
    # All destinations are found before anything is forgotten.
    ways = [
        (
            home,
            None if planner_only else _destination(old, home, states, seen, unseen),
            next((state.shape for state in states if state.shape), None),
        )
        for home, states in homes
    ]
    many = sum(len(states) for _, states in homes)
    rows = sum(state.rows for _, states in homes for state in states)
    names = ", ".join(home.name for home, _ in homes)
    told = f"{counted(many, 'state')} with {counted(rows, 'row')} in the planner of {names}"
    confirm(f"Forget {old!r}: {told}?", yes)
    done = [
        operations.drop_left(old, home.endpoint, there.endpoint if there else None, shape)
        for home, there, shape in ways
    ]
    forgotten = Forgotten(old, sum(one.states for one in done), sum(one.rows for one in done))
    left = [_left(state) for _, states in homes for state in states if planner_only]
    terminal.document({"forgotten": forgotten, "left_in_ledgers": left})
    terminal.say(f"{old}: {told} forgotten; the rows stay at the destination")
    if left:
        terminal.say("what its ledger remembers stays there, until somebody runs:", *left)


def _destination(
    old: str,
    home: Seen,
    states: Sequence[KnownState],
    seen: Sequence[Seen],
    unseen: Sequence[Unseen],
) -> Seen | None:
    """The connection that leads to the destination of a name; None where it has sent nothing."""
    wanted: set[UUID] = {state.ledger for state in states if state.ledger is not None}
    for ledger in wanted:
        found = next((one for one in seen if one.identity == ledger), None)
        if found is None or len(wanted) > 1:
            raise _no_way(old, home, states, unseen)
        return found
    return None


def _no_way(
    old: str, home: Seen, states: Sequence[KnownState], unseen: Sequence[Unseen]
) -> ConfigurationError:
    tables = ", ".join(sorted({state.shape.table for state in states if state.shape}))
    closed = ", ".join(one.connection for one in unseen)
    perhaps = f" (not reached: {closed})" if unseen else ""
    return ConfigurationError(
        f"no connection of the project leads to the destination of {old!r}{perhaps}: the planner "
        f"of {home.name} has it for {tables or 'a table'} in another database",
        "write that connection once more; or forget the planner's part only: "
        f"pgsync-assets state drop {old} --planner-only",
    )


def _unknown(old: str, lines: Sequence[StateLine], unseen: Sequence[Unseen]) -> ConfigurationError:
    if any(line.sync == old for line in lines):
        return ConfigurationError(
            f"no planner has a state named {old!r}; a ledger remembers it",
            f"to forget that: pgsync-assets state drop {old} --ledger-only",
        )
    closed = ", ".join(one.connection for one in unseen)
    perhaps = f" (not reached: {closed})" if unseen else ""
    return ConfigurationError(
        f"no state is named {old!r}{perhaps}; {suggestion(old, {line.sync for line in lines})}",
        "`pgsync-assets state` lists what is there",
    )


def _left(state: KnownState) -> str:
    query = sql.SQL("DELETE FROM {} WHERE installation = {} AND sync = {} AND partition = {};")
    ledger = sql.Identifier("pgsync_ledger", "pgsync_ledger")
    values = str(state.installation), state.sync, state.partition
    return query.format(ledger, *map(sql.Literal, values)).as_string(None)


def _drop_entries(
    terminal: Terminal,
    old: str,
    yes: bool,
    seen: Sequence[Seen],
    unseen: Sequence[Unseen],
) -> None:
    if unseen:
        raise ConfigurationError(
            f"{old!r} may be in use in a planner that was not reached: "
            f"{', '.join(one.connection for one in unseen)}",
            "mend the connection, or take it out of the project",
        )
    found = [one for one in only_remembered(seen) if one.entry.sync == old]
    if not found:
        raise ConfigurationError(
            f"no ledger remembers {old!r} without a planner that has it",
            "`pgsync-assets state` lists what is there",
        )
    places = ", ".join(sorted({one.at.name for one in found}))
    is_foreign = not all(one.is_ours for one in found)
    warning = " No planner of this project wrote it: it may be another project's." * is_foreign
    confirm(f"Forget {old!r} in the ledger at {places}?{warning}", yes)
    forget_remembered(found)
    terminal.document({"sync": old, "entries": len(found)})
    terminal.say(f"{old}: {counted(len(found), 'line')} of the ledger at {places} forgotten")
