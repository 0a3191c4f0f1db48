"""Every audit of a project: those of its sources, and the platform's."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from ..config import PLATFORM
from ..connect import READ_ONLY, Endpoint, Session, platform_endpoint
from ..project import Project
from ..sql import statement

Read = TypeVar("Read")


def from_audits(project: Project, read: Callable[[Session], Read]) -> dict[str, Read]:
    """Asks the audit of every source, and the platform's; those without one are left out.

    Args:
        project: whose sources are asked.
        read: is called with a session on each; its answer.

    Returns:
        Answers by name of the connection.
    """
    sources = sorted({sync.source for sync in project.syncs.values()} - {PLATFORM})
    endpoints = [Endpoint(name, project.connections[name]) for name in sources]
    platform = platform_endpoint(project.connections)
    answers = {}
    for endpoint in (*endpoints, *([platform] if platform else [])):
        with endpoint.session("pgsync/show") as session:
            if _has_audit(session):
                answers[endpoint.name] = read(session)
    return answers


def _has_audit(session: Session) -> bool:
    query = statement(__package__ or "", "has_audit.sql")
    with session.transaction("looking for the audit", READ_ONLY) as connection:
        row = connection.execute(query, {"audit": session.config.schemas.audit}).fetchone()
    return bool(row and row[0])
