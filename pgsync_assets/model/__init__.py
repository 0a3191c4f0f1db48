"""What to send: the model as PostgreSQL describes it, and how its columns are mapped."""

from .describe import Relation, describe
from .mapping import ColumnMapping, map_columns
from .past import Past, check_cursor
from .query import load_sql_file, rows, select

__all__ = [
    "ColumnMapping",
    "Past",
    "Relation",
    "check_cursor",
    "describe",
    "load_sql_file",
    "map_columns",
    "rows",
    "select",
]
