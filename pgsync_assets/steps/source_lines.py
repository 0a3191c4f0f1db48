"""What a sync needs where it reads and keeps its state, one line each."""

from __future__ import annotations

from ..config import PartitionKind, SyncConfig
from ..connect import Session, schema_problem, try_schema, visible_tables
from ..model import Relation, describe_sent, fit_partitions
from .lines import Found, Lines
from .work import Problem


def tables_line(lines: Lines, session: Session, rights: str, verb: str) -> None:
    """Adds a line: schemas and tables that our role may use.

    Args:
        lines: gets it.
        session: on the database.
        rights: any of which will do.
        verb: what may be done with them: `read` or `write`.
    """

    def listed() -> Found:
        tables, schemas, names = visible_tables(session, rights)
        if not tables:
            return Found(
                f"none that we may {verb}", "warning", "docs/privileges.md has the GRANTs to paste"
            )
        more = ", .." if tables > len(names) else ""
        return Found(f"{tables} in {_counted(schemas, 'schema')}: {', '.join(names)}{more}")

    lines.tried(f"tables to {verb}", listed)


def schema_line(
    lines: Lines, kind: str, session: Session, schema: str, problem: Problem = schema_problem
) -> None:
    """Adds a line for one of our schemas: a table with a row is made there, and taken back.

    Args:
        lines: gets it.
        kind: of schema, as in `planner`.
        session: on the database that holds it.
        schema: its name.
        problem: what an administrator has to run first, if anything.
    """

    def written() -> Found:
        where = f"{schema} at {session.name}"
        remedy = problem(session, schema)
        if remedy is not None:
            return Found(f"{where}: missing, or not writable for our role", "failed", remedy)
        if schema_problem(session, schema) is not None:
            return Found(f"{where}: its tables are writable")
        if try_schema(session, schema):
            return Found(f"{where}: writable (tried)")
        return Found(f"{where}: the first run makes it (tried)")

    lines.tried(f"{kind} schema", written)


def keeper_lines(lines: Lines, session: Session) -> None:
    """Adds lines for the schemas that hold state and history.

    Args:
        lines: gets them.
        session: where the engine keeps them.
    """
    schemas = session.config.schemas
    schema_line(lines, "planner", session, schemas.planner)
    schema_line(lines, "audit", session, schemas.audit)


def model_lines(
    lines: Lines, sync: SyncConfig, session: Session
) -> tuple[SyncConfig, Relation | None]:
    """Adds lines for the model of a sync and its partitions.

    Args:
        lines: gets them.
        sync: the sync.
        session: on the source.

    Returns:
        The sync with what its values compute, and its model; None where it cannot be read.
    """
    found: list[tuple[SyncConfig, Relation]] = []

    def described() -> str:
        found.append(describe_sent(session, sync))
        relation = found[0][1]
        values = f", {len(sync.values)} of them values of the sync" if sync.values else ""
        return f"{len(relation.columns)} columns{values}, key ({', '.join(relation.key)})"

    def partitioned(kind: PartitionKind) -> str:
        fit_partitions(session, *found[0])
        turns = "they run at once" if sync.partitions_run_at_once else "they take turns"
        return f"{kind.summary}; {turns}"

    lines.tried(f"model {sync.model_name}", described)
    kind = sync.partitions
    if found and kind is not None:
        lines.tried("partitions", lambda: partitioned(kind))
    return found[0] if found else (sync, None)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
