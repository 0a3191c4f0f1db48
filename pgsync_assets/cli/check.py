"""`pgsync-assets check`: the configuration, then every connection and right that it needs."""

from __future__ import annotations

from pathlib import Path

import click
from rich.text import Text

from .. import sync as syncs
from ..connect import Endpoint
from ..errors import PgsyncError
from ..outcome import CheckResult
from ..project import Project, read_project
from .app import app, common_options
from .endpoints import ends_of
from .exit_code import ExitCode
from .terminal import Terminal, counted, table


@app.command()
@click.argument("sync", nargs=-1)
@common_options
@click.pass_context
def check(context: click.Context, sync: tuple[str, ...], defs: Path, as_json: bool) -> None:
    """Check the configuration, then what each SYNC (default: all) needs; writes nothing."""
    terminal = Terminal(as_json)
    project = read_project(defs)
    chosen = [project.sync(name) for name in sync] or list(project.syncs.values())
    terminal.say(
        f"{project.folder}: {counted(len(project.connections), 'connection')}, "
        f"{counted(len(project.syncs), 'sync')}, no errors"
    )
    results: dict[str, list[CheckResult]] = {}
    for config in chosen:
        results[config.name] = _checked(project, config.name)
        _show(terminal, f"sync {config.name}", results[config.name])
    unused = {} if sync else _unused(project)
    for name, result in unused.items():
        _show(terminal, f"connection {name}, which no sync uses", [result])
    every = [one for part in results.values() for one in part] + list(unused.values())
    passed = all(one.passed for one in every)
    terminal.document(
        {
            "folder": project.folder,
            "connections": sorted(project.connections),
            "syncs": results,
            "unused_connections": unused,
            "passed": passed,
        }
    )
    context.exit(ExitCode.OK if passed else ExitCode.FAILED)


def _checked(project: Project, name: str) -> list[CheckResult]:
    config = project.sync(name)
    ends = ends_of(project, config)
    return syncs.check(config, ends.source, ends.destination, platform=ends.platform)


def _unused(project: Project) -> dict[str, CheckResult]:
    used = {end for sync in project.syncs.values() for end in (sync.source, sync.destination)}
    return {
        name: _reached(Endpoint(name, config))
        for name, config in project.connections.items()
        if name not in used
    }


def _reached(endpoint: Endpoint) -> CheckResult:
    try:
        with endpoint.session("pgsync/check"):
            return CheckResult("connection", True, "logged in", warning=endpoint.weakness)
    except PgsyncError as error:
        return CheckResult("connection", False, error.message, error.remedy)


def _show(terminal: Terminal, heading: str, results: list[CheckResult]) -> None:
    rows = [(_mark(one), one.name, one.detail) for one in results]
    terminal.say("", heading)
    terminal.show(table("", "check", "what was found", rows=rows))
    for one in results:
        if one.remedy and not one.passed:
            # On lines of their own and never broken: a GRANT is there to be copied.
            terminal.say(f"-> {one.name}:", *one.remedy.splitlines())
    terminal.say(*(f"Warning: {one.warning}" for one in results if one.warning))


def _mark(result: CheckResult) -> Text:
    if not result.passed:
        return Text("FAILED", "bold red")
    return Text("warned", "yellow") if result.warning else Text("ok", "green")
