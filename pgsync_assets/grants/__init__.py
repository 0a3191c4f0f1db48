"""The script by which an administrator allows our role what the syncs need, and takes it back."""

from .needs import Needs, Ways, needs_of
from .password import verifier
from .script import revoke_script, setup_script
from .uses import PLACES, UsedAs, Uses, uses_of

__all__ = [
    "PLACES",
    "Needs",
    "UsedAs",
    "Uses",
    "Ways",
    "needs_of",
    "revoke_script",
    "setup_script",
    "uses_of",
    "verifier",
]
