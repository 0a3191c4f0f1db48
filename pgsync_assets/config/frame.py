"""Where rows come from that no database has: a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from .base import ShortConfig

FileFormat = Literal["csv", "parquet"]


class FileConfig(ShortConfig):
    """A CSV or Parquet file: its path alone, or with how it is to be read."""

    path: str = Field(min_length=1, description="Path, relative to the YAML file, or $NAME.")
    format: FileFormat | None = Field(
        default=None, description="Default: by the ending of the path."
    )
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = Field(
        default=",", description="Of a CSV file: what stands between values."
    )
    quote: Annotated[str, Field(min_length=1, max_length=1)] = Field(
        default='"', description="Of a CSV file: what stands around values."
    )
    null: str = Field(
        default="", description="Of a CSV file: what stands, without quotes, for NULL."
    )
    encoding: str = Field(default="utf-8", description="Of a CSV file.")

    @model_validator(mode="before")
    @classmethod
    def _path_alone(cls, written: Any) -> Any:
        if isinstance(written, str):
            return {"path": written}
        return dict(written) if isinstance(written, Mapping) else written
