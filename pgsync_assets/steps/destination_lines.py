"""What a sync needs where it writes, one line each."""

from __future__ import annotations

from dataclasses import dataclass

from psycopg import sql

from ..config import SyncConfig
from ..connect import READ_ONLY, Endpoint, Session, may_create, try_temporary
from ..errors import PgsyncError, PrivilegeError
from ..log import log_problem
from ..model import ColumnMapping, Relation, add_computed, map_columns
from ..write import (
    Target,
    check_replay,
    check_rights,
    find_arbiter,
    find_target,
    fit,
    fitting_target,
    ledger_problem,
    lossy_columns,
    read_target,
)
from .lines import Found, Lines
from .source_lines import schema_line

MAPPING = "mapping and types"


def ledger_line(lines: Lines, session: Session, sync: SyncConfig | None = None) -> None:
    """Adds a line for the ledger.

    Args:
        lines: gets it.
        session: on the destination.
        sync: that writes there, where one is known.
    """
    schema = session.config.schemas.ledger
    if schema is not None:
        schema_line(lines, "ledger", session, schema, ledger_problem)
        return

    def replayable() -> str:
        if sync is not None:
            check_replay(sync, session)
        return f"none at {session.name}: it stands beside the planner, and writes at least once"

    lines.tried("ledger", replayable)


def log_line(lines: Lines, session: Session) -> None:
    """Adds a line for the log, where the destination keeps one.

    Args:
        lines: gets it.
        session: on the destination.
    """
    schema = session.config.schemas.log
    if schema is not None:
        schema_line(lines, "log", session, schema, log_problem)


def making_lines(lines: Lines, session: Session) -> None:
    """Adds lines for what our role may make: schemas, tables, temporary tables.

    Args:
        lines: gets them.
        session: on the destination.
    """

    def made() -> str:
        database, has_create, schemas = may_create(session)
        tables = f"tables in {', '.join(schemas)}" if schemas else "no tables"
        where = f"schemas in {database}, " if has_create else ""
        return f"may make {where}{tables}; only create_table needs it"

    lines.tried("create schema, table", made)
    lines.tried("temporary tables", lambda: _temporary(session))


def _temporary(session: Session) -> Found:
    try:
        try_temporary(session)
    except PrivilegeError:
        staging = session.config.schemas.staging
        if staging is not None:
            return Found(f"none; batches land in schema {staging}")
        info = session.connection.info
        names = sql.Identifier(info.dbname), sql.Identifier(info.user)
        grant = sql.SQL("GRANT TEMPORARY ON DATABASE {} TO {};").format(*names)
        return Found(
            "may not be made, and there is no schema for batches to land in; mode insert needs "
            "neither",
            "warning",
            grant.as_string(None),
        )
    return Found("may be made (tried)")


@dataclass(frozen=True)
class Writing:
    """A sync at its destination.

    Args:
        sync: the sync, with what its values compute.
        relation: its model; None where it could not be read.
        source: where lossy conversions are computed; None where there is no source.
    """

    sync: SyncConfig
    relation: Relation | None
    source: Endpoint | None


def target_lines(lines: Lines, session: Session, writing: Writing) -> None:
    """Adds lines for a destination table: itself, what finds its rows, rights, types.

    Args:
        lines: gets them.
        session: on the destination.
        writing: what is written.
    """
    sync, relation = writing.sync, writing.relation
    found: list[Target] = []

    def read() -> str | Found:
        made: tuple[str, ...] = ()
        if relation is None and sync.create_table and not _is_there(session, sync.table):
            return Found("not tried: it is made of the model, which failed", "skipped")
        if relation is None:
            found.append(read_target(session, sync.table))
        else:
            target, made = fitting_target(session, sync, relation, "try")
            found.append(target)
        usable = [index.name for index in found[0].indexes if index.obstacle is None]
        names = ", ".join(usable) or "none"
        told = f"{len(found[0].columns)} columns, unique indexes: {names}"
        return "; ".join((told, *made))

    lines.tried(f"table {sync.table}", read)
    if found and relation is not None:
        _Fitting(lines, writing, relation, found[0]).add()


def _is_there(session: Session, table: str) -> bool:
    with session.transaction("looking for the table", READ_ONLY) as connection:
        return find_target(session, connection, table) is not None


class _Fitting:
    """Whether a table takes what a sync sends; what makes it fail is told once, where it belongs.

    Args:
        lines: gets the lines.
        writing: what is written.
        relation: its model.
        target: the table.
    """

    def __init__(self, lines: Lines, writing: Writing, relation: Relation, target: Target) -> None:
        self._lines = lines
        self._sync = writing.sync
        self._source = writing.source
        self._relation = relation
        self._target = target
        self._lossy: list[str] = []
        self._mapping: ColumnMapping | None = None

    def add(self) -> None:
        """Adds the lines."""
        rights = f"rights, mode {self._sync.mode}"
        try:
            self._prepare()
        except PgsyncError:
            self._lines.skipped(("unique index", rights), f"not tried: {MAPPING} failed")
            self._lines.tried(MAPPING, self._prepare)
            return
        known = len(self._lines.results)
        if self._lines.tried("unique index", self._matched):
            self._lines.tried(rights, self._allowed)
        else:
            self._lines.skipped(rights, "not tried: which columns are read depends on the index")
        told = {one.detail for one in self._lines.results[known:] if not one.passed}
        self._lines.tried(MAPPING, lambda: self._fitted(told))

    def _prepare(self) -> str:
        if lossy := lossy_columns(self._sync, self._relation, self._target):
            assert self._source is not None  # noqa: S101 - a table's own types lose nothing
            with self._source.session("pgsync/check") as session:
                self._sync, self._relation = add_computed(
                    session, self._sync, self._relation, lossy
                )
            self._lossy = [one.place for one in lossy]
        self._mapping = map_columns(self._sync, self._relation, self._target.columns)
        return ""

    def _matched(self) -> str:
        arbiter = find_arbiter(self._sync, self._mapped, self._target)
        return f"{arbiter} ({arbiter.name})" if arbiter else "no row is looked up"

    def _allowed(self) -> Found:
        sync, target = self._sync, self._target
        check_rights(sync, self._mapped, target, find_arbiter(sync, self._mapped, target))
        makes = sync.create_table or sync.drift == "add_columns"
        if target.is_owned and not makes:
            return Found(
                f"{target.user} owns {target.name}, and may drop it",
                "warning",
                "let another role own the table, and grant what docs/privileges.md names",
            )
        return Found(f"{target.user} has what it needs on {target.name}")

    def _fitted(self, told: set[str]) -> Found:
        try:
            mapping = fit(self._sync, self._relation, self._target)
        except PgsyncError as error:
            if error.message in told:
                return Found("not all of it was tried: see above", "skipped")
            raise
        return Found("; ".join((f"{len(mapping.targets)} columns mapped", *self._lossy)))

    @property
    def _mapped(self) -> ColumnMapping:
        assert self._mapping is not None  # noqa: S101 - nothing is tried without it
        return self._mapping
