"""`pgsync-assets check`: the configuration, then every connection and right that it needs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from .. import sync as syncs
from ..check_result import CheckResult
from ..config import shared_tables
from ..connect import Endpoint
from ..project import Project, read_project
from ..steps.asked import Asked
from .app import app, common_options
from .checked import show_checked
from .endpoints import to_look_at
from .exit_code import ExitCode
from .state import load_sentence, orphans_of, sentence
from .terminal import Terminal, counted


@app.command()
@click.argument("sync", nargs=-1)
@common_options
@click.pass_context
def check(context: click.Context, sync: tuple[str, ...], defs: Path, as_json: bool) -> None:
    """Check the configuration, then what each SYNC (default: all) needs.

    What is written to see whether it can be written is taken back. States that no sync has any
    more, and loads of models that are gone, are named, as `state` lists them; and tables that two
    syncs write.
    """
    terminal = Terminal(as_json)
    project = read_project(defs)
    chosen = [project.sync(name) for name in sync] or list(project.syncs.values())
    terminal.say(
        f"{project.folder}: {counted(len(project.connections), 'connection')}, "
        f"{counted(len(project.syncs), 'sync')}, no errors"
    )
    results: dict[str, list[CheckResult]] = {}
    for config in chosen:
        results[config.name] = checked(project, config.name)
        show_checked(terminal, f"sync {config.name}", results[config.name])
    unused = {} if sync else _unused(project)
    for name, lines in unused.items():
        show_checked(terminal, f"connection {name}, which no sync uses", lines)
    orphans, loads = ([], []) if sync else orphans_of(project)
    shared = [] if sync else list(shared_tables(project.syncs.values()))
    told = [f"orphaned: {one}" for one in (*map(sentence, orphans), *map(load_sentence, loads))]
    told += [f"shared: {one.sentence}" for one in shared]
    terminal.say(*([""] if told else []), *told)
    every = [one for part in (*results.values(), *unused.values()) for one in part]
    passed = all(one.passed for one in every)
    terminal.document(
        {
            "folder": project.folder,
            "connections": sorted(project.connections),
            "syncs": results,
            "unused_connections": unused,
            "orphans": orphans,
            "orphaned_loads": loads,
            "shared_tables": shared,
            "passed": passed,
        }
    )
    context.exit(ExitCode.OK if passed else ExitCode.FAILED)


def checked(project: Project, name: str) -> list[CheckResult]:
    """The lines of one sync.

    Args:
        project: that has it.
        name: of the sync.
    """
    config, ends, error = to_look_at(project, project.sync(name))
    lines = syncs.check(config, ends.source, ends.destination, platform=ends.platform)
    if error is None:
        return lines
    model = f"model {config.model_name}"
    return [
        replace(one, detail=error.message, remedy=error.remedy) if one.name == model else one
        for one in lines
    ]


def _unused(project: Project) -> dict[str, list[CheckResult]]:
    used = {end for sync in project.syncs.values() for end in (sync.source, sync.destination)}
    return {
        name: syncs.try_connection(Endpoint(name, config), Asked(roles=()))
        for name, config in project.connections.items()
        if name not in used
    }
