"""The command line `pgsync-assets`: one file per command."""

from .app import app
from .check import check
from .plan import plan
from .run import run
from .show import show

__all__ = ["app", "check", "main", "plan", "run", "show"]


def main() -> None:
    """Runs the command line; the exit codes are in `exit_code`."""
    app()
