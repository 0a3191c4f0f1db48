"""A model of dbt: named as dbt names it, found in the project's manifest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field, model_validator

from .base import Config


class DbtRef(Config):
    """A model, snapshot or seed of a dbt project. `dbt: {model: NAME, project: FOLDER}`."""

    model: str = Field(
        min_length=1,
        description="Its name in dbt, as in `orders`, `package.orders` or `orders.v2`.",
    )
    project: str | None = Field(
        default=None,
        description="Folder of the dbt project, relative to the YAML file; its manifest is "
        "`target/manifest.json` there.",
    )
    manifest: str | None = Field(
        default=None, description="Path of the manifest, where it lies elsewhere."
    )
    asset_key: str | None = Field(
        default=None,
        min_length=1,
        description="Key of the dagster-dbt asset, with / between its parts; default: as "
        "dagster-dbt's own translator names it.",
    )

    @model_validator(mode="before")
    @classmethod
    def _one_place(cls, written: Any) -> Any:
        if isinstance(written, Mapping) and ("project" in written) == ("manifest" in written):
            raise ValueError("name the dbt `project` folder, or its `manifest`")
        return written


class DbtRelation(DbtRef):
    """What the manifest says of it, too; made by reading that, never written by a user.

    Args:
        database: in which dbt builds it.
        selector: what `dbt build --select` calls it.
    """

    database: str
    selector: str
