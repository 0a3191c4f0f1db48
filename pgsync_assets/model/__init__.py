"""What to send: the model as PostgreSQL describes it, and how its columns are mapped."""

from .describe import Relation, describe
from .mapping import ColumnMapping, map_columns
from .query import load_sql_file, rows, select
from .slice import predicate
from .slice_fit import fit_partitions

__all__ = [
    "ColumnMapping",
    "Relation",
    "describe",
    "fit_partitions",
    "load_sql_file",
    "map_columns",
    "predicate",
    "rows",
    "select",
]
