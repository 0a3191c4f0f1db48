"""What to send: the model as PostgreSQL describes it, and how its columns are mapped."""

from .describe import Relation, describe
from .equality import Equality, Folding, equalities
from .mapping import ColumnMapping, map_columns
from .past import Past, check_cursor
from .query import load_sql_file, rows, select

__all__ = [
    "ColumnMapping",
    "Equality",
    "Folding",
    "Past",
    "Relation",
    "check_cursor",
    "describe",
    "equalities",
    "load_sql_file",
    "map_columns",
    "rows",
    "select",
]
