"""Which column goes where, for somebody who writes a sync: it need not be right yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..config import SyncConfig
from ..connect import Endpoint, Session
from ..errors import ModelError, PrivilegeError
from ..model import Computed, Relation, add_computed, describe, values_of
from ..write import MappingLine, Target, arrival, fitting_target, lossy_columns, suggest


def mapping(sync: SyncConfig, source: Endpoint, destination: Endpoint) -> tuple[MappingLine, ...]:
    """What a sync maps as it is written, and what it could map. Writes nothing.

    Args:
        sync: what the user wrote, with the model's SQL loaded.
        source: where the model is read.
        destination: where the table is.

    Returns:
        A line for each column of the model, each value, and each other column of the table.

    Raises:
        PgsyncError: an end cannot be reached, the model is not one SELECT, or there is no table.
    """
    with (
        source.session("pgsync/mapping") as reader,
        destination.session("pgsync/mapping") as writer,
    ):
        relation = describe(reader, sync.model)
        values = _Values(reader, sync, relation)
        target, _ = fitting_target(writer, *values.sent, "try")
        lines = (
            _castable(reader, sync, relation, target, line)
            for line in suggest(sync, relation, target)
        )
        return (*lines, *values.lines(target))


class _Values:
    """The values of a sync, each described by itself: one that is wrong hides no other."""

    def __init__(self, reader: Session, sync: SyncConfig, relation: Relation) -> None:
        self._types: list[tuple[Computed, str | None, str]] = []
        for one in values_of(sync, relation.names):
            try:
                _, found = add_computed(reader, sync, relation, (one,))
                self._types.append((one, found.columns[-1].type, ""))
            except (ModelError, PrivilegeError) as error:
                self._types.append((one, None, error.message))
        sound = [one for one, spelled, _ in self._types if spelled is not None]
        self.sent: tuple[SyncConfig, Relation] = add_computed(reader, sync, relation, sound)

    def lines(self, target: Target) -> Sequence[MappingLine]:
        """A line for each."""
        return [self._line(*one, target) for one in self._types]

    def _line(self, one: Computed, spelled: str | None, note: str, target: Target) -> MappingLine:
        into, passed = target.columns.get(one.target), False
        if into is None:
            note = "no such column there"
        elif spelled is not None:
            passed, _, note = arrival(spelled, into, is_declared=False)
            note = note if passed else f"{note}: give it a cast"
        to = into.column.type if into else None
        return MappingLine(one.place, spelled, one.target, to, "value", note, passed, passed)


def _castable(
    reader: Session, sync: SyncConfig, relation: Relation, target: Target, line: MappingLine
) -> MappingLine:
    """Asks PostgreSQL whether there is such a cast at all."""
    if not line.is_lossy or line.source is None or line.target is None:
        return line
    alone = {"columns": {line.source: line.target}, "lossy": (line.source,), "values": {}}
    try:
        columns = lossy_columns(sync.model_copy(update=alone), relation, target)
        add_computed(reader, sync, relation, columns)
    except ModelError as error:
        return replace(line, note=error.message, passed=False, is_possible=False, is_lossy=False)
    return line
