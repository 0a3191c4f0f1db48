"""The components of ours in a YAML document: connections and syncs, checked one by one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from .base import Name
from .connection import ConnectionConfig
from .document import Document, Location, Problem
from .model import ModelConfig
from .retention import RetentionConfig
from .sync import SyncConfig
from .tunnel import ReverseTunnelConfig
from .validation import dotted, suggestion, validate

CONNECTIONS_TYPE = "pgsync_assets.PgConnectionsComponent"
SYNCS_TYPE = "pgsync_assets.PgSyncComponent"
MAINTENANCE_TYPE = "pgsync_assets.PgMaintenanceComponent"

Named = TypeVar("Named", ConnectionConfig, ReverseTunnelConfig, ModelConfig)

TEMPLATE_MARKS = ("{{", "{%", "{#")

_OTHER_TYPES = (
    "pgsync_assets.PgAlertsComponent",
    MAINTENANCE_TYPE,
    "pgsync_assets.PgColumnsComponent",
    "pgsync_assets.PgPlansApprovedComponent",
    "pgsync_assets.PgScheduleComponent",
    "pgsync_assets.PgSequenceComponent",
    "pgsync_assets.PgSourceChangedComponent",
)
_ENVELOPE = ("type", "attributes", "template_vars_module", "requirements", "post_processing")
_ATTRIBUTES = {
    CONNECTIONS_TYPE: ("connections", "reverse_tunnels"),
    SYNCS_TYPE: ("syncs", "models", "translation", "op"),
}


_ANY_CONNECTION = ConnectionConfig(host="", database="", user="")
"""Stands for a connection that is wrong, so that syncs are not told that it is missing."""

_ANY_REVERSE_TUNNEL = ReverseTunnelConfig.model_construct(public_keys=(), port=0)
"""The same for a reverse tunnel; one without keys is compared with no other."""

_ANY_MODEL = ModelConfig.model_construct(table="any.model", key=("id",), source="")
"""The same for a model."""


@dataclass(frozen=True)
class PlacedSync:
    """A sync and where it was written."""

    config: SyncConfig
    document: Document
    at: Location

    def problem(self, location: Location, message: str) -> Problem:
        """A problem about one key of this sync."""
        where = (*self.at, *location)
        return self.document.problem(where, f"{dotted(where)}: {message}")


@dataclass
class Reading:
    """What has been read so far, over all documents."""

    problems: list[Problem] = field(default_factory=list)
    connections: dict[str, ConnectionConfig] = field(default_factory=dict)
    reverse_tunnels: dict[str, ReverseTunnelConfig] = field(default_factory=dict)
    models: dict[str, ModelConfig] = field(default_factory=dict)
    documents: dict[tuple[str, str], Document] = field(default_factory=dict)
    """Where `connections`, `reverse_tunnels` and `models` were written, by part and name."""
    syncs: list[PlacedSync] = field(default_factory=list)
    retention: RetentionConfig | None = None


def read_component(document: Document, reading: Reading) -> str:
    """Adds what a document defines to what has been read, or says what is wrong with it.

    Args:
        document: one component; those that are not ours are passed over.
        reading: is added to.

    Returns:
        The type of the component as it is written; empty where there is none.
    """
    value = document.value
    kind = value.get("type") if isinstance(value, dict) else None
    if not isinstance(kind, str):
        reading.problems.append(document.problem((), "a component begins with `type: ...`"))
        return ""
    if kind not in _ATTRIBUTES:
        _pass_over(kind, document, reading)
        return kind
    reading.problems.extend(_unknown_keys(document, (), _ENVELOPE))
    if not isinstance(value.get("attributes"), dict):
        told = f"attributes: {_ATTRIBUTES[kind][0]} is missing"
        reading.problems.append(document.problem(("attributes",), told))
        return kind
    reading.problems.extend(_unknown_keys(document, ("attributes",), _ATTRIBUTES[kind]))
    templates = list(_templates(document))
    reading.problems.extend(templates)
    if kind == CONNECTIONS_TYPE:
        _read_named(document, reading, "connections", reading.connections, _ANY_CONNECTION)
        if "reverse_tunnels" in value["attributes"]:
            known = reading.reverse_tunnels
            _read_named(document, reading, "reverse_tunnels", known, _ANY_REVERSE_TUNNEL)
    elif not templates:
        _read_models_and_syncs(document, reading)
    return kind


def _read_models_and_syncs(document: Document, reading: Reading) -> None:
    attributes = document.value["attributes"]
    if "models" in attributes:
        _read_named(document, reading, "models", reading.models, _ANY_MODEL)
    if "syncs" in attributes or "models" not in attributes:
        _read_syncs(document, reading)


def _pass_over(kind: str, document: Document, reading: Reading) -> None:
    """Other components are Dagster's business; only a slip in a name of ours is told."""
    known = (CONNECTIONS_TYPE, SYNCS_TYPE, *_OTHER_TYPES)
    if kind.startswith("pgsync_assets.") and kind.count(".") == 1 and kind not in known:
        told = f"type: there is no component {kind!r}; {suggestion(kind, known)}"
        reading.problems.append(document.problem(("type",), told))
    attributes = document.value.get("attributes")
    if kind == MAINTENANCE_TYPE and isinstance(attributes, dict) and "audit" in attributes:
        _read_retention(document, reading)


