"""The tables that a sync reads, by the text of its model and of its values."""

from __future__ import annotations

from ..config import ModelConfig, SyncConfig

Name = tuple[str, str]
"""Schema, empty where none is written, and table."""

SYSTEM = ("pg_catalog", "information_schema")


def named_tables(sync: SyncConfig) -> tuple[Name, ...]:
    """Tables and views that a sync names, without those of the system, which all may read.

    Args:
        sync: with its model's SQL loaded.
    """
    from ..lineage import value_tables  # takes a third of a second: sqlglot

    found = {*_tables(sync.model), *value_tables(sync)}
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


def made_anew(sync: SyncConfig) -> str | None:
    """What to say where a GRANT does not last: dbt drops a table and makes it anew.

    Args:
        sync: with what dbt's manifest says of its model.
    """
    model = sync.model
    if model.dbt is None:
        return None
    return (
        f"sync {sync.name}: dbt makes {model.table} anew with each build, without this GRANT. One "
        "that lasts stands in dbt (+grants: {select: [..]}), or --future-tables gives it."
    )


def _tables(model: ModelConfig) -> tuple[Name, ...]:
    from ..lineage import read_tables

    return read_tables(model, default_schema="")
