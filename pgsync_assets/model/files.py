"""Files that a model names, read when its YAML is: SQL, a dbt manifest, where data lies."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ..config import DbtRelation, ModelConfig, ModelKind, qualified
from ..config.model import told_of_unused
from ..errors import ConfigurationError
from .dbt_manifest import read_manifest


def with_files(model: ModelConfig, base: Path) -> ModelConfig:
    """A model with what stands in its files; no database is asked.

    Args:
        model: as written.
        base: folder that paths are relative to: where the YAML file lies.

    Raises:
        ConfigurationError: a file cannot be read.
    """
    read = READERS.get(model.kind)
    return read(model, base) if read else model


def _sql(model: ModelConfig, base: Path) -> ModelConfig:
    path = base / (model.sql_file or "")
    try:
        statement = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"sql_file {path}: cannot be read ({type(error).__name__})",
            "the path is relative to the YAML file that names it",
        ) from None
    read = model.model_copy(update={"sql": statement, "sql_file": None})
    if lost := read.unused_parameters:
        raise ConfigurationError(f"sql_file {path}: {told_of_unused(lost)}")
    return read


def _data(model: ModelConfig, base: Path) -> ModelConfig:
    """The data itself is read by a run; `$NAME` is resolved then."""
    file = model.file
    if file is None or file.path.startswith("$"):
        return model
    path = str(base.absolute() / file.path)
    return model.model_copy(update={"file": file.model_copy(update={"path": path})})


def _dbt(model: ModelConfig, base: Path) -> ModelConfig:
    """It is the relation that dbt builds; what the user says of it counts more than what dbt says.

    The path stays as it is written: it is no part of what the model is.
    """
    ref = model.dbt
    assert ref is not None  # noqa: S101 - its kind
    path = ref.manifest or str(Path(ref.project or "") / "target" / "manifest.json")
    node = read_manifest(base / path).node(ref.model)
    assert node.relation is not None  # noqa: S101 - `node` refuses others
    found = DbtRelation(
        **ref.model_dump(include={"model", "project", "manifest"}, exclude_unset=True),
        asset_key=ref.asset_key or "/".join(node.asset_key),
        database=node.database,
        selector=node.selector,
    )
    return model.model_copy(
        update={
            "dbt": found,
            "table": qualified(*node.relation),
            "description": model.description or node.description or None,
            "column_descriptions": {**node.columns, **model.column_descriptions},
        }
    )


READERS: dict[ModelKind, Callable[[ModelConfig, Path], ModelConfig]] = {
    "sql_file": _sql,
    "dbt": _dbt,
    "file": _data,
}
"""By kind of the model; for every other one there is nothing to read."""
