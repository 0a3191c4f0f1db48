"""Where rows and columns come from, read out of SQL, with PostgreSQL's own answer where it is."""

from .described import DescribedColumn
from .source import (
    Catalog,
    Known,
    Origin,
    Returned,
    Source,
    Table,
    made_of,
    model_source,
    relation_source,
)
from .tables import named_tables, read_tables, source_tables, value_tables
from .trace import Traced

__all__ = [
    "Catalog",
    "DescribedColumn",
    "Known",
    "Origin",
    "Returned",
    "Source",
    "Table",
    "Traced",
    "made_of",
    "model_source",
    "named_tables",
    "read_tables",
    "relation_source",
    "source_tables",
    "value_tables",
]
