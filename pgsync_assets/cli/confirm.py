"""Asking before something is forgotten."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import click

yes_option: Callable[..., Any] = click.option("--yes", is_flag=True, help="Do not ask.")


def confirm(question: str, is_sure: bool) -> None:
    """Asks at a terminal; elsewhere `--yes` has to say it.

    Args:
        question: what is about to happen.
        is_sure: `--yes` was given.

    Raises:
        UsageError: nobody is there to answer.
        Abort: the answer was no.
    """
    if is_sure:
        return
    if not sys.stdin.isatty():
        raise click.UsageError(f"{question} Nobody is there to ask: say --yes.")
    click.confirm(question, abort=True, err=True)
