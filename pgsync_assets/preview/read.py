"""The story of a preview: how large the model is, its key, some rows, and figures of each column.

    size -> key -> first rows -> a sample, and from it random rows and the columns

One transaction that can write nothing, on a standby and behind a pooler, too. All of it has to end
in time: what does not is left out, and a note says so.
"""

from __future__ import annotations

import time

from psycopg import sql

from ..config import ModelConfig
from ..connect import READ_ONLY, Session
from ..model import Relation, select
from ..model.key_quality import KeyQuality, quality_in
from .ability import abilities
from .distinct import known_distinct
from .figures import FIRST, RANDOM, figures, texts
from .profiles import Answer, looked_at_in, profiles, shortened
from .reading import Reading
from .result import ModelPreview, Row
from .sample import Sample, Size, sample_of, size_of

TIMEOUT_S = 30.0


def preview(
    session: Session,
    model: ModelConfig,
    relation: Relation,
    *,
    rows: int | None = None,
    quality: KeyQuality | None = None,
    timeout_s: float = TIMEOUT_S,
) -> ModelPreview:
    """Looks at the rows of a model. Beside its key, it is read once at the most.

    Args:
        session: on the server where it is read.
        model: of a table, or with its SQL loaded.
        relation: its description.
        rows: first rows to return, and as many random ones; default: as its `preview` says.
        quality: of its key, where that was looked at already; else it is looked at here.
        timeout_s: for all of it, in seconds.

    Raises:
        PgsyncError: PostgreSQL refused a statement; a row of the model may be to blame.
    """
    begun = time.monotonic()
    number = model.preview.rows if rows is None else rows
    with session.transaction("previewing the model", READ_ONLY) as connection:
        reading = Reading(connection, timeout_s)
        if quality is None:
            # Half of the time: a model that takes longer to be read can still be sampled.
            quality = reading.attempt("the key", lambda: quality_in(connection, model), 0.5)
        size = size_of(reading, model)
        size = size if quality is None else Size(quality.rows, size.width)
        sample = sample_of(reading, model, relation, size)
        first = None if sample.is_whole else _first(reading, model, relation, number)
        answers, sample = _figures(reading, model, relation, sample, size, number)
        if first is None:
            whole = _texts(answers, FIRST)
            first = whole if answers else _first(reading, model, relation, number)
        known = {} if sample.is_whole else known_distinct(reading, model)
    looked_at = looked_at_in(answers)
    is_all = bool(answers) and sample.is_whole and looked_at < sample.cap
    exact = quality.rows if quality else looked_at if is_all else None
    if answers and sample.is_whole and not is_all:
        reading.notes.append(
            f"The model has more rows than PostgreSQL expected ({size.rows:,}): the figures are of "
            f"its first {looked_at:,}."
        )
    return ModelPreview(
        name=model.name or "",
        key=relation.key,
        key_is_proven=relation.unique_key,
        rows=exact,
        about=None if exact is not None else max(size.rows, looked_at),
        looked_at=looked_at,
        columns=profiles(relation, answers, known, None if is_all else max(size.rows, looked_at)),
        first=tuple(first),
        sample=tuple(_texts(answers, RANDOM)),
        quality=quality,
        notes=tuple(reading.notes),
        seconds={**reading.seconds, "total": time.monotonic() - begun},
    )


def _first(reading: Reading, model: ModelConfig, relation: Relation, number: int) -> list[Row]:
    query = sql.SQL("SELECT {} FROM (\n{}\n) AS model LIMIT {}").format(
        texts(relation), select(model), sql.Literal(number)
    )
    found = reading.attempt("first rows", lambda: reading.rows(query), 0.5) if number else None
    return [shortened(values) for (values,) in found or ()]


def _figures(
    reading: Reading,
    model: ModelConfig,
    relation: Relation,
    sample: Sample,
    size: Size,
    number: int,
) -> tuple[list[Answer], Sample]:
    """What is to be known of the sample; where its blocks are nearly empty, of another one."""
    able = abilities(reading, [column.type for column in relation.columns])

    def answers(chosen: Sample) -> list[Answer] | None:
        query = figures(relation, chosen, able, number)
        return reading.attempt("figures of the columns", lambda: reading.rows(query), 0.8)

    found = answers(sample)
    if found and sample.by_blocks and looked_at_in(found) * 10 < sample.cap:
        sample = sample_of(reading, model, relation, size, by_blocks=False)
        found = answers(sample) or found
    return found or [], sample


def _texts(answers: list[Answer], which: int) -> list[Row]:
    return [shortened(answer[7]) for answer in answers if answer[0] == which]
