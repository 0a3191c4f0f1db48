"""Whether rows of a first sync may travel straight from the source's snapshot, stored nowhere."""

from __future__ import annotations

import re

from ..model import Past, computed_by
from ..plan import Scope, Shape
from ..write import longest_texts
from .work import Work

SINCE = 140_000  # a stretch of places is found without reading the table

_TEXT = re.compile(r"text|character varying(\(\d+\))?")  # ::text leaves out blanks of character(n)


def may_stream(work: Work, old: Shape | None, scope: Scope, past: Past | None) -> bool:
    """Looks at everything but the table itself (`plan/streamable.sql`).

    All rows of the table travel, as they are stored: nothing is computed that might be another
    value when it is read again. Nobody is to look at an image later: not the audit, not a person.
    Nobody pauses between batches, as the source keeps old rows for as long as it takes. And what
    the ledger says is in is all that is in: the rest of such a plan may be given up.

    Args:
        work: the run.
        old: of the snapshot; None: begin from nothing.
        scope: what is compared.
        past: only what lies past a cursor.
    """
    sync = work.sync
    is_whole = old is None and past is None and work.partition is None and scope.part.is_all
    is_table = sync.model.table is not None and sync.model.where is None
    types = {column.name: column.type for column in work.relation.columns}
    measured = longest_texts(work.relation, work.mapping, work.target)
    return (
        is_whole
        and is_table
        and work.relation.unique_key
        and not computed_by(sync.model)
        and work.shape.holds == "digest"
        and sync.audit.level != "full"
        and not sync.sleep_ms
        and work.ledger.is_exact
        and work.target.kind.is_exact
        and all(_TEXT.fullmatch(types[name]) for name in measured)
        and work.reader.connection.info.server_version >= SINCE
    )
