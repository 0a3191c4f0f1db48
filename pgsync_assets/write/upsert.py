"""Mode `upsert`: rows of the model are inserted, or update the row with the same key.

`INSERT .. ON CONFLICT` probes the index row by row and does not depend on the table's size or
statistics; MERGE is not safe against concurrent inserts (trap 16).
"""

from __future__ import annotations

from psycopg import sql

from ..sql import COMMA, column, column_list
from .stage import STAGE
from .target import Target, TargetColumn


def upsert(target: Target, columns: tuple[str, ...], match: tuple[str, ...]) -> sql.Composed:
    """Writes the staged rows that are not removals, in the order of their key (trap 32).

    Args:
        target: the destination table.
        columns: the mapped columns.
        match: those of them that find the row.
    """
    # An equal key may be another value (1.0 and 1.00): it is written too, but only then, as
    # writing a key locks out whoever inserts a row that refers to it. At least one assignment is
    # needed for the row to be counted.
    exact = {name for name in match if _is_identity(target.columns[name])}
    written = [name for name in columns if name not in exact] or [match[0]]
    return sql.SQL(
        "INSERT INTO {target} AS t ({columns}) OVERRIDING SYSTEM VALUE"
        " SELECT {columns} FROM {stage} WHERE {op} <> 'r' ORDER BY {match}"
        " ON CONFLICT ({match}) DO UPDATE SET {assignments}"
    ).format(
        target=target.relation,
        columns=column_list(columns),
        stage=STAGE,
        op=column("_pgsync_op"),
        match=column_list(match),
        assignments=COMMA.join(
            sql.SQL("{} = {}").format(column(name), column(name, "excluded")) for name in written
        ),
    )


def _is_identity(column: TargetColumn) -> bool:
    return column.key is not None and column.key.is_identity
