"""What a view shows of the one relation behind it, as PostgreSQL keeps it in `pg_rewrite`.

No view of the catalog says which column stands behind which, but the stored query does: each
column has its origin (`resorigtbl`, `resorigcol`) beside its number. Whoever reads the view needs
no right for that. A column that is computed has no origin.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# Braces open and close nodes; those in names have a backslash before them.
_PART = re.compile(
    r"\\.|(?P<brace>[{}])|:(?P<field>resno|resorigtbl|resorigcol|quals) (?P<value><>|-?\d*)",
    re.DOTALL,
)
_TOP = 2  # depth of the nodes right below the query: its columns, its FROM with WHERE


@dataclass(frozen=True)
class ViewQuery:
    """The query of a view.

    Args:
        has_condition: it has a WHERE: the view does not show every row.
        origins: by number of a column of the view, the OID of the relation and the number of the
            column that it shows.
    """

    has_condition: bool
    origins: dict[int, tuple[int, int]]


def view_query(tree: str) -> ViewQuery:
    """Reads the stored query of a view.

    Args:
        tree: `ev_action` of its rule, as text.
    """
    depth, number, relation = 0, 0, 0
    has_condition = False
    origins: dict[int, tuple[int, int]] = {}
    for part in _PART.finditer(tree):
        if part["brace"]:
            depth += 1 if part["brace"] == "{" else -1
        elif part["field"] and depth == _TOP:
            field, value = part["field"], part["value"]
            if field == "quals":
                has_condition = value != "<>"
            elif field == "resno":
                number = int(value)
            elif field == "resorigtbl":
                relation = int(value)
            elif relation and int(value) > 0:
                origins[number] = relation, int(value)
    return ViewQuery(has_condition, origins)
