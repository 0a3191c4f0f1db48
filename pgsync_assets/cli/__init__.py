"""The command line `pgsync-assets`: one file per command."""

from .adopt import adopt
from .app import app
from .apply import apply, approve, discard
from .certificate import certificate
from .check import check
from .columns import columns
from .demo import demo
from .doctor import doctor
from .drop import drop
from .forget import forget
from .history import history
from .lineage import lineage
from .mapping import mapping
from .plan import plan
from .preview import preview_command
from .prune import prune
from .rejected import rejected
from .reset import reset
from .run import run
from .setup_sql import setup_sql
from .show import show
from .state import state
from .state_drop import drop as state_drop
from .state_move import move as state_move
from .stats import stats
from .status import status
from .test_connection import test_connection
from .tunnel import tunnel
from .tunnel_invite import invite
from .tunnel_keygen import keygen
from .tunnel_serve import serve
from .up import up
from .verify import verify
from .worker import worker

__all__ = [
    "adopt",
    "app",
    "apply",
    "approve",
    "certificate",
    "check",
    "columns",
    "demo",
    "discard",
    "doctor",
    "drop",
    "forget",
    "history",
    "invite",
    "keygen",
    "main",
    "lineage",
    "mapping",
    "plan",
    "preview_command",
    "prune",
    "rejected",
    "reset",
    "run",
    "serve",
    "setup_sql",
    "show",
    "state",
    "state_drop",
    "state_move",
    "stats",
    "status",
    "tunnel",
    "test_connection",
    "up",
    "verify",
    "worker",
]


def main() -> None:
    """Runs the command line; the exit codes are in `exit_code`."""
    app()