def _read_retention(document: Document, reading: Reading) -> None:
    """How long audits are kept is known to the command line, too."""
    at: Location = ("attributes", "audit")
    found = validate(RetentionConfig, document, at)
    if isinstance(found, list):
        reading.problems.extend(found)
    elif reading.retention is not None:
        told = "audit: another maintenance has one, too; one says how long audits are kept"
        reading.problems.append(document.problem(at, told))
    else:
        reading.retention = found


def _unknown_keys(document: Document, at: Location, known: tuple[str, ...]) -> Iterator[Problem]:
    value: Any = document.value
    for step in at:
        value = value[step]
    for key in value:
        if key not in known:
            place = (*at, key)
            yield document.problem(place, f"unknown key {key!r}; {suggestion(key, known)}")


def _templates(document: Document) -> Iterator[Problem]:
    """Finds Dagster templates: this reader has no Dagster that could fill them in."""
    attributes = document.value["attributes"]
    for part in ("connections", "reverse_tunnels", "models", "syncs"):
        for place, text in _texts(attributes.get(part), ("attributes", part)):
            mark = next((mark for mark in TEMPLATE_MARKS if mark in text), None)
            if mark:
                yield document.problem(
                    place,
                    f"{dotted(place)}: {mark!r} begins a Dagster template, and {part} take none; "
                    "write $NAME for an environment variable, and put such SQL in a sql_file",
                )


def _texts(value: Any, at: Location) -> Iterator[tuple[Location, str]]:
    if isinstance(value, str):
        yield at, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _texts(inner, (*at, key))
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield from _texts(inner, (*at, position))


def _read_named(
    document: Document, reading: Reading, part: str, known: dict[str, Named], stands_in: Named
) -> None:
    """Reads connections or reverse tunnels, which have names.

    Args:
        document: has the part.
        reading: is added to.
        part: the key in `attributes`.
        known: those that were read before, by name; is added to.
        stands_in: for one that is wrong, so that its name is known all the same.
    """
    at: Location = ("attributes", part)
    written = document.value["attributes"].get(part)
    if not isinstance(written, dict) or not written:
        reading.problems.append(document.problem(at, f"{part}: should be a mapping by name"))
        return
    look = next(_templates(document), None) is None  # one with templates is told already
    for name in written:
        place = (*at, name)
        if name in known:
            noun = part.removesuffix("s").replace("_", " ")
            told = f"another {noun} is named {name!r} too; names are used once"
            reading.problems.append(document.problem(place, told))
        reading.problems.extend(_name_problem(name, document, place))
        reading.documents[part, name] = document
        found = validate(type(stands_in), document, place) if look else []
        known[name] = stands_in if isinstance(found, list) else found
        reading.problems.extend(found if isinstance(found, list) else [])


def _name_problem(name: str, document: Document, place: Location) -> Iterator[Problem]:
    try:
        TypeAdapter(Name).validate_python(name)
    except ValidationError as error:
        told = error.errors(include_url=False)[0]["msg"].removeprefix("Value error, ")
        yield document.problem(place, f"{dotted(place[:-1])}: {told}")


def _read_syncs(document: Document, reading: Reading) -> None:
    at: Location = ("attributes", "syncs")
    syncs = document.value["attributes"].get("syncs")
    if not isinstance(syncs, list) or not syncs:
        reading.problems.append(document.problem(at, "syncs: should be a list of syncs"))
        return
    for position in range(len(syncs)):
        place = (*at, position)
        found = validate(SyncConfig, document, place)
        if isinstance(found, SyncConfig):
            reading.syncs.append(PlacedSync(found, document, place))
        else:
            reading.problems.extend(found)
