"""The script by which an administrator allows our role what the syncs need, and takes it back."""

from .needs import Needs, Ways, needs_of
from .password import verifier
from .script import revoke_script, setup_script

__all__ = [
    "Needs",
    "Ways",
    "needs_of",
    "revoke_script",
    "setup_script",
    "verifier",
]
