"""One row as both ends have it now: read by its key, compared as `verify` compares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace

from psycopg import sql

from ..config import SyncConfig
from ..connect import READ_ONLY, Session
from ..model import ColumnMapping, Relation, add_computed, describe_sent
from ..plan import Storage
from ..privacy import Privacy
from ..record import values_shown
from ..sql import COMMA, all_of, column
from ..verify import End, Key, MappedColumn, Reading, destination_end, model_end
from ..verify.details import value_of
from ..verify.ends import ALIAS
from ..write import Target, find_arbiter, fit, fitting_target, lossy_columns, nullable
from .ends import Ends
from .verify import mapped_columns
from .work import storage_of

Image = Mapping[str, str | None]


@dataclass(frozen=True)
class RowNow:
    """A row at both ends, at this moment; a run may be under way.

    Args:
        in_model: whether the model has it.
        in_destination: whether the destination has it.
        differs: columns that are not the same at both ends; empty where one has no such row.
        model: values in the model; None where it has no such row, or they are not to be seen.
        destination: the same of the destination.
    """

    in_model: bool
    in_destination: bool
    differs: tuple[str, ...]
    model: Image | None
    destination: Image | None


@dataclass(frozen=True)
class _Fitted:
    """Model and table, and how they fit."""

    sync: SyncConfig
    relation: Relation
    target: Target
    mapping: ColumnMapping
    storage: Storage


def row_now(sync: SyncConfig, ends: Ends, key: Image) -> RowNow:
    """Reads a row at both ends. Takes no lock and changes nothing.

    Values leave their servers only where the sync's audit level is `full`.

    Args:
        sync: with its model in full.
        ends: its databases.
        key: text of each column of its key in the model.

    Raises:
        PgsyncError: an end cannot be reached, or model and table do not fit.
    """
    home, _ = ends.planner_of(sync)
    privacy, name = Privacy.of(sync), f"pgsync/{sync.name} history"
    with ExitStack() as stack:
        reader, writer, keeper = (
            stack.enter_context(end.session(name)) for end in (ends.source, ends.destination, home)
        )
        fitted = _fitted(sync, reader, writer, keeper)
        with_values = sync.audit.level == "full"
        columns = mapped_columns(fitted)
        zone = reader.config.time_zone  # in which the model writes what is compared
        there = stack.enter_context(
            writer.transaction(f"reading {fitted.target.name}", READ_ONLY, time_zone=zone)
        )
        here = stack.enter_context(reader.transaction("reading the model", READ_ONLY))
        asked = _Asked(fitted, columns, key)
        texts = here.execute(asked.texts()).fetchone()
        assert texts is not None  # noqa: S101 - a SELECT without FROM
        model, destination = (
            Reading(end, connection).images({1: texts[0]}, with_values=with_values).get(1)
            for end, connection in ((asked.model(reader), here), (asked.table(writer), there))
        )
    names = [one.source for one in columns]
    pairs = zip(names, model or (), destination or (), strict=False)
    differs = tuple(one for one, ours, theirs in pairs if ours != theirs)

    def seen(image: Sequence[str] | None) -> Image | None:
        if image is None or not with_values:
            return None
        values = privacy.image(dict(zip(names, map(value_of, image), strict=True)))
        return values and values_shown(privacy, values)

    return RowNow(
        model is not None, destination is not None, differs, seen(model), seen(destination)
    )


@dataclass(frozen=True)
class _Asked:
    """The ends of a sync, narrowed to one row so that their indexes find it."""

    fitted: _Fitted
    columns: Sequence[MappedColumn]
    values: Image

    def texts(self) -> sql.Composed:
        """The key as `Key` reads it, out of the texts of the model's types."""
        return sql.SQL("SELECT ARRAY[{}]").format(
            COMMA.join(
                sql.SQL("{}::text").format(one.key(_typed(self.values[one.source], one.spelled)))
                for one in self._key().columns
            )
        )

    def model(self, reader: Session) -> End:
        """What the model says of it."""
        relation = self.fitted.relation
        end = model_end(
            reader.name, self.fitted.sync.model, self.columns, self._key(), None, None, None
        )
        operators = zip(relation.key, relation.key_operators, strict=True)
        spelled = {one.source: one.spelled for one in self.columns}
        found = (_is(name, schema, self.values[name], spelled[name]) for name, schema in operators)
        return replace(end, where=all_of(found))

    def table(self, writer: Session) -> End:
        """What the destination has of it."""
        target, mapping = self.fitted.target, self.fitted.mapping
        arbiter = find_arbiter(self.fitted.sync, mapping, target)
        predicate = arbiter.predicate if arbiter else None
        end = destination_end(writer.name, target, self.columns, self._key(), None, predicate)
        places = [(name, target.columns[to]) for name, to in _pairs(mapping)]
        found = (
            _is(one.column.name, one.equality, self.values[name], one.column.type)
            for name, one in places
        )
        return replace(end, where=all_of(found))

    def _key(self) -> Key:
        target, mapping = self.fitted.target, self.fitted.mapping
        there = nullable(find_arbiter(self.fitted.sync, mapping, target), target)
        of_key = [one for name in mapping.key for one in self.columns if one.source == name]
        return Key(of_key, [name for name, to in _pairs(mapping) if to in there])


def _pairs(mapping: ColumnMapping) -> list[tuple[str, str]]:
    return list(zip(mapping.key, mapping.match, strict=True))


def _is(name: str, schema: str, text: str | None, spelled: str) -> sql.Composable:
    if text is None:
        return sql.SQL("{} IS NULL").format(column(name, ALIAS))
    return sql.SQL("{} OPERATOR({}.=) {}").format(
        column(name, ALIAS), sql.Identifier(schema), _typed(text, spelled)
    )


def _typed(text: str | None, spelled: str) -> sql.Composable:
    # Types come from format_type, never from a user.
    return sql.SQL("CAST({} AS {})").format(sql.Literal(text), sql.SQL(spelled))


def _fitted(sync: SyncConfig, reader: Session, writer: Session, keeper: Session) -> _Fitted:
    sync, relation = describe_sent(reader, sync)
    target, _ = fitting_target(writer, sync, relation, "never")
    sync, relation = add_computed(reader, sync, relation, lossy_columns(sync, relation, target))
    mapping = fit(sync, relation, target)
    storage = storage_of(sync, keeper, relation, mapping.sources)
    return _Fitted(sync, relation, target, mapping, storage)
