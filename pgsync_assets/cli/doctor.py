"""`pgsync-assets doctor`: everything that can be wrong with an installation, in one list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import click

from .. import sync as syncs
from ..check_result import CheckResult
from ..config import shared_tables
from ..connect import Endpoint
from ..project import Project, read_project
from ..steps.asked import Asked, asked_of
from ..steps.lines import Found, Lines
from ..steps.machine import look_at_machine
from .app import app, common_options
from .beta_features import beta_features
from .check import checked
from .checked import show_checked
from .exit_code import ExitCode
from .terminal import Terminal, counted


@app.command()
@click.option("--no-databases", is_flag=True, help="Ask no database of the connections.")
@common_options
@click.pass_context
def doctor(context: click.Context, no_databases: bool, defs: Path, as_json: bool) -> None:
    """Look at everything that can be wrong with this installation.

    The machine, the configuration, Dagster, every connection, every sync: a line for each, with
    what to do about it. What takes a page of its own is summed up, with the command that tells it
    in full. What is written to see whether it can be written is taken back.
    """
    terminal = Terminal(as_json)
    sections: dict[str, list[CheckResult]] = {}

    def section(name: str, look: Callable[[Lines], None]) -> None:
        lines = Lines()
        look(lines)
        sections[name] = lines.results
        if lines.results:
            show_checked(terminal, name, lines.results)

    section("this machine", look_at_machine)
    project = _Configuration(defs)
    section("configuration", project.look)
    is_right = project.read is not None
    with beta_features():
        from ..assets.installation import look_at_dagster  # here: Dagster takes a second

        section("Dagster", partial(look_at_dagster, folder=defs, is_right=is_right))
    if project.read and not no_databases:
        read = project.read
        section("connections", lambda lines: _connections(lines, read))
        down = {one.name for one in sections["connections"] if not one.passed}
        section("syncs", lambda lines: _syncs(lines, read, down))
    every = [one for lines in sections.values() for one in lines]
    passed = all(one.passed for one in every)
    terminal.document({"sections": sections, "passed": passed})
    terminal.say("", _verdict(every))
    context.exit(ExitCode.OK if passed else ExitCode.FAILED)


def _verdict(every: Sequence[CheckResult]) -> str:
    failed = [one.name for one in every if not one.passed]
    warned = sum(one.state == "warning" for one in every)
    if failed:
        return f"{counted(len(failed), 'thing')} to mend: {', '.join(failed)}"
    return f"Nothing to mend; {counted(warned, 'warning')}."


class _Configuration:
    """The files, and what is read from them.

    Args:
        folder: of the definitions.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.read: Project | None = None

    def look(self, lines: Lines) -> None:
        """Adds a line for what is written, and one for what it means."""
        lines.tried("definitions", self._read)
        if self.read:
            lines.tried("tables of two syncs", partial(_shared, self.read))

    def _read(self) -> Found | str:
        self.read = project = read_project(self._folder)
        told = (
            f"{project.folder}: {counted(len(project.connections), 'connection')}, "
            f"{counted(len(project.syncs), 'sync')}"
        )
        if not project.syncs:
            return Found(told, "warning", "README.md, Your first own sync")
        return told


def _shared(project: Project) -> Found | str:
    shared = list(shared_tables(project.syncs.values()))
    if not shared:
        return "none"
    sentences = "; ".join(one.sentence for one in shared)
    return Found(sentences, "warning", "one table has one owner, unless their keys never meet")


def _connections(lines: Lines, project: Project) -> None:
    every = list(project.syncs.values())
    for name, config in project.connections.items():
        endpoint = Endpoint(name, config)
        asked = asked_of(name, every)
        command = f"pgsync-assets test-connection {name}"
        lines.tried(name, partial(_connection, endpoint, asked, command))


def _connection(endpoint: Endpoint, asked: Asked, command: str) -> Found | str:
    return _summed(syncs.try_connection(endpoint, asked), command)


def _syncs(lines: Lines, project: Project, down: set[str]) -> None:
    for name, config in project.syncs.items():
        first = sorted({config.source, config.destination} & down)
        if first:
            lines.skipped(name, f"{' and '.join(first)} first")
        else:
            lines.tried(name, partial(_sync, project, name, f"pgsync-assets check {name}"))


def _sync(project: Project, name: str, command: str) -> Found | str:
    return _summed(checked(project, name), command)


def _summed(results: Sequence[CheckResult], command: str) -> Found | str:
    """The worst of some lines, and how many there are.

    Args:
        results: in their order.
        command: tells them in full.
    """
    for state in ("failed", "warning"):
        worst = [one for one in results if one.state == state]
        if worst:
            first = worst[0]
            more = f" (and {len(worst) - 1} more)" if len(worst) > 1 else ""
            remedy = f"{first.remedy}\n{command}" if first.remedy else command
            return Found(f"{first.name}: {first.detail}{more}", first.state, remedy)
    return f"{counted(len(results), 'line')}, all well"
