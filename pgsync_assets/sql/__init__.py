"""Names, quoting and composition of SQL; fixed statements are `.sql` files beside their room."""

from .files import script, statement
from .names import COMMA, all_of, any_of, column, column_list, relation, same_or_null
from .sizes import PACKED, size_of

__all__ = [
    "COMMA",
    "PACKED",
    "all_of",
    "any_of",
    "column",
    "column_list",
    "relation",
    "same_or_null",
    "script",
    "size_of",
    "statement",
]
