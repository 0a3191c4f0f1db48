"""`pgsync-assets preview`: what the rows of a model look like."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from .. import svg
from ..connect import tried
from ..errors import ConfigurationError
from ..model import describe
from ..preview import (
    TIMEOUT_S,
    ModelPreview,
    Profile,
    Row,
    distinct_of,
    drawing,
    percent,
    preview,
)
from ..printable import cut, printable
from ..project import Project, read_project
from .app import app, common_options
from .endpoints import model_session
from .outcomes import VALUE_WIDTH, show_invalid_keys, shown_value
from .terminal import Terminal, counted, table

GUTTER = 2  # spaces between two columns
MANY = 20  # different values
END_WIDTH = 24  # characters of a minimum or maximum


@app.command("preview")
@click.argument("model")
@click.option(
    "--rows",
    type=click.IntRange(0, 1000),
    help="First rows to show, and as many random ones; default: as the model's `preview` says.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(0.1, 86_400),
    default=TIMEOUT_S,
    show_default=True,
    metavar="SECONDS",
    help="For the whole preview; what takes longer is left out.",
)
@click.option(
    "--svg",
    "picture",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Draw how the values are spread into this file.",
)
@common_options
def preview_command(
    model: str,
    rows: int | None,
    timeout: float,
    picture: Path | None,
    defs: Path,
    as_json: bool,
) -> None:
    """Show rows of MODEL and figures of its columns; the name of a sync stands for its model.

    Nothing is written, and nothing is hidden: what the UI shows is less (`preview: values:`).
    """
    terminal = Terminal(as_json)
    found = _preview(read_project(defs), model, rows, timeout)
    terminal.document(found)
    _tell(terminal, found)
    if picture is not None:
        _draw(terminal, found, picture)


def _preview(project: Project, name: str, rows: int | None, timeout: float) -> ModelPreview:
    def once() -> ModelPreview:
        with model_session(project, name, "preview") as (session, model):
            relation = describe(session, model)
            return preview(session, model, relation, rows=rows, timeout_s=timeout)

    return tried(once)


def _tell(terminal: Terminal, found: ModelPreview) -> None:
    key = ", ".join(found.key)
    if found.quality is None:
        checked = "was not checked"
    elif invalid := found.quality.invalid.total:
        checked = f"does not identify {counted(invalid, 'row')}"
    else:
        checked = "identifies every row" + (" (by an index)" if found.key_is_proven else "")
    terminal.say(f"{found.name}: {found.told}", f"key {key}: {checked}")
    terminal.say(*(f"note: {note}" for note in found.notes), "")
    terminal.show(
        table(
            *("column", "type", "nulls", "distinct", "values"),
            rows=[_cells(column) for column in found.columns],
            numbers=("nulls", "distinct"),
        )
    )
    if found.quality is not None:
        show_invalid_keys(terminal, found.quality.invalid)
    _show_rows(terminal, "First rows:", found.names, found.first)
    _show_rows(terminal, "Random rows:", found.names, found.sample)


def _cells(column: Profile) -> tuple[str, ...]:
    nulls = "" if column.null_share is None else percent(column.null_share)
    distinct = distinct_of(column).replace("about ", "~")
    return (column.name, column.type, nulls, distinct, _values(column))


def _values(column: Profile) -> str:
    # Of many numbers where they lie tells more than some of them.
    if column.top and not (column.histogram and (column.distinct or 0) > MANY):
        return ", ".join(f"{_end(one.value)} {percent(one.share)}" for one in column.top)
    if column.minimum is None or column.maximum is None:
        return ""
    return f"{_end(column.minimum)} .. {_end(column.maximum)}"


def _end(value: str) -> str:
    return cut(shown_value(value), END_WIDTH)


def _show_rows(terminal: Terminal, heading: str, names: Sequence[str], rows: Sequence[Row]) -> None:
    if not rows:
        return
    terminal.say("", heading)
    cells = [[printable(shown_value(value)) for value in row] for row in rows]
    widths = (max(map(len, column)) for column in zip(names, *cells, strict=True))
    if sum(widths) + GUTTER * len(names) <= terminal.width:
        terminal.show(table(*map(printable, names), rows=cells))
        return
    for number, row in enumerate(rows, start=1):  # one column a line
        terminal.say("")
        values = [(name, _whole(value)) for name, value in zip(names, row, strict=True)]
        terminal.show(table(f"row {number}", "", rows=values))


def _whole(value: str | None) -> str:
    return shown_value(value) if value is None or len(value) <= VALUE_WIDTH else cut(value)


def _draw(terminal: Terminal, found: ModelPreview, file: Path) -> None:
    root = drawing(found, found.names)
    if root is None:
        terminal.say("", "There is nothing to draw.")
        return
    try:
        file.write_text(svg.document(root), encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"--svg {file}: cannot be written ({error.strerror})", "name a file that can be made"
        ) from None
    terminal.say("", f"drawn into {file}")
