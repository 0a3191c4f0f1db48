"""The log of a big run as a table of its own: `changelog_<run>`, which `sync_changelog` shows.

Filled by CREATE TABLE AS, and with its index built at the end from sorted keys: a third of the cost
of rows that go into a table with indexes. What all rows of the run have in common is a default of a
column that was added afterwards: PostgreSQL (11 and later) stores that once for the table.

It may be filled before it is known what becomes of the rows, as `early_<run>_<epoch>`, which nobody
reads. Settling takes out what did not succeed, gives it its name and shows it, in one transaction;
a table that was left behind by a crash is dropped by the next big run.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import psycopg
from psycopg import sql

from ..plan import Plan, Planner
from ..sql import COMMA, relation, statement

Connection = psycopg.Connection[Any]

OWN_TABLE = 100_000  # rows from which on it is worth the dozen changes of the catalog
WITHOUT_VALUES, WITH_VALUES = "changelog_rows", "changelog_columns"  # whose child it becomes
MOST_TABLES = 200  # who reads sync_changelog locks each of them, and its indexes


def may_have_own_table(connection: Connection, audit: str, rows: int) -> bool:
    """Whether the delivered rows of a run become a table of their own.

    Args:
        connection: in a transaction on the database of the audit.
        audit: name of the audit's schema.
        rows: how many there are.
    """
    if rows < OWN_TABLE:
        return False
    query = statement(__package__ or "", "own_table.sql")
    row = connection.execute(query, {"audit": audit, "limit": MOST_TABLES}).fetchone()
    return bool(row and row[0])


def fill(
    connection: Connection,
    audit: str,
    table: str,
    sync: str,
    plan: Plan,
    rows: sql.Composable,
    added: Iterable[sql.Composable],
) -> None:
    """Makes the table of a run; nobody sees it.

    Args:
        connection: in a transaction.
        audit: name of the audit's schema.
        table: its name.
        sync: name of the sync.
        plan: whose rows they are.
        rows: SELECT of plan_row, batch, row_id, op_type, and of values.
        added: definitions of columns that its parent has and the SELECT does not.
    """
    _run(
        connection,
        (
            "CREATE TABLE {table} AS {rows}",
            "ALTER TABLE {table} {added},"
            " ADD COLUMN sync_id text NOT NULL DEFAULT {sync} CHECK (sync_id = {sync}),"
            " ADD COLUMN sync_run_id bigint NOT NULL DEFAULT {run} CHECK (sync_run_id = {run}),"
            " ADD COLUMN status text NOT NULL DEFAULT 'succeeded' CHECK (status = 'succeeded'),"
            " ADD COLUMN failure_reason text,"
            " ADD COLUMN partition text NOT NULL DEFAULT {partition},"
            " ALTER COLUMN plan_row SET NOT NULL,"
            " ALTER COLUMN row_id SET NOT NULL,"
            " ALTER COLUMN op_type SET NOT NULL,"
            " ADD CONSTRAINT sync_changelog_op_type_check"
            " CHECK (op_type IN ('added', 'changed', 'removed')),"
            " ADD CONSTRAINT sync_changelog_status_check"
            " CHECK (status IN ('succeeded', 'failed', 'aborted'))",
            "CREATE INDEX {by_row} ON {table} (row_id)",
            # Where no constant tells it: one look per megabyte says that a run is not here.
            "CREATE INDEX {by_number} ON {table} USING brin (sync_run_id, plan_row)",
        ),
        table=relation(audit, table),
        rows=rows,
        added=COMMA.join(sql.SQL("ADD COLUMN {}").format(one) for one in added),
        by_row=sql.Identifier(f"{table}_of_a_row"),
        by_number=sql.Identifier(f"{table}_by_number"),
        sync=sql.Literal(sync),
        run=sql.Literal(plan.run.id),
        partition=sql.Literal(plan.run.partition),
    )


def show(
    connection: Connection,
    planner: Planner,
    audit: str,
    table: str,
    plan: Plan,
    committed: int,
    parent: str,
) -> None:
    """What was written early becomes the log of its run.

    Nothing that others use is locked against them: its parent in SHARE UPDATE EXCLUSIVE, which
    lets everybody read and write it.

    Args:
        connection: the settling transaction.
        planner: that knows which rows were refused.
        audit: name of the audit's schema.
        table: with all rows of the plan.
        plan: whose rows they are.
        committed: last row of the plan whose batch was committed.
        parent: WITHOUT_VALUES or WITH_VALUES.
    """
    _run(
        connection,
        (
            "DELETE FROM {table} WHERE plan_row IN"
            " (SELECT plan_row FROM {rejections} WHERE run_id = {run})",
            *(
                ["DELETE FROM {table} WHERE plan_row > {committed}"]
                * (committed < plan.counts.total)
            ),
            "ALTER TABLE {table} RENAME TO {name}",
            "ALTER TABLE {named} INHERIT {log}",
        ),
        table=relation(audit, table),
        name=sql.Identifier(f"changelog_{plan.run.id}"),
        named=relation(audit, f"changelog_{plan.run.id}"),
        log=relation(audit, parent),
        rejections=relation(planner.schema, "rejections"),
        run=sql.Literal(plan.run.id),
        committed=sql.Literal(committed),
    )


def drop_left(connection: Connection, planner: Planner, audit: str) -> None:
    """Drops what was written early for runs that have ended otherwise.

    Args:
        connection: in a transaction.
        planner: that knows the runs.
        audit: name of the audit's schema.
    """
    query = statement(__package__ or "", "left_tables.sql", planner=planner.schema)
    for (table,) in connection.execute(query, {"audit": audit}).fetchall():
        drop(connection, audit, table)


def drop(connection: Connection, audit: str, table: str) -> None:
    """Drops a table that was written early.

    Args:
        connection: in a transaction.
        audit: name of the audit's schema.
        table: its name.
    """
    _run(connection, ("DROP TABLE IF EXISTS {table}",), table=relation(audit, table))


def _run(connection: Connection, templates: tuple[str, ...], **names: sql.Composable) -> None:
    for template in templates:
        connection.execute(sql.SQL(template).format(**names))
