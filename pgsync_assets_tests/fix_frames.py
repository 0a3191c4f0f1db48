"""A platform for frames, and models that no other test has."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from psycopg import sql

from pgsync_assets import frames
from pgsync_assets.config import ModelConfig
from pgsync_assets.embedded import Cluster
from pgsync_assets.embedded.servers import PLATFORM_ROLE

from .fix_databases import AUDIT_SCHEMA, PLANNER_SCHEMA, Side, database
from .fix_syncs import endpoint_of

SECRET = "s3cret-value"
"""In values that are refused: no message may have it."""
Named = Callable[..., ModelConfig]


@pytest.fixture(scope="module")
def frames_side(destination_server: Cluster) -> Iterator[Side]:
    """One database for all tests here: each has a model of its own."""
    with database(destination_server, PLATFORM_ROLE, PLANNER_SCHEMA, AUDIT_SCHEMA) as side:
        yield side


@pytest.fixture
def frame_model(request: pytest.FixtureRequest) -> Named:
    """A model that no other test has."""

    def named(**fields: Any) -> ModelConfig:
        name = request.node.name[:60]
        written = {"name": "".join(c if c.isalnum() else "_" for c in name), "key": ["id"]}
        return ModelConfig.model_validate(written | {"asset": "orders"} | fields)

    return named


def load(side: Side, model: ModelConfig, frame: Any) -> frames.Load:
    return frames.load(endpoint_of("platform", side), model, frame, by="test")


def texts(side: Side, load: frames.Load) -> dict[str, list[str | None]]:
    """What is in the table, column by column, as PostgreSQL writes it."""
    with side.connect() as connection:
        connection.execute("set timezone to 'UTC'")
        names = sql.SQL(", ").join(
            sql.SQL("{}::text").format(sql.Identifier(name)) for name in load.columns
        )
        table = sql.Identifier(PLANNER_SCHEMA, f"frame_{load.number}")
        rows = connection.execute(sql.SQL("select {} from {}").format(names, table)).fetchall()
    columns = zip(*rows, strict=True) if rows else [()] * len(load.columns)
    return {name: list(column) for name, column in zip(load.columns, columns, strict=True)}
