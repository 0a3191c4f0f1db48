"""Everything about a sync that can be known without writing, one line each.

Where a line fails, what depends on it is not tried; what does not is.
"""

from __future__ import annotations

from ..check_result import CheckResult
from ..config import PLATFORM, SyncConfig
from ..connect import Endpoint, Session
from ..errors import PgsyncError
from ..model import Relation
from .destination_lines import Writing, ledger_line, log_line, target_lines
from .ends import Ends
from .lines import Attempt, Lines
from .road import arrived
from .source_lines import keeper_lines, model_lines
from .work import storage_of


def check(
    sync: SyncConfig, source: Endpoint, destination: Endpoint, *, platform: Endpoint | None = None
) -> list[CheckResult]:
    """Checks connections, rights, model and table of a sync. Writes nothing that stays.

    Args:
        sync: what the user wrote, with the model's SQL loaded.
        source: where the model is read.
        destination: where the table is.
        platform: where engine standard keeps its state.

    Returns:
        One result for each thing tried, in the order of the road.
    """
    lines = Lines()
    ends = Ends(source, destination, platform)
    keeps_at_source = sync.traits.place == "source" or sync.source == PLATFORM
    relation: Relation | None = None
    with arrived(lines, source) as session:
        if session is not None:
            sync, relation = model_lines(lines, sync, session)
            if keeps_at_source:
                keeper_lines(lines, session)
    if not keeps_at_source:
        _check_platform(lines, sync, ends, relation)
    with arrived(lines, destination, writes=True) as session:
        if session is not None:
            ledger_line(lines, session, sync)
            log_line(lines, session)
            target_lines(lines, session, Writing(sync, relation, source))
    return lines.results


def _check_platform(lines: Lines, sync: SyncConfig, ends: Ends, relation: Relation | None) -> None:
    """Where the engine keeps what was sent, if that is not the source."""
    try:
        home, _ = ends.planner_of(sync)
    except PgsyncError as error:
        lines.results.append(CheckResult("planner", "failed", error.message, error.remedy))
        return
    with arrived(lines, home) as session:
        if session is None:
            return
        keeper_lines(lines, session)
        if relation is not None:
            lines.tried("key, compared there", _keys(sync, session, relation))


def _keys(sync: SyncConfig, keeper: Session, relation: Relation) -> Attempt:
    def stored() -> str:
        storage_of(sync, keeper, relation, relation.names)
        return f"({', '.join(relation.key)})"

    return stored
