"""`pgsync-assets history`: where is my row, and how did it get there?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click

from ..config import SyncConfig
from ..connect import Session, is_migrated
from ..errors import ConfigurationError, PgsyncError
from ..project import read_project
from ..record import RowHistory, Version, row_history
from ..record.asked_key import texts_of
from ..steps.ends import Ends
from ..steps.row_now import RowNow, row_now
from .app import app, common_options
from .endpoints import as_loaded, ends_of
from .history_shown import show_history, show_now
from .key_option import key_option
from .terminal import Terminal

LONG_AGO = dt.datetime.min.replace(tzinfo=dt.timezone.utc)


@dataclass(frozen=True)
class Found:
    """What is known of a row of a sync.

    Args:
        sync: name of the sync.
        level: how much of its rows is logged.
        histories: what each database knows; the one that has the sync's state first.
        notes: what could not be asked, in sentences.
        now: the row at both ends, where that was asked for.
    """

    sync: str
    level: str
    histories: tuple[RowHistory, ...]
    notes: tuple[str, ...]
    now: RowNow | None = None

    @property
    def versions(self) -> tuple[tuple[str, Version], ...]:
        """Those of all databases, oldest first, each with the name of its database."""
        every = [(one.connection, version) for one in self.histories for version in one.versions]
        return tuple(sorted(every, key=lambda pair: pair[1].at or LONG_AGO))


@app.command()
@click.argument("sync")
@key_option
@click.option(
    "--limit",
    type=click.IntRange(1, 100_000),
    default=20,
    show_default=True,
    help="Versions to list, at the most: the newest ones.",
)
@click.option("--now", is_flag=True, help="Also read the row from the model and the destination.")
@common_options
def history(
    sync: str, keys: tuple[str, ...], limit: int, now: bool, defs: Path, as_json: bool
) -> None:
    """Show what became of one row of SYNC: each version that was sent, and how it stands now.

    Values are shown where the audit has them (`audit: full`); else what was done, and when.
    """
    terminal = Terminal(as_json)
    project = read_project(defs)
    config = project.sync(sync)
    ends = ends_of(project, config)
    found = _found(config, ends, keys, limit)
    if now:
        loaded, _ = as_loaded(project, config)
        if any(one.by_public_name for one in found.histories):
            raise ConfigurationError(
                "--now reads the row by its key: a hash of the key finds none",
                "give the key itself, or leave --now out",
            )
        key = found.histories[0].key if found.histories else _key(config, keys)
        found = replace(found, now=row_now(loaded, ends, key))
    terminal.document(found)
    show_history(terminal, config, found.histories, found.versions, found.notes)
    if found.now is not None:
        show_now(terminal, found.now)


def _key(config: SyncConfig, keys: tuple[str, ...]) -> dict[str, str | None]:
    """The key of a sync that has not run: nobody knows its types yet."""
    return dict(zip(config.model.key, texts_of(config.model.key, keys), strict=True))


def _found(config: SyncConfig, ends: Ends, keys: tuple[str, ...], limit: int) -> Found:
    """Asks the database that has the sync's state, and the one of the other engine."""
    home, elsewhere = ends.planner_of(config)
    histories: list[RowHistory] = []
    notes = []
    with home.session("pgsync/history") as session:
        histories += _known(session, config, keys, limit)
    if elsewhere is not None:
        try:
            with elsewhere.session("pgsync/history") as session:
                histories += _others(_known(session, config, keys, limit), histories)
        except PgsyncError as error:
            notes.append(f"{elsewhere.name} could not be asked for earlier runs: {error.message}")
    return Found(config.name, config.audit.level, tuple(histories), tuple(notes))


def _known(
    session: Session, config: SyncConfig, keys: tuple[str, ...], limit: int
) -> Iterator[RowHistory]:
    schemas = session.config.schemas
    if is_migrated(session, schemas.planner) and is_migrated(session, schemas.audit):
        yield row_history(session, config, keys, limit)


def _others(found: Iterable[RowHistory], histories: Sequence[RowHistory]) -> Iterator[RowHistory]:
    """What is known there and not here: two connections may lead to one database."""
    for one in found:
        if one.is_known and replace(one, connection="") not in (
            replace(known, connection="") for known in histories
        ):
            yield one
