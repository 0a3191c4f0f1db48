"""The command line `pgsync-assets`: one file per command."""

from .adopt import adopt
from .app import app
from .apply import apply, approve, discard
from .certificate import certificate
from .check import check
from .demo import demo
from .drop import drop
from .mapping import mapping
from .plan import plan
from .rejected import rejected
from .reset import reset
from .run import run
from .setup_sql import setup_sql
from .show import show
from .test_connection import test_connection
from .tunnel import tunnel
from .tunnel_invite import invite
from .tunnel_keygen import keygen
from .tunnel_serve import serve
from .up import up
from .verify import verify

__all__ = [
    "adopt",
    "app",
    "apply",
    "approve",
    "certificate",
    "check",
    "demo",
    "discard",
    "drop",
    "invite",
    "keygen",
    "main",
    "mapping",
    "plan",
    "rejected",
    "reset",
    "run",
    "serve",
    "setup_sql",
    "show",
    "tunnel",
    "test_connection",
    "up",
    "verify",
]


def main() -> None:
    """Runs the command line; the exit codes are in `exit_code`."""
    app()
