"""The demo: real flights of 2013 in one database, an app that depends on them in another."""

from pgsync_assets.demo.data import Loaded, load
from pgsync_assets.demo.edits import Edits, apply_edits

__all__ = ["Edits", "Loaded", "apply_edits", "load"]
