"""The preview of a model as metadata: figures of all columns, values of those that may be seen."""

from __future__ import annotations

import json
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

from ..config import ModelConfig
from ..errors import PgsyncError
from ..printable import cut, printable
from .metadata import Metadata

if TYPE_CHECKING:
    from ..connect import Session
    from ..model import Relation
    from ..model.key_quality import KeyQuality
    from ..preview import ModelPreview, Profile, Row

MOST_COLUMNS = 200  # that are listed
MOST_BYTES = 20_000  # of a table of rows; Dagster keeps every materialisation
MOST_VALUES = 40  # columns of a table of rows
VALUE_WIDTH = 80  # characters, in such a table


def previewed(
    session: Session, model: ModelConfig, relation: Relation, quality: KeyQuality
) -> Metadata:
    """The preview of a model; a note where there is none. It never fails its description.

    Args:
        session: where the model is read.
        model: in full.
        relation: its description.
        quality: of its key, as it was counted.
    """
    from ..preview import preview  # loading definitions needs no database driver

    try:
        found = preview(session, model, relation, quality=quality)
        return preview_metadata(found, model)
    except PgsyncError as error:
        why = error.message
    except Exception as error:  # of ours: without its text, which may carry values of rows
        last = traceback.extract_tb(error.__traceback__)[-1]
        why = f"unexpected {type(error).__name__} in {Path(last.filename).name}:{last.lineno}"
    return {"pgsync/preview": f"No preview: {why}"}


def preview_metadata(found: ModelPreview, model: ModelConfig) -> Metadata:
    """What the UI shows of a preview.

    Args:
        found: the preview.
        model: says whose values may be seen.
    """
    from ..preview import drawing, visible
    from ..svg import markdown

    shown = visible(model, found.names)
    picture = drawing(found, shown)
    notes = [found.told, *found.notes, *_unknown(found, model)]
    tables = {
        "pgsync/first_rows": _rows(found, found.first, shown),
        "pgsync/sample": _rows(found, found.sample, shown),
    }
    return {
        "pgsync/preview": "\n\n".join(notes),
        **(
            {"pgsync/distributions": dg.MetadataValue.md(markdown(picture, "values"))}
            if picture
            else {}
        ),
        "pgsync/columns": _columns(found.columns),
        **{name: table for name, table in tables.items() if table is not None},
    }


def _unknown(found: ModelPreview, model: ModelConfig) -> list[str]:
    values = model.preview.values
    names = () if isinstance(values, str) else values
    lost = [name for name in names if name not in found.names]
    return [f"preview: values: the model has no column {', '.join(lost)}"] if lost else []


def _columns(columns: Sequence[Profile]) -> dg.TableMetadataValue:
    from ..preview import distinct_of, percent

    names = ("column", "nulls", "distinct", "type")  # what is cut off at the right matters least
    records = [
        dg.TableRecord(
            {
                "column": printable(one.name),
                "nulls": "" if one.null_share is None else percent(one.null_share),
                "distinct": distinct_of(one),
                "type": one.type,
            }
        )
        for one in columns[:MOST_COLUMNS]
    ]
    if len(columns) > MOST_COLUMNS:
        more = f"and {len(columns) - MOST_COLUMNS} more"
        records.append(dg.TableRecord({**dict.fromkeys(names, ""), "column": more}))
    return dg.MetadataValue.table(records, _schema(names))


def _rows(
    found: ModelPreview, rows: Sequence[Row], shown: Sequence[str]
) -> dg.TableMetadataValue | None:
    """Rows as a table that stays small; None where nothing may be seen."""
    places = [place for place, name in enumerate(found.names) if name in shown][:MOST_VALUES]
    records: list[dg.TableRecord] = []
    room = MOST_BYTES
    for row in rows if places else ():
        values = {found.names[place]: _value(row[place]) for place in places}
        room -= len(json.dumps(values))
        if room < 0:
            break
        records.append(dg.TableRecord(values))
    if not records:
        return None
    return dg.MetadataValue.table(records, _schema([found.names[place] for place in places]))


def _value(value: str | None) -> Any:
    return "NULL" if value is None else printable(cut(value, VALUE_WIDTH))


def _schema(names: Sequence[str]) -> dg.TableSchema:
    return dg.TableSchema([dg.TableColumn(name) for name in names])
