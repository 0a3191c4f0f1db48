"""What the source's role has to be granted before it may run a model."""

from __future__ import annotations

import re
from typing import Any

import psycopg
from psycopg import sql

from ..config import ModelConfig, split_qualified
from ..connect import Session
from ..errors import PrivilegeError
from ..sql import relation, statement
from .computed import computed_by
from .dbt_relation import how_it_lasts

# PostgreSQL names what it refused without its schema, and in a sentence only.
_REFUSED = re.compile(r"permission denied for (?P<kind>[a-z ]+) (?P<name>\S+)$")


def forbidden(
    session: Session, connection: psycopg.Connection[Any], model: ModelConfig, error: psycopg.Error
) -> PrivilegeError:
    """The error for a model that may not be read; the remedy is the GRANT where it can be known.

    Args:
        session: on the source.
        connection: a transaction of it, which goes on.
        model: of a table, or with its SQL loaded.
        error: what PostgreSQL said (42501).
    """
    said = error.diag.message_primary or ""
    place = "".join(f"{one.place}: " for one in computed_by(model)[:1])
    role = sql.Identifier(connection.info.user)
    if "row-level security" in said:
        bypass = sql.SQL("ALTER ROLE {} BYPASSRLS;").format(role).as_string(None)
        remedy = f"hidden rows would look like removed ones. As an administrator: {bypass}"
    elif model.table is not None and not place and _is_of_table(said, model.table):
        remedy = _read_table(*split_qualified(model.table), role)
        remedy += how_it_lasts(model, connection.info.user)
    else:
        remedy = _read_what_was_refused(session, connection, said, role)
    return PrivilegeError(f"{session.name}: {place}{said} (SQLSTATE {error.sqlstate})", remedy)


def _is_of_table(said: str, table: str) -> bool:
    """Not of what the condition of the model reads beside it."""
    found = _REFUSED.search(said)
    return found is None or found["name"] in split_qualified(table)


def _read_what_was_refused(
    session: Session, connection: psycopg.Connection[Any], said: str, role: sql.Identifier
) -> str:
    found = _REFUSED.search(said)
    if found and found["kind"] == "schema":
        return _text(
            sql.SQL("GRANT USAGE ON SCHEMA {} TO {};"), sql.Identifier(found["name"]), role
        )
    query = statement(__package__ or "", "unreadable.sql")
    name = found["name"] if found else ""
    candidates = connection.execute(
        query, {"name": name, "path": list(session.config.search_path)}
    ).fetchall()
    grants = [
        _text(sql.SQL("GRANT SELECT ON {} TO {};"), relation(*one), role) for one in candidates
    ]
    if not grants:
        example = _read_table("schema", "table", role)
        return f"what the model names has to be granted, as in: {example}"
    return grants[0] if len(grants) == 1 else f"what the model means of these: {' '.join(grants)}"


def _read_table(schema: str, table: str, role: sql.Identifier) -> str:
    grants = sql.SQL("GRANT USAGE ON SCHEMA {} TO {}; GRANT SELECT ON {} TO {};")
    return _text(grants, sql.Identifier(schema), role, relation(schema, table), role)


def _text(template: sql.SQL, *parts: sql.Composable) -> str:
    return template.format(*parts).as_string(None)
