"""What to send: the model as PostgreSQL describes it, and how its columns are mapped."""

from .computed import Computed, cast, computed_by, free_name, own_columns, values_of
from .definition import Definition, Part, definitions
from .describe import Relation, describe
from .equality import Equality, Folding, equalities
from .mapping import ColumnMapping, map_columns, wanted_columns
from .past import Past, check_cursor
from .query import load_sql_file, rows, select
from .sent import add_computed, describe_sent
from .slice import condition, predicate
from .slice_fit import fit_partitions

__all__ = [
    "ColumnMapping",
    "Definition",
    "Computed",
    "Equality",
    "Folding",
    "Part",
    "Past",
    "Relation",
    "add_computed",
    "cast",
    "check_cursor",
    "computed_by",
    "condition",
    "definitions",
    "describe",
    "describe_sent",
    "equalities",
    "fit_partitions",
    "free_name",
    "load_sql_file",
    "map_columns",
    "own_columns",
    "predicate",
    "rows",
    "select",
    "values_of",
    "wanted_columns",
]
