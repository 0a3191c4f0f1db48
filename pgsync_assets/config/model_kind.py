"""The kinds of models as data: which key names what is sent, and which keys go with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from .engine import Place

ModelKind = Literal["ref", "dbt", "asset", "python", "file", "sql_file", "sql", "table"]
"""The key of a model that says what it is. Where two stand in a model that was read already (the
table of a dbt model, the SQL of a file), the first one here is its kind."""

MODEL_KINDS: tuple[ModelKind, ...] = get_args(ModelKind)


@dataclass(frozen=True)
class KindTraits:
    """What makes a kind of model.

    Args:
        noun: for messages.
        place: where its rows are read: at the source, or on the platform, where they are loaded.
        takes: further keys that it may have.
        has_source: the sync says from which connection it is read.
        is_made_by_asset: its rows come from an asset or a file, not from a table of the graph.
    """

    noun: str
    place: Place
    takes: frozenset[str]
    has_source: bool = True
    is_made_by_asset: bool = False


_RELATION = frozenset({"columns", "where", "parameters"})
_QUERY = frozenset({"parameters", "uses"})
_FRAME = _RELATION | {"types"}

KINDS: dict[ModelKind, KindTraits] = {
    "table": KindTraits("a table", "source", _RELATION),
    "sql": KindTraits("a query", "source", _QUERY),
    "sql_file": KindTraits("a query", "source", _QUERY),
    "dbt": KindTraits("a dbt model", "source", _RELATION, True, True),
    "asset": KindTraits(
        "the DataFrame of an asset", "platform", _FRAME, has_source=False, is_made_by_asset=True
    ),
    "python": KindTraits(
        "a DataFrame", "platform", _FRAME, has_source=False, is_made_by_asset=True
    ),
    "file": KindTraits("a file", "platform", _FRAME, False, True),
    "ref": KindTraits("a model of `models:`", "source", frozenset(), False),
}
OF_SOME_KINDS = frozenset().union(*(kind.takes for kind in KINDS.values()))
"""Keys that not every kind takes."""
WITH_FILES: frozenset[ModelKind] = frozenset({"sql_file", "dbt", "file"})
"""Kinds of which something stands in a file beside the YAML: `model/files.py` reads it."""
