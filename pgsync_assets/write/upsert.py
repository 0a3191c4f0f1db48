"""Mode `upsert`: rows of the model are inserted, or update the row with the same key.

`INSERT .. ON CONFLICT` probes the index row by row and does not depend on the table's size or
statistics; MERGE is not safe against concurrent inserts (trap 16).
"""

from __future__ import annotations

from psycopg import sql

from ..plan.keys import OPERATION
from ..sql import COMMA, column, column_list
from .into import Into
from .mode import WriteMode


def upsert(into: Into) -> sql.Composed:
    """Writes the staged rows that are not removals, in the order of their key (trap 32).

    Args:
        into: where they go.
    """
    names, values = into.inserted
    return sql.SQL(
        "INSERT INTO {target} AS t ({names}) OVERRIDING SYSTEM VALUE"
        " SELECT {values} FROM {stage} WHERE {op} <> 'r' ORDER BY {match}"
        " ON CONFLICT {conflict} DO UPDATE SET {assignments}"
    ).format(
        target=into.target.relation,
        names=COMMA.join(names),
        values=COMMA.join(values),
        stage=into.stage.relation,
        op=column(OPERATION),
        match=column_list(into.match),
        conflict=into.conflict,
        assignments=into.assignments(lambda name: column(name, "excluded")),
    )


UPSERT = WriteMode(
    rights=("INSERT", "UPDATE", "SELECT"), inserts=True, finds_rows=True, write=(upsert,)
)
