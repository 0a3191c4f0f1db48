"""Columns of relations as the catalog has them, with their comments. No row is read."""

from __future__ import annotations

from collections.abc import Iterable

from ..connect import READ_ONLY, Session
from ..lineage import DescribedColumn, Table
from ..sql import statement


def table_columns(
    session: Session, tables: Iterable[Table]
) -> dict[Table, dict[str, DescribedColumn]]:
    """Columns of relations, by name and in their order; a relation that is not there is missing.

    Args:
        session: on either side.
        tables: schema and name of each.

    Raises:
        PgsyncError: the server does not answer.
    """
    asked = sorted(set(tables))
    names = {"schemas": [schema for schema, _ in asked], "names": [name for _, name in asked]}
    with session.transaction("looking up the columns of tables", READ_ONLY) as connection:
        rows = connection.execute(statement(__package__, "table_columns.sql"), names).fetchall()
    found: dict[Table, dict[str, DescribedColumn]] = {}
    for schema, table, name, kind, is_nullable, comment in rows:
        column = DescribedColumn(name, kind, is_nullable, comment)
        found.setdefault((schema, table), {})[name] = column
    return found
