"""Columns of models and of destination tables, asked of PostgreSQL before anything has run.

Only catalogs are read, and the shape of queries; no row. A server that does not answer costs what
is on it, a model that is wrong costs itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Literal

from ..config import ModelConfig, SyncConfig, split_qualified
from ..connect import Endpoint, Session
from ..errors import ConfigurationError, DestinationError, PgsyncError
from ..lineage import DescribedColumn, Origin
from ..lineage.destination import targets_of
from ..lineage.model import Lineage
from ..model import describe, describe_sent, wanted_columns
from ..model.origins import origins
from ..model.table_columns import table_columns

APPLICATION = "pgsync/columns"

Of = tuple[Literal["model", "sync"], str]
"""A model, or the table of a sync, and the name of it."""


@dataclass
class Looked:
    """What was found, and what could not be.

    Args:
        columns: of each model and each sync's table that could be described.
        failures: of the others, why.
    """

    columns: dict[Of, tuple[DescribedColumn, ...]] = field(default_factory=dict)
    failures: dict[Of, PgsyncError] = field(default_factory=dict)

    def add(self, of: Of, look: Callable[[], tuple[DescribedColumn, ...]]) -> None:
        """Looks at one of them."""
        try:
            self.columns[of] = look()
        except PgsyncError as error:
            self.failures[of] = error


def look_up(
    endpoints: Mapping[str, Endpoint],
    models: Mapping[str, tuple[str, ModelConfig]],
    syncs: Iterable[SyncConfig],
) -> Looked:
    """Describes models and tables. Rows that no database has (frames) are nothing to look at.

    Args:
        endpoints: every connection, by name; each is opened once.
        models: by name, with the connection that each is read from.
        syncs: each with its model in full.
    """
    looked = Looked()
    with ExitStack() as stack:
        at = _Sessions(endpoints, stack).of
        for name, (source, model) in models.items():
            if not model.is_frame:
                looked.add(("model", name), partial(_model, at, source, model))
        for sync in syncs:
            if not sync.model.is_frame:
                looked.add(("sync", sync.name), partial(_sync, at, sync))
    return looked


At = Callable[[str], Session]


def _model(at: At, source: str, model: ModelConfig) -> tuple[DescribedColumn, ...]:
    return model_columns(at(source), model)


def _sync(at: At, sync: SyncConfig) -> tuple[DescribedColumn, ...]:
    return sync_columns(at(sync.source), at(sync.destination), sync)


class _Sessions:
    """One session for each connection; one that cannot be opened is not tried again."""

    def __init__(self, endpoints: Mapping[str, Endpoint], stack: ExitStack) -> None:
        self._endpoints = endpoints
        self._stack = stack
        self._found: dict[str, Session | PgsyncError] = {}

    def of(self, name: str) -> Session:
        """The session on a connection.

        Raises:
            PgsyncError: it cannot be opened.
        """
        if name not in self._endpoints:  # the platform, where no YAML and no variable names it
            raise ConfigurationError(f"nothing says where {name} is")
        if name not in self._found:
            try:
                opened = self._endpoints[name].session(APPLICATION)
                self._found[name] = self._stack.enter_context(opened)
            except PgsyncError as error:
                self._found[name] = error
        found = self._found[name]
        if isinstance(found, PgsyncError):
            raise found
        return found


def model_columns(session: Session, model: ModelConfig) -> tuple[DescribedColumn, ...]:
    """The columns of a model.

    Args:
        session: on its source.
        model: in full.

    Raises:
        PgsyncError: the source does not answer, or the model is wrong.
    """
    relation = describe(session, model)
    traced = Lineage(origins(session, model)).model(model).columns
    made_of = {one.name: one.origins for one in traced}
    copies = {one.name: one.origins[0] for one in traced if one.name and one.is_copy}
    comments = _comments(session, copies)
    return tuple(
        DescribedColumn(
            one.name, one.type, one.nullable, comments.get(one.name), made_of.get(one.name, ())
        )
        for one in relation.columns
    )


def _comments(session: Session, copies: Mapping[str, Origin]) -> dict[str, str | None]:
    of_tables = {
        name: (source.table, column)
        for name, (source, column) in copies.items()
        if source.kind == "relation"
    }
    found = table_columns(session, (table for table, _ in of_tables.values()))
    return {
        name: found[table][column].comment
        for name, (table, column) in of_tables.items()
        if column in found.get(table, {})
    }


def sync_columns(
    source: Session, destination: Session, sync: SyncConfig
) -> tuple[DescribedColumn, ...]:
    """The columns of a destination table that a sync writes, in the order of its model.

    Args:
        source: where the model is read.
        destination: where the table is.
        sync: with its model in full.

    Raises:
        PgsyncError: a server does not answer, the model is wrong, or there is no such table and the
            sync does not make it.
    """
    whole, relation = describe_sent(source, sync)
    wanted = wanted_columns(whole, relation)
    table = split_qualified(sync.table)
    there = table_columns(destination, [table]).get(table)
    if there is None and not sync.create_table:
        raise DestinationError(
            f"{destination.name}: there is no table {sync.table}",
            "create it, or let the sync do it: create_table: true",
        )
    lineage = Lineage(origins(source, sync.model, sync))
    made_of = {one.name: one.origins for one in targets_of(sync, lineage, there)}
    types = {one.name: one.type for one in relation.columns}
    found = (
        DescribedColumn(target, types[name]) if there is None else there.get(target)
        for name, target in wanted.items()
    )
    return tuple(replace(one, origins=made_of.get(one.name, ())) for one in found if one)
