"""`pgsync-assets show RUN --html FILE`: a run as a page of its own, to be kept or sent."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from .. import sync as syncs
from ..connect import Session, is_migrated
from ..errors import ConfigurationError
from ..outcome import Change
from ..project import Project
from ..record import RunPage, run_page, seen
from .audits import from_audits
from .export import write
from .plans import located
from .report_page import Shown, report
from .terminal import Terminal, short_path

ENDINGS = (".html", ".htm")


def write_report(
    terminal: Terminal, project: Project, run: int, sync: str | None, limit: int, file: Path
) -> None:
    """Writes the page of a run, whatever its status.

    Args:
        terminal: says where it is.
        project: whose syncs are asked for.
        run: its number.
        sync: whose run it is, where several databases number theirs.
        limit: changes at the most.
        file: that it goes into; one that is there is replaced.

    Raises:
        ConfigurationError: there is no such run, or there are several; or the file cannot be.
    """
    if file.suffix not in ENDINGS or not file.parent.is_dir():
        raise ConfigurationError(
            f"--html {file}: its name has to end in .html, in a folder that is there"
        )
    page = _the_run(project, run, sync, limit)
    config = project.syncs.get(page.sync)
    changes = _held_changes(project, page, limit) if page.status == "held" else None
    shown = Shown(page, config, changes, dt.datetime.now(dt.timezone.utc))
    write(file, [report(shown)])
    terminal.document({"run": run, "sync": page.sync, "status": page.status, "file": str(file)})
    terminal.say(f"{page.sync}, run {run}: {short_path(file)}")


def _the_run(project: Project, run: int, sync: str | None, limit: int) -> RunPage:
    def read(session: Session) -> RunPage | None:
        if not is_migrated(session, session.config.schemas.planner):
            return None
        return run_page(session, run, project.syncs, limit)

    found = [one for one in from_audits(project, read).values() if one is not None]
    found = [one for one in found if sync in (None, one.sync)]
    if not found:
        whose = f"sync {sync!r} has no run" if sync else "no run has"
        raise ConfigurationError(f"{whose} {run}", "`pgsync-assets show` lists them")
    if len({one.sync for one in found}) > 1:
        names = ", ".join(sorted({one.sync for one in found}))
        raise ConfigurationError(
            f"several databases have a run {run}: of {names}", "name the sync with --sync"
        )
    return found[0]


def _held_changes(project: Project, page: RunPage, limit: int) -> list[Change]:
    """What a held plan would write; values where the sync's policy lets them be seen."""
    for one in located(project, page.run_id, page.sync):
        with syncs.show_plan(
            one.sync, one.ends.source, one.ends.destination, one.number, platform=one.ends.platform
        ) as shown:
            return [
                Change(
                    change.row_id,
                    change.operation,
                    seen(one.sync, change.before),
                    seen(one.sync, change.after),
                )
                for change in shown.changes(limit)
            ]
    return []
