"""The script by which an administrator allows our role what the syncs need, and takes it back."""

from .log_reader import LogReader
from .needs import Needs, Ways, needs_of
from .password import verifier
from .script import revoke_script, setup_script

__all__ = [
    "LogReader",
    "Needs",
    "Ways",
    "needs_of",
    "revoke_script",
    "setup_script",
    "verifier",
]
