"""The project as it was written: every `defs.yaml` below a folder, read without Dagster.

The command line and the Dagster components read the same files into the same models. Here every
error is collected before anything stops, each with file and line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from .config import (
    PLATFORM,
    ConnectionConfig,
    ModelConfig,
    RetentionConfig,
    ReverseTunnelConfig,
    SyncConfig,
    placed,
    resolved_models,
)
from .config.component import PlacedSync, Reading, read_component
from .config.cross_checks import cross_check
from .config.document import Location, Problem, read_documents
from .config.models import Misplaced
from .config.reverse_tunnels import reverse_conflicts, with_ports
from .config.validation import dotted, suggestion
from .errors import ConfigurationError, PgsyncError
from .model import with_files

Written = TypeVar("Written")
FOLDER_TYPE = "dagster.DefsFolderComponent"
FILE_NAMES = ("defs.yaml", "defs.yml")


@dataclass(frozen=True)
class Project:
    """All connections and syncs of a folder, checked against each other.

    Args:
        folder: the folder that was read.
        connections: by name; they know the port of their reverse tunnel.
        syncs: by name; what their models' files say is read already, and each has its model.
        files: in which file each connection is written.
        reverse_tunnels: by name.
        models: those that stand by themselves under `models:`, by name.
        retention: how long audits are kept, where a sync does not say it.
    """

    folder: Path
    connections: dict[str, ConnectionConfig]
    syncs: dict[str, SyncConfig]
    files: dict[str, Path] = field(default_factory=dict)
    reverse_tunnels: dict[str, ReverseTunnelConfig] = field(default_factory=dict)
    models: dict[str, ModelConfig] = field(default_factory=dict)
    retention: RetentionConfig = RetentionConfig()

    @property
    def all_models(self) -> dict[str, tuple[str, ModelConfig]]:
        """Every model by its name, those of syncs too, with the connection that it is read from."""
        own = {sync.model_name: (sync.source, sync.model) for sync in self.syncs.values()}
        return own | {name: (model.source or "", model) for name, model in self.models.items()}

    def model(self, name: str) -> tuple[str, ModelConfig]:
        """A model by its name, and the connection that it is read from.

        Raises:
            ConfigurationError: there is none of this name.
        """
        return _named(self.all_models, name, f"{self.folder} has no model named")

    def connection(self, name: str) -> ConnectionConfig:
        """A connection by its name.

        Raises:
            ConfigurationError: there is none of this name.
        """
        return _named(self.connections, name, f"{self.folder}: no connection is named")

    def sync(self, name: str) -> SyncConfig:
        """A sync by its name.

        Raises:
            ConfigurationError: there is none of this name.
        """
        return _named(self.syncs, name, f"{self.folder} has no sync named")

    def reverse_tunnel(self, name: str) -> ReverseTunnelConfig:
        """A reverse tunnel by its name.

        Raises:
            ConfigurationError: there is none of this name.
        """
        return _named(
            self.reverse_tunnels,
            name,
            f"{self.folder} has no reverse tunnel named",
            "write it under `reverse_tunnels:`, beside `connections:`",
        )


def _named(
    known: Mapping[str, Written],
    name: str,
    missing: str,
    remedy: str = "`pgsync-assets check` lists what is there",
) -> Written:
    if name not in known:
        raise ConfigurationError(f"{missing} {name!r}; {suggestion(name, known)}", remedy)
    return known[name]


def read_project(folder: Path) -> Project:
    """Reads and checks a folder of definitions; opens no connection.

    Args:
        folder: the `defs` folder.

    Raises:
        ConfigurationError: with everything that is wrong, one line each, file and line first.
    """
    if not folder.is_dir():
        raise ConfigurationError(
            f"there is no folder {folder}", "name the folder of definitions with --defs DIR"
        )
    reading = Reading()
    _read_folder(folder, reading)
    models = _place(reading)
    configs = [one.config for one in reading.syncs]
    for conflict in cross_check(reading.connections, configs, models):
        one = reading.syncs[conflict.position]
        reading.problems.append(one.problem(conflict.location, conflict.message))
    for location, message in reverse_conflicts(reading.connections, reading.reverse_tunnels):
        document = reading.documents[str(location[0]), str(location[1])]
        told = f"{dotted(location)}: {message}"
        reading.problems.append(document.problem(("attributes", *location), told))
    if reading.problems:
        raise ConfigurationError(
            _told(reading.problems), "correct it, then `pgsync-assets check` looks again"
        )
    syncs = {config.name: config for config in configs}
    written = [(part, name, one.file) for (part, name), one in reading.documents.items()]
    return Project(
        folder,
        with_ports(reading.connections, reading.reverse_tunnels),
        syncs,
        {name: Path(file) for part, name, file in written if part == "connections"},
        reading.reverse_tunnels,
        models,
        reading.retention or RetentionConfig(),
    )


def _place(reading: Reading) -> dict[str, ModelConfig]:
    """Gives each sync its model; what does not go together is told, and left out."""
    models, wrong = resolved_models(reading.models)
    for name, (location, message) in wrong.items():
        _model_problem(reading, name, location, message)
    for name, model in models.items():
        if model.source not in (*reading.connections, PLATFORM, ""):
            near = suggestion(str(model.source), reading.connections)
            told = f"no connection is named {model.source!r}; {near}"
            _model_problem(reading, name, ("source",), told)
    syncs, reading.syncs = reading.syncs, []
    for one in syncs:
        named = one.config.model
        if {named.ref, *named.uses} & wrong.keys():
            continue  # it is told of once, not again by each sync that names it
        try:
            reading.syncs.append(replace(one, config=placed(one.config, models)))
        except Misplaced as error:
            reading.problems.append(one.problem(error.location, error.message))
    return models


def _model_problem(reading: Reading, name: str, location: Location, message: str) -> None:
    document = reading.documents["models", name]
    where: Location = ("attributes", "models", name, *location)
    reading.problems.append(document.problem(where, f"{dotted(where)}: {message}"))


def _told(problems: list[Problem]) -> str:
    if len(problems) == 1:
        return str(problems[0])
    ordered = sorted(problems, key=lambda problem: (problem.file, problem.line or 0))
    return "\n".join([f"{len(problems)} errors in the configuration", *map(str, ordered)])


def _read_folder(folder: Path, reading: Reading) -> None:
    """Walks as Dagster does: a folder with a file of its own is a leaf unless the file says so."""
    file = next((folder / name for name in FILE_NAMES if (folder / name).is_file()), None)
    types = _read_file(file, reading) if file else {FOLDER_TYPE}
    if FOLDER_TYPE in types:
        for inner in sorted(folder.iterdir()):
            if inner.is_dir() and inner.name != "__pycache__" and not inner.name.startswith("."):
                _read_folder(inner, reading)


def _read_file(file: Path, reading: Reading) -> set[str]:
    """Reads one file and returns the types of its components."""
    shown = _shown(file)
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        reading.problems.append(Problem(shown, None, "is not UTF-8 text"))
        return set()
    except OSError as error:
        reading.problems.append(Problem(shown, None, f"cannot be read: {error.strerror}"))
        return set()
    documents, problems = read_documents(text, shown)
    reading.problems.extend(problems)
    known, models = len(reading.syncs), set(reading.models)
    types = {read_component(document, reading) for document in documents}
    fresh, reading.syncs = reading.syncs[known:], reading.syncs[:known]
    for one in fresh:
        _add_with_files(one, file.parent, reading)
    for name in reading.models.keys() - models:
        model = reading.models[name]
        try:
            reading.models[name] = with_files(model, file.parent)
        except PgsyncError as error:
            _model_problem(reading, name, (model.kind,), _sentence(error))
    return types


def _add_with_files(one: PlacedSync, base: Path, reading: Reading) -> None:
    kind = one.config.model.kind
    try:
        model = with_files(one.config.model, base)
    except PgsyncError as error:
        reading.problems.append(one.problem(("model", kind), _sentence(error)))
    else:
        config = one.config.model_copy(update={"model": model})
        reading.syncs.append(replace(one, config=config))


def _sentence(error: PgsyncError) -> str:
    return f"{error.message}; {error.remedy}" if error.remedy else error.message


def _shown(file: Path) -> str:
    """The path relative to where the user stands, if the file is below."""
    full, here = file.resolve(), Path.cwd()
    return str(full.relative_to(here) if full.is_relative_to(here) else file)
