"""Rows that no database has, in a table of the platform: of a DataFrame or a file."""

from .left import LeftFrame, drop_left, left_frames
from .loads import Load, load, newest
from .read import read
from .syncs import loaded, model_with_rows, with_newest, with_rows, with_some

__all__ = [
    "LeftFrame",
    "Load",
    "drop_left",
    "left_frames",
    "load",
    "loaded",
    "model_with_rows",
    "newest",
    "read",
    "with_newest",
    "with_rows",
    "with_some",
]
