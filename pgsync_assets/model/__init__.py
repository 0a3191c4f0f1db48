"""What to send: the model as PostgreSQL describes it, and how its columns are mapped."""

from .computed import Computed, cast, computed_by, free_name, own_columns, values_of
from .definition import Definition, Part, definitions
from .describe import Relation, describe
from .equality import Equality, Folding, equalities
from .files import with_files
from .mapping import ColumnMapping, map_columns, wanted_columns
from .moment import check_moment
from .past import Past, check_cursor
from .query import rows, select, written
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
    "check_moment",
    "computed_by",
    "condition",
    "definitions",
    "describe",
    "describe_sent",
    "equalities",
    "fit_partitions",
    "free_name",
    "map_columns",
    "own_columns",
    "predicate",
    "rows",
    "select",
    "values_of",
    "wanted_columns",
    "with_files",
    "written",
]
