"""What to send: a relation of one of several kinds, and the columns that identify a row."""

from __future__ import annotations

import re
from typing import Any

from pydantic import Field, field_validator, model_validator

from .base import Identifier, Name, ShortConfig
from .dbt import DbtRef, DbtRelation
from .frame import FileConfig
from .labels import Group, Owners, Tags
from .model_kind import KINDS, MODEL_KINDS, OF_SOME_KINDS, KindTraits, ModelKind
from .parameter import ParameterConfig
from .placeholders import unused
from .preview import PreviewConfig
from .qualified_name import QualifiedName

_FUNCTION = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")
_PARAMETER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ASKED = {*MODEL_KINDS, *OF_SOME_KINDS}


class ModelConfig(ShortConfig):
    """A relation to send, of exactly one kind: `table`, `sql`, `sql_file`, `dbt`, `asset`, ..

    `python` and `file` are the others. `model: NAME` in a sync stands for a model of `models:`.
    """

    name: Name | None = Field(
        default=None, description="Default: the name of the sync; below `models:`, that there."
    )
    source: Name | None = Field(
        default=None,
        description="Below `models:` only: the connection that it is read from. Not for `asset`, "
        "`python` and `file`, whose rows are loaded into the platform's PostgreSQL.",
    )
    table: QualifiedName | None = Field(
        default=None,
        description="A table of the source, schema.table: plain, partitioned or foreign, a view or "
        "a materialized view.",
    )
    sql: str | None = Field(default=None, description="One read-only SELECT statement.")
    sql_file: str | None = Field(
        default=None, description="A file with one SELECT; relative to the YAML file."
    )
    dbt: DbtRef | None = Field(
        default=None, description="A dbt model that is built in the source, by its name in dbt."
    )
    asset: str | None = Field(
        default=None,
        min_length=1,
        description="Key of a Dagster asset, with / between its parts, whose value is a DataFrame "
        "(pandas, polars or Arrow).",
    )
    python: str | None = Field(
        default=None,
        description="A Python function without arguments that returns a DataFrame, as in "
        "`package.module:function`.",
    )
    file: FileConfig | None = Field(
        default=None, description="A CSV or Parquet file: its path, or more about it."
    )
    ref: Name | None = Field(
        default=None, description="A model of `models:`; `model: NAME` says the same."
    )
    columns: tuple[Identifier, ...] | None = Field(
        default=None,
        min_length=1,
        description="Columns that are read; default: all. Not for `sql`, which names its own.",
    )
    where: str | None = Field(
        default=None,
        min_length=1,
        description="Only rows for which this SQL expression over the columns is true. Not for "
        "`sql`.",
    )
    parameters: dict[str, ParameterConfig] = Field(
        default={},
        description="Values for `:name` and `:'name'` in `sql`, `sql_file` or `where`; PostgreSQL "
        "reads each as its type, none is pasted.",
    )
    uses: tuple[Name, ...] = Field(
        default=(),
        description="Models of `models:` that `sql` reads by their names, as if they were tables.",
    )
    types: dict[Identifier, str] = Field(
        default={},
        description="For `asset`, `python` and `file`: column: type in PostgreSQL; default: what "
        "the values are.",
    )
    key: tuple[Identifier, ...] = Field(
        default=(),
        description="The columns that identify a row: never twice, and never NULL unless the "
        "destination's index is NULLS NOT DISTINCT. Required.",
    )
    depends_on: tuple[str, ...] = Field(
        default=(),
        description="Keys of further assets that it is made from, with / between their parts.",
    )
    description: str | None = Field(default=None, description="Shown on the model's asset.")
    column_descriptions: dict[Identifier, str] = Field(
        default={}, description="column: what it holds. Shown on the model's asset."
    )
    tags: Tags = {}
    owners: Owners = ()
    group: Group | None = Field(default=None, description="Group of the asset; default: `models`.")
    preview: PreviewConfig = Field(
        default=PreviewConfig(), description="What its asset shows of its rows."
    )

    @model_validator(mode="before")
    @classmethod
    def _by_name(cls, written: Any) -> Any:
        return {"ref": written} if isinstance(written, str) else written

    @field_validator("key", "columns")
    @classmethod
    def _distinct(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if value is not None and len(set(value)) != len(value):
            raise ValueError("a column is named twice")
        return value

    @field_validator("key")
    @classmethod
    def _some(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value:
            raise ValueError("is empty")
        return value

    @field_validator("python")
    @classmethod
    def _is_function(cls, value: str | None) -> str | None:
        if value is not None and not _FUNCTION.fullmatch(value):
            raise ValueError(f"{value!r} is not package.module:function")
        return value

    @field_validator("parameters")
    @classmethod
    def _are_names(cls, value: dict[str, ParameterConfig]) -> dict[str, ParameterConfig]:
        for name in value:
            if not _PARAMETER.fullmatch(name):
                raise ValueError(f"{name!r} is not a name: letters, digits and _")
        return value

    @model_validator(mode="after")
    def _one_kind(self) -> ModelConfig:
        kinds = [kind for kind in reversed(MODEL_KINDS) if kind != "ref"]
        given = [kind for kind in (*kinds, "ref") if getattr(self, kind) is not None]
        if isinstance(self.dbt, DbtRelation):  # read already: its table is what dbt builds
            given.remove("table")
        if len(given) != 1:
            others = ", ".join(kinds)
            raise ValueError(
                f"a model has exactly one of {others}; found {' and '.join(given) or 'none'}"
            )
        written = {name for name in OF_SOME_KINDS if getattr(self, name)}
        if other := sorted(written - self.traits.takes):
            raise ValueError(f"{', '.join(other)}: not for {self.traits.noun} (`{self.kind}`)")
        if self.is_ref and (more := sorted(self.model_fields_set - {"ref"})):
            raise ValueError(f"{', '.join(more)}: belongs to the model {self.ref!r} itself")
        return self

    @model_validator(mode="after")
    def _has_key(self) -> ModelConfig:
        if not self.key and not self.is_ref:
            raise ValueError("key is missing: the columns that identify a row")
        if lost := [name for name in self.key if self.columns and name not in self.columns]:
            raise ValueError(f"columns: the key's {', '.join(lost)} is not among them")
        return self

    @model_validator(mode="after")
    def _parameters_are_used(self) -> ModelConfig:
        is_read = self.sql_file is None or self.sql is not None
        if is_read and (lost := self.unused_parameters):
            raise ValueError(told_of_unused(lost))
        return self

    @property
    def unused_parameters(self) -> list[str]:
        """Parameters that stand nowhere in its SQL: a slip in a name would go unnoticed."""
        return unused(self.sql or self.where or "", self.parameters)

    @property
    def kind(self) -> ModelKind:
        """Which kind of model it is."""
        return next(kind for kind in MODEL_KINDS if getattr(self, kind) is not None)

    @property
    def traits(self) -> KindTraits:
        """What its kind means."""
        return KINDS[self.kind]

    @property
    def is_ref(self) -> bool:
        """Whether it only names a model of `models:`."""
        return self.ref is not None

    @property
    def is_frame(self) -> bool:
        """Whether its rows are loaded into the platform's PostgreSQL first."""
        return self.traits.place == "platform"

    @property
    def made_from(self) -> tuple[str, ...]:
        """Keys of the assets that it is made from, beside the tables and models of its SQL."""
        named = (self.asset, self.dbt.asset_key if self.dbt else None)
        return (*(key for key in named if key), *self.depends_on)

    @property
    def asked(self) -> dict[str, Any]:
        """What decides which rows it has, as plain values.

        The table into which rows were loaded is not part of it: it is another one each time. Of
        what dbt builds it is the relation, wherever the project lies.
        """
        left_out = {"table"} if self.is_frame else {"dbt"}
        return self.model_dump(mode="json", include=_ASKED - left_out, exclude_defaults=True)


def told_of_unused(names: list[str]) -> str:
    """What to say about parameters that a model does not use.

    Args:
        names: of them.
    """
    return (
        f"parameters: {', '.join(names)}: not used; write :{names[0]} where the value belongs "
        "(in quotes and comments it is text)"
    )


class ResolvedModel(ModelConfig):
    """A model with the models that it uses; made by a project, never written by a user."""

    bases: tuple[ModelConfig, ...]

    @property
    def asked(self) -> dict[str, Any]:
        """What decides which rows it has, and those of its bases."""
        bases = [base.asked for base in self.bases]
        return super().asked | ({"bases": bases} if bases else {})


def bases_of(model: ModelConfig) -> tuple[ModelConfig, ...]:
    """The models that its SQL reads by their names, each with its own; resolved already.

    Args:
        model: any.
    """
    return model.bases if isinstance(model, ResolvedModel) else ()
