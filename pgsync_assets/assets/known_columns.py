"""Columns of models and destination tables as they were looked up, for assets that never ran.

What is kept are names, types, comments and where columns come from: never a value, no SQL, and
nothing of a connection but a fingerprint of where it leads.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import dagster as dg

from ..config import PLATFORM, ConnectionConfig, ModelConfig, SyncConfig, code_version
from ..lineage import DescribedColumn, Source
from .column_lineage import described_columns
from .metadata import Metadata, column_schema

if TYPE_CHECKING:
    from ..errors import PgsyncError
    from .specs import ModelSpecs

FORMAT = 1
"""Of the text that is stored; another one is as if nothing were stored."""


@dataclass(frozen=True)
class Entry:
    """The columns of one model, or of one sync's table.

    Args:
        fingerprint: of the configuration, and of where its connections lead.
        at: when they were looked up, ISO 8601.
        columns: in their order.
    """

    fingerprint: str
    at: str
    columns: tuple[DescribedColumn, ...]


@dataclass(frozen=True)
class KnownColumns:
    """What was looked up, and which connections the project has now.

    Args:
        entries: by `model NAME` and `sync NAME`.
        connections: by name; what was looked up at another server, or as another role, is not used.
    """

    entries: Mapping[str, Entry] = field(default_factory=dict)
    connections: Mapping[str, ConnectionConfig] = field(default_factory=dict)

    def of_model(self, specs: ModelSpecs) -> Metadata:
        """Columns of a model and their lineage; nothing where they are not known.

        Args:
            specs: of the model.
        """
        entry = self.entries.get(f"model {specs.name}")
        now = self.fingerprint_of_model
        if entry is None or entry.fingerprint != now(specs.config, specs.connection):
            return {}
        key, told = specs.config.key, specs.config.column_descriptions
        return _metadata(entry, key, told) | described_columns(entry.columns, specs)

    def of_sync(self, sync: SyncConfig, specs: ModelSpecs) -> Metadata:
        """Columns of a destination table and their lineage; nothing where they are not known.

        Args:
            sync: with its model in full.
            specs: of its model.
        """
        entry = self.entries.get(f"sync {sync.name}")
        if entry is None or entry.fingerprint != self.fingerprint_of_sync(sync):
            return {}
        return _metadata(entry) | described_columns(entry.columns, specs, sync.model_name)

    def fingerprint_of_model(self, model: ModelConfig, connection: str) -> str:
        """The fingerprint of a model.

        Args:
            model: in full.
            connection: name of the connection that it is read from.
        """
        return _digest([code_version(model), self._place(connection)])

    def fingerprint_of_sync(self, sync: SyncConfig) -> str:
        """The fingerprint of a sync.

        Args:
            sync: with its model in full.
        """
        places = [self._place(name) for name in (sync.source, sync.destination)]
        return _digest([code_version(sync), *places])

    def _place(self, connection: str) -> str:
        """Where a connection leads, as it is written: `$NAME` stays a name, nothing is secret."""
        config = self.connections.get(connection)
        shown = config.model_dump(mode="json", include=_PLACE) if config else {}
        return json.dumps(shown, sort_keys=True)


def looked_up(
    known: KnownColumns,
    models: Mapping[str, tuple[str, ModelConfig]],
    syncs: Sequence[SyncConfig],
) -> tuple[dict[str, Entry], dict[str, PgsyncError]]:
    """Asks the databases for columns; of what cannot be looked up, what is known is kept.

    Args:
        known: what was looked up before, and the connections.
        models: by name, with the connection that each is read from.
        syncs: each with its model in full.

    Returns:
        The columns as far as they are known now, and what could not be looked up, both by
        `model NAME` and `sync NAME`.
    """
    from ..connect import Endpoint  # loading definitions needs no database driver
    from ..steps.columns import look_up
    from .writer import platform_of

    platform = platform_of(known.connections.get(PLATFORM))
    endpoints = {PLATFORM: platform} if platform else {}
    endpoints |= {name: Endpoint(name, config) for name, config in known.connections.items()}
    looked = look_up(endpoints, models, syncs)
    at = datetime.now(timezone.utc).isoformat(timespec="seconds")
    now = {f"model {name}": known.fingerprint_of_model(m, c) for name, (c, m) in models.items()}
    now |= {f"sync {sync.name}": known.fingerprint_of_sync(sync) for sync in syncs}
    entries: dict[str, Entry] = {}
    for kind_and_name, columns in looked.columns.items():
        name = " ".join(kind_and_name)
        entries[name] = Entry(now[name], at, columns)
    failures = {" ".join(one): error for one, error in looked.failures.items()}
    return {n: e for n, e in known.entries.items() if n in failures} | entries, failures


_PLACE = {"host", "port", "database", "user", "search_path"}


def _digest(parts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _metadata(
    entry: Entry, key: Iterable[str] = (), told: Mapping[str, str] | None = None
) -> Metadata:
    comments = {one.name: one.comment for one in entry.columns if one.comment}
    at = datetime.fromisoformat(entry.at)
    return {
        **column_schema(entry.columns, key, {**comments, **(told or {})}),
        "pgsync/columns_looked_up": dg.MetadataValue.timestamp(at),
    }


def to_text(entries: Mapping[str, Entry]) -> str:
    """Entries as they are stored.

    Args:
        entries: by `model NAME` and `sync NAME`.
    """
    shown = {name: asdict(entry) for name, entry in sorted(entries.items())}
    return json.dumps({"format": FORMAT, "entries": shown}, indent=1)


def from_text(text: str) -> dict[str, Entry]:
    """Entries as they were stored; none where the text is of another version, or cut.

    Args:
        text: that `to_text` made.
    """
    try:
        stored = json.loads(text)
        if stored["format"] != FORMAT:
            return {}
        return {name: _entry_of(entry) for name, entry in stored["entries"].items()}
    except (ValueError, KeyError, TypeError):
        return {}


def _entry_of(stored: Mapping[str, Any]) -> Entry:
    columns = tuple(
        DescribedColumn(
            one["name"],
            one["type"],
            one["nullable"],
            one["comment"],
            tuple((Source(**source), column) for source, column in one["origins"]),
        )
        for one in stored["columns"]
    )
    datetime.fromisoformat(stored["at"])
    return Entry(stored["fingerprint"], stored["at"], columns)
