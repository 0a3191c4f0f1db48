"""Mode `insert`: rows are copied straight into the table, each key once; nothing is looked up.

No unique index is needed, and no right but INSERT: what was sent is known by the planner's keys,
and how far a run came by the ledger. Where COPY is refused (views, trap 26) or passes rules by,
rows are staged and inserted.
"""

from __future__ import annotations

from dataclasses import replace

from psycopg import sql

from ..sql import COMMA
from .into import Into
from .mode import WriteMode


def insert_staged(into: Into) -> sql.Composed:
    """Inserts all staged rows: in mode `insert` none is a removal.

    Args:
        into: where they go.
    """
    names, values = into.inserted
    return sql.SQL(
        "INSERT INTO {target} AS t ({names}) OVERRIDING SYSTEM VALUE SELECT {values} FROM {stage}"
    ).format(
        target=into.target.relation,
        names=COMMA.join(names),
        values=COMMA.join(values),
        stage=into.stage.relation,
    )


INSERT = WriteMode(rights=("INSERT",), inserts=True, finds_rows=False, write=())
STAGED_INSERT = replace(INSERT, write=(insert_staged,))
