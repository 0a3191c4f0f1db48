"""A dbt model is a relation of the database in which dbt builds; what to do where it is not."""

from __future__ import annotations

from typing import Any

import psycopg

from ..config import DbtRelation, ModelConfig
from ..connect import Session
from ..errors import ModelError
from ..sql import statement


def check_database(
    session: Session, connection: psycopg.Connection[Any], model: ModelConfig
) -> None:
    """Looks whether this is the database that dbt builds a model in.

    Another one may well have a table of the same name: a copy, or one of another target.

    Args:
        session: on the source.
        connection: a transaction of it.
        model: of any kind.

    Raises:
        ModelError: dbt builds it in another database.
    """
    if not isinstance(model.dbt, DbtRelation) or not model.dbt.database:
        return
    row = connection.execute(statement(__package__ or "", "current_database.sql"), {}).fetchone()
    if row and row[0] != model.dbt.database:
        raise ModelError(
            f"{session.name}: dbt builds {model.dbt.model!r} in the database "
            f"{model.dbt.database!r}; this connection is in {row[0]!r}",
            "name the connection of that database as `source`, or parse the project for the "
            "target whose manifest it should be; of a copy, name the `table` itself",
        )


def how_to_build(model: ModelConfig) -> str | None:
    """What makes the relation of a model that is missing, if dbt does.

    Args:
        model: of any kind.
    """
    if not isinstance(model.dbt, DbtRelation):
        return None
    return (
        f"dbt makes it: `dbt build --select {model.dbt.selector}`, with the target for which the "
        "manifest was made"
    )


def how_it_lasts(model: ModelConfig, role: str) -> str:
    """What to add to a GRANT on a model: dbt drops a table with what was granted on it.

    Args:
        model: of any kind.
        role: that is to read it.
    """
    if model.dbt is None:
        return ""
    return (
        " dbt makes it anew with each build, without that GRANT; one that lasts stands in dbt: "
        f"`+grants: {{select: [{role}]}}`"
    )
