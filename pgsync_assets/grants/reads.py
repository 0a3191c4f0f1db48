"""The tables that a sync reads, by the text of its model and of its values."""

from __future__ import annotations

from psycopg import sql

from ..config import ModelConfig, SyncConfig

Name = tuple[str, str]
"""Schema, empty where none is written, and table."""

SYSTEM = ("pg_catalog", "information_schema")


def named_tables(sync: SyncConfig) -> tuple[Name, ...]:
    """Tables and views that a sync names, without those of the system, which all may read.

    Args:
        sync: with its model's SQL loaded.
    """
    queries = (sync.model, *_expressions(sync))
    found = {name for query in queries for name in _tables(query)}
    return tuple(
        (schema, table)
        for schema, table in sorted(found)
        if schema not in SYSTEM and (schema or not table.startswith("pg_"))
    )


def unread(sync: SyncConfig) -> str | None:
    """What to say where no table was found in a model.

    Args:
        sync: with its model's SQL loaded.
    """
    if _tables(sync.model):
        return None
    return (
        f"sync {sync.name}: no table was found in its model; where it reads one, grant SELECT on "
        "it, and USAGE on its schema."
    )


def _tables(query: ModelConfig) -> tuple[Name, ...]:
    from ..lineage import source_tables  # takes a third of a second: sqlglot

    return source_tables(query, default_schema="")


def _expressions(sync: SyncConfig) -> list[ModelConfig]:
    """The expressions of its values, as queries: they may have sub-selects."""
    return [
        ModelConfig(
            sql=sql.SQL("SELECT {}").format(sql.SQL(value.sql)).as_string(None),
            key=sync.model.key,
        )
        for value in sync.values.values()
        if value.sql is not None
    ]
