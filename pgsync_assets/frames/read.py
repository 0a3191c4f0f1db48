"""The rows of a model that is a function or a file."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from ..config import FileConfig, FileFormat, ModelConfig, ModelKind
from ..connect.secrets import resolve
from ..errors import ConfigurationError, ModelError, PgsyncError
from .csv_file import CsvFile
from .frame import Frame
from .recognise import needing_pyarrow

ENDINGS: Mapping[str, FileFormat] = {".csv": "csv", ".parquet": "parquet", ".pq": "parquet"}


def read(model: ModelConfig) -> Any:
    """Makes or opens the rows of a model.

    Args:
        model: of kind `python` or `file`.

    Raises:
        ConfigurationError: there is no such function, or the file is of no known format.
        ModelError: the function failed, or the file cannot be read.
    """
    return READERS[model.kind](model)


def _of_function(model: ModelConfig) -> Any:
    function = _function(str(model.python))
    try:
        return function()
    except PgsyncError:
        raise
    except Exception as error:
        raise ModelError(
            f"python: {model.python} failed with {type(error).__name__}",
            "call it by itself to see why; its message is not shown here, as it may hold values",
        ) from error


def _function(named: str) -> Callable[[], Any]:
    module, _, name = named.partition(":")
    here = str(Path.cwd())
    if here not in sys.path:  # behind all others: a file there hides no package
        sys.path.append(here)
    try:
        found = getattr(import_module(module), name, None)
    except Exception as error:
        what = str(error) if isinstance(error, ImportError) else type(error).__name__
        raise ConfigurationError(
            f"python: the module {module} cannot be imported ({what})",
            "it is looked for where Python finds packages, then in the working directory",
        ) from error
    if not callable(found):
        raise ConfigurationError(
            f"python: the module {module} has no function {name}", "write package.module:function"
        )
    return found  # type: ignore[no-any-return]


def _of_file(model: ModelConfig) -> CsvFile | Frame:
    file = model.file
    assert file is not None  # noqa: S101 - its kind
    path = Path(resolve(file.path, os.environ, "file"))
    kind = file.format or ENDINGS.get(path.suffix.lower())
    if kind is None:
        raise ConfigurationError(
            f"file {path}: its ending does not say what it is",
            "say so, as in file: {path: .., format: csv}",
        )
    return _FILES[kind](path, file)


def _parquet(path: Path, _file: FileConfig) -> Frame:
    with needing_pyarrow(f"the Parquet file {path}"):
        from .parquet_file import parquet_file

        return parquet_file(path)


_FILES: Mapping[FileFormat, Callable[[Path, FileConfig], CsvFile | Frame]] = {
    "csv": CsvFile,
    "parquet": _parquet,
}
READERS: dict[ModelKind, Callable[[ModelConfig], Any]] = {
    "python": _of_function,
    "file": _of_file,
}
"""By kind of the model."""
