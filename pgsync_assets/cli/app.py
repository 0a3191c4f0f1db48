"""The command group: one place where every error becomes a message and an exit code."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import click
from dotenv import load_dotenv

from .. import __version__
from ..errors import PgsyncError
from .exit_code import MEANINGS, ExitCode, exit_code_of
from .terminal import Terminal, error_object

DEFAULT_DEFS = Path(__file__).parent.parent / "defs"

EPILOG = "\b\nExit codes:\n" + "\n".join(f"  {code:>3}  {text}" for code, text in MEANINGS.items())


class App(click.Group):
    """A click group whose errors end in one message each, never in a traceback.

    `--debug` anywhere on the command line shows the traceback too.
    """

    def main(self, args: Sequence[str] | None = None, *rest: Any, **extra: Any) -> Any:
        """Runs a command and exits with one of `ExitCode`."""
        given = list(sys.argv[1:] if args is None else args)
        load_dotenv(Path.cwd() / ".env", override=False)
        # A polite kill stops what was started, as Ctrl-C does.
        before = signal.signal(signal.SIGTERM, _interrupt)
        try:
            sys.exit(self._code(given, *rest, **extra))
        finally:
            signal.signal(signal.SIGTERM, before)

    def _code(self, args: list[str], *rest: Any, **extra: Any) -> int:
        terminal = Terminal("--json" in args)
        try:
            result = super().main(args, *rest, **{**extra, "standalone_mode": False})
            return result if isinstance(result, int) else ExitCode.OK
        except (click.exceptions.Abort, KeyboardInterrupt):
            terminal.fail({"type": "Interrupted", "message": "interrupted", "remedy": None})
            return ExitCode.INTERRUPTED
        except click.ClickException as error:
            return _usage(terminal, error)
        except BrokenPipeError:
            # Whoever read our output has gone, as `head` does; nothing more can be said there.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return ExitCode.FAILED
        except PgsyncError as error:
            _trace(args)
            terminal.fail(error_object(error))
            return exit_code_of(error)
        except Exception as error:  # the last boundary: nothing may end in a traceback
            _trace(args)
            terminal.fail(_unexpected(error))
            return ExitCode.FAILED


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _trace(args: list[str]) -> None:
    if "--debug" in args:
        traceback.print_exc()


def _usage(terminal: Terminal, error: click.ClickException) -> int:
    context = getattr(error, "ctx", None)
    remedy = f"{context.command_path} --help" if context else None
    terminal.fail({"type": "UsageError", "message": error.format_message(), "remedy": remedy})
    return ExitCode.USAGE


def _unexpected(error: Exception) -> dict[str, Any]:
    """Words for an error that is nobody's: without its text, which may carry row values."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(last.filename).name}:{last.lineno}"
    return {
        "type": type(error).__name__,
        "message": f"unexpected {type(error).__name__} in {where}: a defect of pgsync_assets",
        "remedy": "run it again with --debug, which shows the traceback, and report it",
    }


debug_option = click.option("--debug", is_flag=True, expose_value=False, help="Show tracebacks.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
defs_option = click.option(
    "--defs",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="PGSYNC_DEFS",
    default=DEFAULT_DEFS,
    show_default="the package's own defs, or $PGSYNC_DEFS",
    help="Folder of definitions.",
)
directory_option = click.option(
    "--dir",
    "directory",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="PGSYNC_DIR",
    default=Path(".pgsync"),
    show_default=".pgsync, or $PGSYNC_DIR",
    help="State folder: the embedded servers with their data, the gateway's host key.",
)
port_option = click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=3000,
    show_default=True,
    help="Port of the Dagster UI on 127.0.0.1.",
)


row_limit_option = click.option(
    "--row-limit",
    metavar="ROWS",
    type=click.IntRange(min=1),
    help="At most so many changes; the others are left to the next run.",
)


def common_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds what every command on syncs takes: `--defs`, `--json`, `--debug`."""
    for option in (debug_option, json_option, defs_option):
        command = option(command)
    return command


@click.group(cls=App, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def app() -> None:
    """Reverse ETL for PostgreSQL, as Dagster assets.

    Rows of a model in one PostgreSQL appear in a table of another; only changed rows travel.
    """
