"""What a dbt manifest says of models, seeds and snapshots. It is JSON: dbt itself is not needed.

Read once for each state of the file: what 50 models look up in 20 MB is kept, and nothing else.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..errors import ConfigurationError

KNOWN_VERSIONS = ("v11", "v12")
"""Of the manifest's schema: dbt 1.7, and every one since 1.8."""
RESOURCES = ("model", "seed", "snapshot")
"""What has a relation of its own. A source is somebody else's table."""
_VERSION = re.compile(r"/manifest/(v\d+)\.json$")
_NAME = re.compile(r'"((?:[^"]|"")+)"|([^".]+)')


@dataclass(frozen=True)
class Node:
    """A model, seed or snapshot.

    Args:
        package: the dbt project that it is of.
        name: in dbt, without a version.
        selector: what `dbt build --select` calls it: its name, and its version if it has one.
        is_latest: whether its name alone means it.
        relation: schema and name, as they are stored; None where dbt makes none.
        database: the relation's.
        description: empty where there is none.
        columns: what is said of its columns, by name.
        asset_key: parts of the key of its dagster-dbt asset.
    """

    package: str
    name: str
    selector: str
    is_latest: bool
    relation: tuple[str, str] | None
    database: str
    description: str
    columns: Mapping[str, str]
    asset_key: tuple[str, ...]

    @property
    def qualified(self) -> str:
        """Its name with its package, which no other one has."""
        return f"{self.package}.{self.selector}"

    @property
    def spellings(self) -> Iterator[str]:
        """Everything that it may be called."""
        names = {self.selector, self.name} if self.is_latest else {self.selector}
        for name in names:
            yield name
            yield f"{self.package}.{name}"


@dataclass(frozen=True)
class Manifest:
    """What can be looked up in a manifest.

    Args:
        path: of the file.
        nodes: by everything that they may be called.
        disabled: names of those that the project leaves out.
    """

    path: Path
    nodes: Mapping[str, tuple[Node, ...]]
    disabled: frozenset[str]

    def node(self, name: str) -> Node:
        """The one that is called so, and has a relation.

        Args:
            name: as in `orders`, `package.orders` or `orders.v2`.

        Raises:
            ConfigurationError: there is none, it is disabled or ephemeral, or several packages
                have one.
        """
        found = self.nodes.get(name, ())
        if not found and name in self.disabled:
            raise ConfigurationError(
                f"the dbt model {name!r} is disabled", "enable it in dbt, then `dbt parse`"
            )
        if not found:
            near = difflib.get_close_matches(name, self.nodes, n=1)
            raise ConfigurationError(
                f"{self.path} has no model, seed or snapshot {name!r}"
                + (f"; did you mean {near[0]!r}?" if near else ""),
                "if it is new, run `dbt parse`; a source of dbt is a `table`",
            )
        if len(found) > 1:
            names = ", ".join(sorted(node.qualified for node in found))
            raise ConfigurationError(
                f"several dbt packages have a model {name!r}", f"name it with its package: {names}"
            )
        if found[0].relation is None:
            raise ConfigurationError(
                f"the dbt model {name!r} is ephemeral: the database has no relation of it",
                "set `materialized: view` or `table` in dbt, or write its query as `sql`",
            )
        return found[0]


def read_manifest(path: Path) -> Manifest:
    """The manifest of a dbt project. A file that has not changed since is not read again.

    Args:
        path: of `manifest.json`.

    Raises:
        ConfigurationError: it is not there, not a manifest of a version that we know, or of a
            project that dbt builds elsewhere than in PostgreSQL.
    """
    try:
        found = path.resolve()
        written = found.stat()
        return _read(found, written.st_mtime_ns, written.st_size)
    except FileNotFoundError:
        raise ConfigurationError(
            f"there is no dbt manifest {path}",
            "run `dbt parse` or `dbt build` in that project first; the path is relative to the "
            "YAML file that names it",
        ) from None
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read ({type(error).__name__})") from None


@lru_cache(maxsize=16)
def _read(path: Path, _changed: int, _size: int) -> Manifest:
    try:
        content = json.loads(path.read_bytes())
        metadata = content["metadata"]
        version = _VERSION.search(metadata["dbt_schema_version"])
    except (ValueError, KeyError, TypeError):
        raise ConfigurationError(
            f"{path} is not a manifest of dbt", "run `dbt parse` there; it writes manifest.json"
        ) from None
    if version is None or version[1] not in KNOWN_VERSIONS:
        raise ConfigurationError(
            f"{path}: the manifest of dbt {metadata.get('dbt_version')} is of schema version "
            f"{version[1] if version else 'unknown'}; {' and '.join(KNOWN_VERSIONS)} are known",
            "parse the project with dbt 1.7 to 1.11",
        )
    if metadata.get("adapter_type") != "postgres":
        raise ConfigurationError(
            f"{path}: dbt builds this project in {metadata.get('adapter_type')}, not in PostgreSQL",
            "a model is read from PostgreSQL: the adapter of the project has to be dbt-postgres",
        )
    try:
        return _manifest(path, content)
    except (AttributeError, KeyError, TypeError) as error:
        raise ConfigurationError(
            f"{path}: a node lacks what dbt writes of it ({error})", "run `dbt parse` again"
        ) from None


def _manifest(path: Path, content: Mapping[str, Any]) -> Manifest:
    nodes: dict[str, tuple[Node, ...]] = {}
    for node in _nodes(content["nodes"].values()):
        for name in node.spellings:
            nodes[name] = (*nodes.get(name, ()), node)
    left_out = (node for found in content.get("disabled", {}).values() for node in found)
    disabled = frozenset(name for node in _nodes(left_out) for name in node.spellings)
    return Manifest(path, nodes, disabled)


def _nodes(written: Any) -> Iterator[Node]:
    for node in written:
        if node["resource_type"] in RESOURCES:
            version = node.get("version")
            yield Node(
                package=node["package_name"],
                name=node["name"],
                selector=node["name"] if version is None else f"{node['name']}.v{version}",
                is_latest=version is None or version == node.get("latest_version"),
                relation=_relation(node),
                database=node["database"] or "",
                description=(node.get("description") or "").strip(),
                columns=_columns(node.get("columns") or {}),
                asset_key=_asset_key(node),
            )


def _relation(node: Mapping[str, Any]) -> tuple[str, str] | None:
    """As dbt writes it in SQL, so that names that it does not quote are folded as there."""
    parts = [
        quoted.replace('""', '"') if quoted else plain.lower()
        for quoted, plain in _NAME.findall(node.get("relation_name") or "")
    ]
    return (parts[-2], parts[-1]) if len(parts) > 1 else None


def _columns(written: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """By the names that PostgreSQL may have made of them: dbt's own do not say whether quotes stand
    around them in the model."""
    told = {name: (column.get("description") or "").strip() for name, column in written.items()}
    folded = {name.lower(): text for name, text in told.items()}
    return {name: text for name, text in (folded | told).items() if text}


def _asset_key(node: Mapping[str, Any]) -> tuple[str, ...]:
    """As `DagsterDbtTranslator` names it (dagster-dbt 0.29, `default_asset_key_fn`)."""
    config = node["config"]
    meta = config.get("meta") or node.get("meta") or {}
    written = (meta.get("dagster") or {}).get("asset_key")
    if written:
        return (written,) if isinstance(written, str) else tuple(written)
    if node.get("version"):
        return (node["alias"],)
    schema = config.get("schema")
    return (node["name"],) if schema is None else (schema, node["name"])
