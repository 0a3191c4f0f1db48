"""What to send: the model as PostgreSQL describes it, and how its columns are mapped."""

from .definition import Definition, Part, definitions
from .describe import Relation, describe
from .equality import Equality, Folding, equalities
from .mapping import ColumnMapping, map_columns
from .past import Past, check_cursor
from .query import load_sql_file, rows, select
from .slice import condition, predicate
from .slice_fit import fit_partitions

__all__ = [
    "ColumnMapping",
    "Definition",
    "Equality",
    "Folding",
    "Part",
    "Past",
    "Relation",
    "check_cursor",
    "condition",
    "definitions",
    "describe",
    "equalities",
    "fit_partitions",
    "load_sql_file",
    "map_columns",
    "predicate",
    "rows",
    "select",
]
