"""The tables that are synced: about 200 bytes a row, a wide one, a narrow one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from pgsync_assets.sql import statement

Connection = psycopg.Connection[tuple[Any, ...]]
COLUMNS = 200  # of the wide table, its key included
KINDS = ("integer", "text", "numeric(14, 2)", "timestamptz", "boolean")
# What a column of each kind holds, from the number of the row (n) and of the column (k).
CONTENT = (
    "(n %% 100000 + {k})::integer",
    "'text ' || (n %% 1000 + {k})",
    "((n + {k}) %% 100000) / 100.0",
    "timestamptz '2024-01-01 00:00+00' + (n + {k}) * interval '7 seconds'",
    "(n + {k}) %% 3 = 0",
)


@dataclass(frozen=True)
class Shape:
    """The columns of the table; whatever they are, it is `public.customers` with the key `id`.

    Args:
        name: as in the option `--table`.
        told: what it is, for people.
        table: the file that makes and fills it; the wide one is composed.
        edits: the file that changes, removes and adds rows.
    """

    name: str
    told: str
    table: str | None
    edits: str


CUSTOMERS = Shape("customers", "9 columns of 8 types, 200 bytes a row", "table.sql", "edits.sql")
NARROW = Shape("narrow", "2 columns, 20 bytes a row", "narrow.sql", "narrow_edits.sql")
WIDE = Shape("wide", "200 columns of 5 types, 2 kB a row", None, "wide_edits.sql")
SHAPES = {shape.name: shape for shape in (CUSTOMERS, NARROW, WIDE)}


def fill(connection: Connection, shape: Shape, rows: int) -> None:
    """Makes the table with as many rows.

    Args:
        connection: to an empty database.
        shape: of the table.
        rows: none make an empty table.
    """
    made = statement("benchmarks", shape.table) if shape.table else _wide()
    _execute(connection, made, {"rows": rows})


def edit(connection: Connection, shape: Shape, rows: int, percent: int) -> None:
    """Changes a share of the rows; 0.1 % of them leave, and as many are new.

    Args:
        connection: to the source.
        shape: of the table.
        rows: that it had at first.
        percent: of them that change.
    """
    values = {"rows": rows, "round": percent, "step": 100 // percent}
    _execute(connection, statement("benchmarks", shape.edits), values)
    connection.execute("CHECKPOINT")


def _execute(connection: Connection, script: sql.Composed, values: dict[str, int]) -> None:
    # Several statements: psycopg sends values with one statement only.
    with psycopg.ClientCursor(connection) as cursor:
        cursor.execute(script, values)


def _wide() -> sql.Composed:
    names = [sql.Identifier(f"c{k}") for k in range(1, COLUMNS)]
    columns = [
        sql.SQL("{} {}").format(name, sql.SQL(KINDS[k % len(KINDS)]))
        for k, name in enumerate(names)
    ]
    content = [
        sql.SQL(CONTENT[k % len(CONTENT)]).format(k=sql.Literal(k)) for k in range(len(names))
    ]
    return sql.SQL(
        "CREATE TABLE public.customers (id bigint PRIMARY KEY, {columns});"
        " INSERT INTO public.customers SELECT n, {content}"
        " FROM generate_series(1, %(rows)s::bigint) AS n"
    ).format(columns=sql.SQL(", ").join(columns), content=sql.SQL(", ").join(content))
