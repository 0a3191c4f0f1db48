"""What PostgreSQL takes the names in a model's SQL for: relations, views and what is behind them.

Only catalogs are read, which every role may; a hot standby has them, too. Of each column of a model
the protocol itself says of which table's column it is an unchanged copy.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from ..config import ModelConfig, SyncConfig, bases_of
from ..connect import READ_ONLY, Session
from ..errors import PgsyncError
from ..lineage import Catalog, Known, Returned, Table, named_tables, value_tables
from ..sql import statement
from .describe import returned

KINDS = {
    "r": "table",
    "p": "partitioned table",
    "v": "view",
    "m": "materialized view",
    "f": "foreign table",
}
SYSTEM = "pg_catalog"
NO_PATH = sql.SQL("SET LOCAL search_path TO ''")

Named = dict[Table, tuple[int, Table]]


@dataclass(frozen=True)
class _Relation:
    """A relation, and the numbers by which the protocol names it and its columns."""

    table: Table
    known: Known
    columns: dict[int, str]


def origins(session: Session, model: ModelConfig, sync: SyncConfig | None = None) -> Catalog:
    """Asks PostgreSQL what the names in a model stand for.

    Args:
        session: on the source.
        model: in full.
        sync: whose values may name tables, too.

    Raises:
        PgsyncError: the source does not answer.
    """
    models = {one.name or "": one for one in _with_bases(model)}
    names = {name for one in models.values() for name in named_tables(one, "")}
    names.update(value_tables(sync) if sync else ())
    fields = {name: _fields(session, one) for name, one in models.items()}
    with session.transaction("looking up what the model reads", READ_ONLY) as connection:
        named = _named(session, connection, sorted(names))
        asked = {oid for oid, _ in named.values()}
        asked.update(oid for found in fields.values() for _, oid, _ in found or () if oid)
        connection.execute(NO_PATH)
        relations = _relations(connection, sorted(asked))
    return Catalog(
        {one.table: one.known for one in relations.values()},
        {written: table for written, (oid, table) in named.items() if oid in relations},
        {
            name: tuple(_returned(found, relations))
            for name, found in fields.items()
            if found is not None
        },
    )


def columns_of(session: Session, table: Table) -> tuple[str, ...] | None:
    """Columns of a relation; None where there is none of this name.

    Args:
        session: on either side.
        table: schema and name.

    Raises:
        PgsyncError: the server does not answer.
    """
    with session.transaction("looking up the columns of the table", READ_ONLY) as connection:
        named = _named(session, connection, [table])
        found = _relations(connection, [oid for oid, _ in named.values()])
    return next((one.known.columns for one in found.values() if one.table == table), None)


def _with_bases(model: ModelConfig) -> Iterator[ModelConfig]:
    yield model
    for base in bases_of(model):
        yield from _with_bases(base)


def _fields(session: Session, model: ModelConfig) -> list[tuple[str, int, int]] | None:
    """Name of each column, and table and number of what it copies; None where it cannot be told."""
    try:
        with session.transaction("describing the model", READ_ONLY) as connection:
            result = returned(session, connection, model)
    except PgsyncError:
        return None
    return [
        ((result.fname(i) or b"").decode(), result.ftable(i), result.ftablecol(i))
        for i in range(result.nfields)
    ]


def _named(session: Session, connection: psycopg.Connection[Any], names: list[Table]) -> Named:
    path = session.config.search_path
    asked = {
        "schemas": [schema for schema, _ in names],
        "names": [name for _, name in names],
        # PostgreSQL looks there first, unless it is told otherwise.
        "path": [*(() if SYSTEM in path else (SYSTEM,)), *path],
    }
    rows = connection.execute(statement(__package__, "origins_named.sql"), asked)
    return {
        (schema, name): (oid, (found_schema, found_name))
        for schema, name, oid, found_schema, found_name in rows
    }


def _relations(connection: psycopg.Connection[Any], oids: list[int]) -> dict[int, _Relation]:
    query = statement(__package__, "origins_relations.sql")
    rows = connection.execute(query, {"relations": oids}).fetchall()
    tables = {row[0]: (row[1], row[2]) for row in rows}
    columns = {row[0]: dict(zip(row[4] or (), row[5] or (), strict=True)) for row in rows}
    found = {}
    for oid, schema, name, kind, _, names, definition, used, numbers in rows:
        uses: dict[Table, list[str]] = {}
        for relation, number in zip(used or (), numbers or (), strict=True):
            if relation in tables:
                by_number = columns[relation]
                its = uses.setdefault(tables[relation], [])
                its.extend([by_number[number]] if number in by_number else [])
        behind = {table: tuple(uses[table]) for table in sorted(uses)}
        known = Known(KINDS[kind], tuple(names or ()), definition, behind)
        found[oid] = _Relation((schema, name), known, columns[oid])
    return found


def _returned(
    fields: Iterable[tuple[str, int, int]], relations: dict[int, _Relation]
) -> Iterator[Returned]:
    for name, oid, number in fields:
        relation = relations.get(oid)
        column = relation.columns.get(number) if relation else None
        yield Returned(name, (relation.table, column) if relation and column else None)
