"""`pgsync-assets mapping`: which column goes where, and the YAML for what could go where."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click
import yaml
from rich.text import Text

from .. import sync as syncs
from ..config import SyncConfig
from ..project import read_project
from ..write import MappingLine
from .app import app, common_options
from .endpoints import to_look_at
from .exit_code import ExitCode
from .terminal import Terminal, table

GUESSES = ("similar name", "unique index")
NO_MATTER = 1_000_000  # columns of a line of YAML


@app.command()
@click.argument("sync")
@common_options
@click.pass_context
def mapping(context: click.Context, sync: str, defs: Path, as_json: bool) -> None:
    """Show which column of SYNC goes where, and suggest a mapping.

    The mapping need not be right yet: what is not found by its name is looked for by similar
    ones, and the YAML below the table maps what can be mapped. Writes nothing.
    """
    terminal = Terminal(as_json)
    project = read_project(defs)
    config = project.sync(sync)
    config, ends, error = to_look_at(project, config)
    if error is not None:
        raise error
    lines = syncs.mapping(config, ends.source, ends.destination)
    suggested = "".join(_yaml(config, lines))
    passed = all(line.passed for line in lines)
    terminal.document({"sync": sync, "lines": lines, "yaml": suggested, "passed": passed})
    terminal.show(table("", "model", "type", "table", "type", "how", rows=map(_cells, lines)))
    terminal.say("", "It maps as it is written." if passed else "It does not map as it is written.")
    terminal.say("To pin what can be mapped:", "", *suggested.splitlines())
    context.exit(ExitCode.OK if passed else ExitCode.FAILED)


def _cells(line: MappingLine) -> tuple[str | Text, ...]:
    return (
        Text("ok", "green") if line.passed else Text("FAILED", "bold red"),
        line.source or "",
        line.source_type or "",
        line.target or "",
        line.target_type or "",
        ": ".join(filter(None, (line.how, line.note))),
    )


def _yaml(sync: SyncConfig, lines: Sequence[MappingLine]) -> Iterator[str]:
    """`columns`, `lossy` and `values` as they could stand in the sync."""
    own = [line for line in lines if line.source and line.target and line.how != "value"]
    yield "columns:\n"
    for line in own:
        guess = "  # is it meant?" if line.how in GUESSES else ""
        pair = _dumped({line.source: line.target}).strip()
        yield f"  {pair}{guess}\n" if line.is_possible else f"  # {pair}  # {line.note}\n"
    if lossy := [line.source for line in own if line.is_possible and line.is_lossy]:
        yield _dumped({"lossy": lossy})
    if sync.values:
        written = {to: value.model_dump(exclude_unset=True) for to, value in sync.values.items()}
        yield _dumped({"values": written})


def _dumped(value: Any) -> str:
    return yaml.safe_dump(
        value, allow_unicode=True, sort_keys=False, width=NO_MATTER, default_flow_style=False
    )
