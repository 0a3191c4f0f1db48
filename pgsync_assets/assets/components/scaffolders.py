"""What `dg scaffold defs pgsync_assets.<Component> NAME` writes: examples that load as they are."""

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import dagster as dg

from ...config.document import read_documents

FILE = "defs.yaml"


class ExampleScaffolder(dg.Scaffolder):
    """Writes an example that lies beside this file, with the names of the project filled in."""

    example: str

    def scaffold(self, request: dg.ScaffoldRequest) -> None:
        """Writes `defs.yaml` into the folder that was asked for.

        Args:
            request: which folder; one document more where it is to be appended.
        """
        name = request.target_path.name.replace("-", "_")
        text = self.text(name, request.target_path.parent)
        file = request.target_path / FILE
        if request.append and file.exists():
            text = f"{file.read_text(encoding='utf-8').rstrip()}\n---\n{text}"
        file.write_text(text, encoding="utf-8")

    def text(self, name: str, folder: Path) -> str:
        """The example.

        Args:
            name: what the user called it.
            folder: the project's folder of definitions.
        """
        return example(self.example).replace("EXAMPLE", name)


class ConnectionsScaffolder(ExampleScaffolder):
    """Two connections with everything that can be set, most of it as comments."""

    example = "connections.yaml"


class SyncScaffolder(ExampleScaffolder):
    """One sync between two connections of the project; with two connections where it has none."""

    example = "sync.yaml"

    def text(self, name: str, folder: Path) -> str:
        """The example, between the first two connections that the project has."""
        known = connection_names(folder)
        sync = super().text(name, folder)
        if not known:
            return f"{example(ConnectionsScaffolder.example)}---\n{sync}"
        source, destination = known[0], known[min(1, len(known) - 1)]
        return sync.replace("source: warehouse", f"source: {source}").replace(
            "destination: crm", f"destination: {destination}"
        )


class ScheduleScaffolder(ExampleScaffolder):
    """A schedule that begins stopped, for the first sync of the project."""

    example = "schedule.yaml"

    def text(self, name: str, folder: Path) -> str:
        """The example, for a sync that the project has."""
        return _for_first(super().text(name, folder), folder)


class SourceChangedScaffolder(ExampleScaffolder):
    """A sensor that begins stopped, for the first sync of the project."""

    example = "source_changed.yaml"

    def text(self, name: str, folder: Path) -> str:
        """The example, for a sync that the project has."""
        return _for_first(super().text(name, folder), folder)


class PlansApprovedScaffolder(ExampleScaffolder):
    """A sensor that begins stopped, for the plans of all syncs."""

    example = "plans_approved.yaml"


class ColumnsScaffolder(ExampleScaffolder):
    """The cache of columns, with its defaults."""

    example = "columns.yaml"


class SequenceScaffolder(ExampleScaffolder):
    """A sequence whose schedule begins stopped, of the first sync of the project."""

    example = "sequence.yaml"

    def text(self, name: str, folder: Path) -> str:
        """The example, for a sync that the project has."""
        return _for_first(super().text(name, folder), folder)


class AlertsScaffolder(ExampleScaffolder):
    """Channels and rules, most of it as comments."""

    example = "alerts.yaml"


class MaintenanceScaffolder(ExampleScaffolder):
    """The maintenance of a project, with its defaults."""

    example = "maintenance.yaml"


def example(name: str) -> str:
    """The text of an example."""
    return files(__package__).joinpath("examples").joinpath(name).read_text(encoding="utf-8")


def shown_example(scaffolder: ExampleScaffolder) -> Any:
    """The attributes that it writes where nothing else is in the project.

    Args:
        scaffolder: of a component.
    """
    text = scaffolder.text("orders", Path("an empty folder"))
    documents, _ = read_documents(text, FILE)
    return documents[-1].value["attributes"]


def connection_names(folder: Path) -> list[str]:
    """Names of the connections that the files of a folder define, as far as they can be read.

    Args:
        folder: the project's folder of definitions.
    """
    written = _attributes(folder, "connections")
    return [name for part in written if isinstance(part, dict) for name in part]


def _for_first(text: str, folder: Path) -> str:
    written = [part for part in _attributes(folder, "syncs") if isinstance(part, list)]
    syncs = [sync for part in written for sync in part if isinstance(sync, dict)]
    names = [str(sync["name"]) for sync in syncs if "name" in sync]
    return text.replace("SYNC", names[0] if names else "orders")


def _attributes(folder: Path, name: str) -> Iterator[Any]:
    for file in sorted(folder.rglob(FILE)):
        documents, _ = read_documents(file.read_text(encoding="utf-8"), str(file))
        for document in documents:
            value = document.value if isinstance(document.value, dict) else {}
            attributes = value.get("attributes")
            if isinstance(attributes, dict) and name in attributes:
                yield attributes[name]
