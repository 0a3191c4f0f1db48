"""A mapping to look at: what goes where as the sync is written, and what could go where."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Literal

from ..config import SyncConfig
from ..model import Relation
from .modes import MODES
from .stamps import stamped
from .target import Target, TargetColumn
from .types import flows, lossy_type, matches

How = Literal[
    "by name", "listed", "same letters", "similar name", "unique index", "value", "not mapped"
]
CLOSE = 0.7  # to difflib customer_nm is customer_name by 0.9, and name is game by 0.75


@dataclass(frozen=True)
class MappingLine:
    """A column of the model or a value, and where it goes; or a column that gets nothing.

    Args:
        source: the column of the model; of a value where it is written; None where nothing comes.
        source_type: its type; None where there is no such column.
        target: the destination column; None where it goes nowhere.
        target_type: its type.
        how: they belong together.
        note: what there is to say about it, for people.
        passed: the sync as it is written maps it, or need not.
        is_possible: it can be mapped to that column: as it is written, or as it is suggested.
        is_lossy: only with a cast that may round or cut (`lossy`).
    """

    source: str | None
    source_type: str | None
    target: str | None
    target_type: str | None
    how: How
    note: str = ""
    passed: bool = True
    is_possible: bool = True
    is_lossy: bool = False


def suggest(sync: SyncConfig, relation: Relation, target: Target) -> tuple[MappingLine, ...]:
    """A line for each column of the model, in its order; then for those that get nothing.

    Args:
        sync: as written; what it says is kept where that can be.
        relation: its model, described, without the values of the sync.
        target: the destination table.
    """
    names = relation.names
    wanted = sync.explicit_mapping or {n: n for n in names if n not in sync.values}
    types = {column.name: column.type for column in relation.columns}
    pairs = _pairs(sync, wanted, names, target)
    pairs |= _by_index(sync, types, pairs, target)
    lines = [
        _mapped(sync, name, types[name], wanted[name], *pairs[name], target)
        if name in pairs
        else _unmapped(sync, name, types[name], wanted.get(name), target)
        for name in names
    ]
    unknown = [
        MappingLine(name, None, to, None, "listed", "the model has no such column", False, False)
        for name, to in wanted.items()
        if name not in names
    ]
    undone = [
        MappingLine(name, None, None, None, "not mapped", "lossy names it", False, False)
        for name in sync.lossy
        if name not in wanted
    ]
    filled = {line.target for line in lines} | _taken(sync)
    return (*lines, *unknown, *undone, *_left(sync, filled, target))


def arrival(spelled: str, into: TargetColumn, *, is_declared: bool) -> tuple[bool, bool, str]:
    """Whether a type arrives in a column that is no key: passed, lossy, and what to say.

    Args:
        spelled: type at the source.
        into: the destination column.
        is_declared: the sync says that it may be rounded or cut.
    """
    if is_declared and lossy_type(spelled, into) is not None:
        return True, True, "lossy"
    if flows(spelled, into):
        return True, False, ""
    return False, True, "might not arrive exactly"


Find = Callable[[str, Collection[str]], str | None]


def _exact(name: str, free: Collection[str]) -> str | None:
    return name if name in free else None


def _same_letters(name: str, free: Collection[str]) -> str | None:
    return next((one for one in free if _letters(one) == _letters(name)), None)


def _similar(name: str, free: Collection[str]) -> str | None:
    by_letters = {_letters(one): one for one in free}
    found = difflib.get_close_matches(_letters(name), by_letters, 1, CLOSE)
    return by_letters[found[0]] if found else None


def _letters(name: str) -> str:
    """Without case, and without what stands between words."""
    return re.sub(r"[\W_]+", "", name).casefold() or name


def _pairs(
    sync: SyncConfig, wanted: dict[str, str], names: Collection[str], target: Target
) -> dict[str, tuple[str, How]]:
    """Which column goes where: what is certain for all of them first, what is a guess last."""
    exact: How = "by name" if sync.explicit_mapping is None else "listed"
    ways: tuple[tuple[How, Find], ...] = (
        (exact, _exact),
        ("same letters", _same_letters),
        ("similar name", _similar),
    )
    taken = _taken(sync)
    found: dict[str, tuple[str, How]] = {}
    for how, find in ways:
        for name, wish in wanted.items():
            if name not in names or name in found:
                continue
            free = [
                one
                for one, column in target.columns.items()
                if one not in taken and _obstacle(sync, name, column) is None
            ]
            other = find(wish, free) or (None if how == exact else find(name, free))
            if other is not None:
                found[name] = other, how
                taken.add(other)
    return found


def _by_index(
    sync: SyncConfig,
    types: dict[str, str],
    found: dict[str, tuple[str, How]],
    target: Target,
) -> dict[str, tuple[str, How]]:
    """Where no column is like the key by its name: columns of the first unique index that is."""
    key = sync.model.key
    taken = {to for to, _ in found.values()} | _taken(sync)
    if not MODES[sync.mode].finds_rows or any(name in found or name not in types for name in key):
        return {}
    for index in target.indexes:
        columns = [target.columns[name] for name in index.columns]
        if (
            index.obstacle is None
            and len(columns) == len(key)
            and taken.isdisjoint(index.columns)
            and all(
                flows(types[name], into) and matches(types[name], into)
                for name, into in zip(key, columns, strict=True)
            )
        ):
            return {name: (to, "unique index") for name, to in zip(key, index.columns, strict=True)}
    return {}


def _taken(sync: SyncConfig) -> set[str | None]:
    return {*sync.values, *stamped(sync), sync.deleted_column}


def _obstacle(sync: SyncConfig, name: str, into: TargetColumn) -> str | None:
    """Why a column of the model cannot go there, whatever its type (traps 17 and 18)."""
    if into.is_generated:
        return "generated there, cannot be written"
    if into.is_identity_always and MODES[sync.mode].finds_rows and name not in sync.model.key:
        return "GENERATED ALWAYS AS IDENTITY there, cannot be updated"
    return None


def _mapped(
    sync: SyncConfig, name: str, spelled: str, wish: str, to: str, how: How, target: Target
) -> MappingLine:
    into = target.columns[to]
    if name in sync.model.key:
        fits = flows(spelled, into) and matches(spelled, into)
        passed, is_lossy, note = fits, False, "" if fits else "a key has to be cast in the model"
    else:
        passed, is_lossy, note = arrival(spelled, into, is_declared=name in sync.lossy)
        note = note if passed else f"{note}: cast it in the model, or lossy"
    is_possible = passed or is_lossy
    if to != wish:
        passed, note = False, ", ".join(filter(None, (f"there is no {wish}", note)))
    return MappingLine(
        name, spelled, to, into.column.type, how, note, passed, is_possible, is_lossy
    )


def _unmapped(
    sync: SyncConfig, name: str, spelled: str, wish: str | None, target: Target
) -> MappingLine:
    into = target.columns.get(wish or "")
    if wish is None:
        note = "a value goes there" if name in sync.values else "not in columns"
        passed = name not in sync.model.key
    elif into is not None:
        note, passed = _obstacle(sync, name, into) or "something else goes there", False
    else:
        note = "no such column there"
        passed = sync.drift == "ignore" and sync.explicit_mapping is None
    return MappingLine(name, spelled, None, None, "not mapped", note, passed, False)


def _left(
    sync: SyncConfig, filled: Collection[str | None], target: Target
) -> Iterator[MappingLine]:
    for name, one in target.columns.items():
        if name in filled:
            continue
        note, passed = "NULL" if one.column.nullable else "", True
        if one.is_generated:
            note = "generated"
        elif one.has_default:
            note = "its default"
        elif not one.column.nullable and MODES[sync.mode].inserts:
            note, passed = "NOT NULL without a default: give it a value", False
        yield MappingLine(None, None, name, one.column.type, "not mapped", note, passed, False)
