"""Everything that can be in the way of a connection, tried in the order of the road."""

from __future__ import annotations

from collections.abc import Callable

from ..check_result import CheckResult
from ..config import SyncConfig, UsedAs
from ..connect import Endpoint, Session
from ..errors import DestinationError, PgsyncError
from ..model import Relation
from ..write import own_model, read_target
from .asked import Asked, TableUse
from .destination_lines import Writing, ledger_line, log_line, making_lines, target_lines
from .lines import Lines
from .road import arrived, travelled
from .source_lines import keeper_lines, model_lines, tables_line


def try_connection(endpoint: Endpoint, asked: Asked) -> list[CheckResult]:
    """Tries a connection: the way there, the server, our role, and what it is for.

    Nothing stays of what is written: it is taken back.

    Args:
        endpoint: the connection.
        asked: what it is for.

    Returns:
        One result for each thing, in the order of the road; `skipped` where it was not tried.
    """
    lines = Lines()
    with travelled(lines, endpoint, writes="destination" in asked.roles) as session:
        if session is not None:
            for role in asked.roles:
                _ROLES[role](lines, session, asked)
    return lines.results


def _source(lines: Lines, session: Session, asked: Asked) -> None:
    tables_line(lines, session, "SELECT", "read")
    if asked.sync is not None:
        model_lines(lines, asked.sync, session)
    else:
        lines.skipped("model", "not asked for: --sync names the sync whose model is read")
    if asked.keeps_state:
        keeper_lines(lines, session)
    else:
        lines.skipped(
            ("planner schema", "audit schema"), "not asked for: engine standard only reads here"
        )


def _platform(lines: Lines, session: Session, asked: Asked) -> None:
    if asked.sync is not None and asked.sync.model.is_frame:
        model_lines(lines, asked.sync, session)
    keeper_lines(lines, session)


def _destination(lines: Lines, session: Session, asked: Asked) -> None:
    tables_line(lines, session, "INSERT, UPDATE", "write")
    ledger_line(lines, session, asked.sync)
    log_line(lines, session)
    making_lines(lines, session)
    if asked.table is not None:
        _table(lines, session, asked.table)
    elif asked.sync is not None:
        sync, relation = _model(lines, asked.sync, asked.source)
        target_lines(lines, session, Writing(sync, relation, asked.source))
    else:
        lines.skipped(
            ("table", "unique index", "rights"),
            "not asked for: --sync, or --table and --mode, say what is written",
        )


_ROLES: dict[UsedAs, Callable[[Lines, Session, Asked], None]] = {
    "source": _source,
    "platform": _platform,
    "destination": _destination,
}


def _model(
    lines: Lines, sync: SyncConfig, source: Endpoint | None
) -> tuple[SyncConfig, Relation | None]:
    """What the table has to take; where it is read is another connection's test."""
    if source is None:
        return sync, None
    with arrived(lines, source) as session:
        return model_lines(lines, sync, session) if session is not None else (sync, None)


def _table(lines: Lines, session: Session, use: TableUse) -> None:
    """As if a sync wrote all columns of the table, and found its rows by the first usable index."""
    try:
        writing = _writing(session, use)
    except PgsyncError as error:
        lines.results.append(
            CheckResult(f"table {use.table}", "failed", error.message, error.remedy)
        )
        return
    target_lines(lines, session, writing)


def _writing(session: Session, use: TableUse) -> Writing:
    target = read_target(session, use.table)
    columns = [name for name, one in target.columns.items() if not one.is_generated]
    usable = [index.columns for index in target.indexes if index.obstacle is None]
    key = next(iter(usable), tuple(columns[:1]))
    if not usable and target.kind.has_indexes and use.mode != "insert":
        raise DestinationError(
            f"{target.name} has no unique index that rows can be matched by",
            "create one on the columns that identify a row; mode insert needs none",
        )
    sync = SyncConfig.model_validate(
        {
            "name": "connection_test",
            "source": session.name,
            "model": {"table": use.table, "key": key},
            "destination": session.name,
            "table": use.table,
            "mode": use.mode,
            "columns": {name: name for name in columns},
        }
    )
    return Writing(sync, own_model(target, columns, key), None)
