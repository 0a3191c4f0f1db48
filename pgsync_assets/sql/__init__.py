"""Names, quoting and composition of SQL; fixed statements are `.sql` files beside their room."""

from .files import script, statement
from .names import COMMA, all_of, column, column_list, relation

__all__ = ["COMMA", "all_of", "column", "column_list", "relation", "script", "statement"]
