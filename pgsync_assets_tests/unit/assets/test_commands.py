"""The commands in the metadata of a run are commands that there are."""

from __future__ import annotations

import re
import shlex

import click
import dagster as dg

from pgsync_assets.assets.metadata import commands
from pgsync_assets.cli import app
from pgsync_assets.outcome import Counts, Outcome


def test_each_is_understood() -> None:
    none = Counts()
    outcome = Outcome(12, "orders", None, "succeeded", none, none, none, none)
    value = commands(outcome)["pgsync/commands"]
    assert isinstance(value, dg.MarkdownMetadataValue) and value.md_str
    told = re.findall(r"`pgsync-assets (\w+) (.+?)`", value.md_str)
    assert [name for name, _ in told] == ["show", "show", "show", "history"]
    # With its parent: a command keeps the help option of the first context that it saw.
    group = click.Context(app, **app.context_settings)
    for name, arguments in told:
        command = app.get_command(group, name)
        assert command is not None
        assert command.make_context(name, shlex.split(arguments), parent=group).params
