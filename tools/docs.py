"""Writes the pages of docs/ that are made from the code: YAML keys, commands, errors.

`make docs` writes them, a test compares: docs and code cannot drift apart.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import click
from pydantic import BaseModel, ByteSize
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from benchmarks import results, standing
from benchmarks.scaling import page as scaling_page
from pgsync_assets import errors
from pgsync_assets.cli import app
from pgsync_assets.config import (
    AuditConfig,
    ConnectionConfig,
    FreshnessConfig,
    GuardConfig,
    HashPartitions,
    HistoryConfig,
    KeepConfig,
    ListPartitions,
    ModelConfig,
    RangePartitions,
    RetentionConfig,
    ReverseTunnelConfig,
    ReverseTunnelRef,
    ScheduleConfig,
    Schemas,
    SyncConfig,
    TimeWindows,
    TunnelConfig,
    ValueConfig,
)
from pgsync_assets.config.alerts import (
    ChannelConfig,
    EmailConfig,
    PagerDutyConfig,
    RuleConfig,
    SlackConfig,
    SmsConfig,
    TeamsConfig,
    WebhookConfig,
)

WIDTH = 78  # of a terminal with 80 columns, wherever this runs
DOCS = Path(__file__).parent.parent / "docs"
RESULTS = "<!-- Made by `make docs` from benchmarks/results. Do not edit. -->"
RESULTS_END = "<!-- End of what is made. -->"
MADE = "<!-- Made by `make docs` from the code. Do not edit. -->\n\n"

MODELS: dict[str, type[BaseModel]] = {
    "a connection": ConnectionConfig,
    "tunnel": TunnelConfig,
    "tunnel: the other way": ReverseTunnelRef,
    "reverse_tunnels": ReverseTunnelConfig,
    "schemas": Schemas,
    "a sync": SyncConfig,
    "model": ModelConfig,
    "values": ValueConfig,
    "partitions: time windows": TimeWindows,
    "partitions: by hash": HashPartitions,
    "partitions: by ranges": RangePartitions,
    "partitions: by lists of values": ListPartitions,
    "audit": AuditConfig,
    "keep": KeepConfig,
    "guard": GuardConfig,
    "schedule": ScheduleConfig,
    "freshness": FreshnessConfig,
    "alerts: a channel": ChannelConfig,
    "alerts: slack": SlackConfig,
    "alerts: pagerduty": PagerDutyConfig,
    "alerts: email": EmailConfig,
    "alerts: sms": SmsConfig,
    "alerts: teams": TeamsConfig,
    "alerts: webhook": WebhookConfig,
    "alerts: a rule": RuleConfig,
    "maintenance: dagster": HistoryConfig,
    "maintenance: audit": RetentionConfig,
}


def configuration() -> str:
    """Every YAML key of connections and syncs."""
    parts = [
        MADE,
        "# Configuration\n\n"
        "YAML below `pgsync_assets/defs/`: `pgsync_assets.PgConnectionsComponent` holds "
        "`connections: {name: ..}` and `reverse_tunnels: {name: ..}`, "
        "`pgsync_assets.PgSyncComponent` holds `syncs: [..]`, "
        "`pgsync_assets.PgAlertsComponent` holds `channels: {name: ..}` and `rules: [..]`. "
        "A key that is not listed here is an error, with file and line: `dg check yaml`, "
        "`pgsync-assets check`. Secrets are written as `$NAME`, the name of an environment "
        "variable.\n",
    ]
    for title, model in MODELS.items():
        summary = (model.__doc__ or "").split("\n")[0]
        parts.append(f"\n## {title}\n\n{summary}\n\n| key | default | |\n|---|---|---|\n")
        parts += [_row(name, field) for name, field in model.model_fields.items()]
    return "".join(parts)


def _row(name: str, field: FieldInfo) -> str:
    default = "required" if field.is_required() else _default(field)
    described = (field.description or "").replace("|", "\\|")
    choices = _choices(field.annotation)
    return f"| `{field.alias or name}` | {default} | {described}{choices} |\n"


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True)
    if value is None or value is PydanticUndefined or isinstance(value, BaseModel):
        return ""
    if isinstance(value, ByteSize):
        value = value.human_readable().replace(".0", "")
    return f"`{json.dumps(value, default=str)}`"


def _choices(annotation: Any) -> str:
    words = [word for word in _words(annotation) if isinstance(word, str)]
    return f" One of {', '.join(f'`{word}`' for word in words)}." if len(words) > 1 else ""


def _words(annotation: Any) -> list[Any]:
    found: list[Any] = []
    for argument in get_args(annotation):
        found += [argument] if isinstance(argument, str) else _words(argument)
    return found


def commands() -> str:
    """Help of every command, as `--help` prints it at 80 columns."""
    parts = [MADE, "# Command line\n"]
    settings = app.context_settings | {"terminal_width": WIDTH}
    context = click.Context(app, info_name="pgsync-assets", **settings)
    parts.append(f"\n```\n{app.get_help(context)}\n```\n")
    return "".join([*parts, *_helps(context, settings)])


def _helps(group: click.Context, settings: dict[str, Any], before: str = "") -> Iterator[str]:
    """Help of the commands of a group, and of those of the groups among them."""
    assert isinstance(group.command, click.Group)  # noqa: S101 - by its callers
    for name in group.command.list_commands(group):
        command = group.command.get_command(group, name)
        assert command is not None  # noqa: S101 - it was listed
        inner = click.Context(command, info_name=name, parent=group, **settings)
        yield f"\n## {before}{name}\n\n```\n{command.get_help(inner)}\n```\n"
        if isinstance(command, click.Group):
            yield from _helps(inner, settings, f"{before}{name} ")


def error_tree() -> str:
    """The tree of errors, and when each is raised."""
    picture = (errors.__doc__ or "").split("::\n\n")[1].split("\n\n")[0]
    tree = "\n".join(line.removeprefix("    ") for line in picture.split("\n"))
    parts = [
        MADE,
        "# Errors\n\nEach says what is wrong, where, and what to do about it. Never a secret, "
        f"never a value of a row.\n\n```\n{tree}\n```\n\n| error | when |\n|---|---|\n",
    ]
    for name, value in vars(errors).items():
        if isinstance(value, type) and issubclass(value, errors.PgsyncError):
            summary = " ".join((value.__doc__ or "").split("\n\n")[0].split())
            parts.append(f"| `{name}` | {summary} |\n")
    return "".join(parts)


def performance() -> str:
    """The page that people wrote, with the results that are kept now between its marks."""
    page = (DOCS / "performance.md").read_text(encoding="utf-8")
    before, rest = page.split(RESULTS, 1)
    after = rest.split(RESULTS_END, 1)[1]
    told = standing.standing(results.history())
    return f"{before}{RESULTS}\n\n{told}\n{RESULTS_END}{after}"


def scaling() -> str:
    """The page that people wrote, with what measured points, model and simulation say."""
    return scaling_page.filled((DOCS / "scaling.md").read_text(encoding="utf-8"))


PAGES = {
    "configuration.md": configuration,
    "cli.md": commands,
    "errors.md": error_tree,
    "performance.md": performance,
    "scaling.md": scaling,
}


def main() -> None:
    """Writes every page."""
    for name, page in PAGES.items():
        (DOCS / name).write_text(page(), encoding="utf-8")
        sys.stdout.write(f"docs/{name}\n")


if __name__ == "__main__":
    main()
