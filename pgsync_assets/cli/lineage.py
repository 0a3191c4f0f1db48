"""`pgsync-assets lineage`: where each column of a destination table comes from."""

from __future__ import annotations

from pathlib import Path

import click

from ..errors import ConfigurationError
from ..project import read_project
from .app import app, common_options
from .endpoints import ends_of
from .terminal import Terminal


@app.command()
@click.argument("sync")
@click.option(
    "--svg",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write a picture of it to FILE.",
)
@click.option("--mermaid", "as_mermaid", is_flag=True, help="Print it as a Mermaid flowchart.")
@click.option("--offline", is_flag=True, help="By the text of the SQL alone: ask no database.")
@common_options
def lineage(
    sync: str, file: Path | None, as_mermaid: bool, offline: bool, defs: Path, as_json: bool
) -> None:
    """Show where each column of SYNC's destination table comes from.

    PostgreSQL says what the names in the model's SQL stand for, and what is behind views; the
    text of the SQL says what columns are computed from. No row is read, and nothing is written.
    """
    from . import lineage_shown as shown  # takes a third of a second: sqlglot

    terminal = Terminal(as_json)
    project = read_project(defs)
    config = project.sync(sync)
    ends = ends_of(project, config)
    found = shown.lineage(config, ends.source, ends.destination, is_offline=offline)
    terminal.document({"sync": sync, **shown.plain(found)})
    if file is not None:
        _write(file, shown.picture(found))
    if as_mermaid:
        terminal.say(*shown.mermaid(found).splitlines())
        return
    terminal.show(shown.tree(found))
    terminal.say("", *shown.notes(found))


def _write(file: Path, content: str) -> None:
    try:
        file.write_text(content, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"--svg {file}: cannot be written: {error.strerror}", "name another file"
        ) from None
