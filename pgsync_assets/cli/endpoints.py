"""Connections, and the two ends of a sync, as the configuration names them."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from ..config import PLATFORM, ConnectionConfig, ModelConfig, SyncConfig
from ..connect import (
    Endpoint,
    Session,
    no_platform,
    nowhere_to_load,
    platform_config,
    platform_endpoint,
)
from ..errors import PgsyncError
from ..frames import model_with_rows, with_newest, with_rows, with_some
from ..project import Project
from ..steps.ends import Ends


def ends_of(project: Project, sync: SyncConfig) -> Ends:
    """The databases of a sync; nothing is opened yet.

    Raises:
        ConfigurationError: its rows are on the platform, and nothing says where that is.
    """
    platform = platform_endpoint(project.connections)
    destination = Endpoint(sync.destination, project.connections[sync.destination])
    source = _source_of(project, sync, platform)
    return Ends(source, destination, platform, project.syncs.keys())


def _source_of(project: Project, sync: SyncConfig, platform: Endpoint | None) -> Endpoint:
    if sync.source != PLATFORM:
        return Endpoint(sync.source, project.connections[sync.source])
    if platform is None:
        raise no_platform(sync.name)
    return platform


def fresh(project: Project, sync: SyncConfig) -> tuple[SyncConfig, Ends]:
    """A sync to be run, and its databases; rows of a function or a file are loaded anew.

    Raises:
        PgsyncError: they cannot be.
    """
    ends = ends_of(project, sync)
    return with_rows(sync, ends.platform, by=somebody()), ends


def as_loaded(project: Project, sync: SyncConfig) -> tuple[SyncConfig, Ends]:
    """A sync, and its databases; rows of a frame are those that were loaded last.

    Raises:
        ModelError: nothing was loaded yet.
    """
    ends = ends_of(project, sync)
    return with_newest(sync, ends.platform), ends


def to_look_at(project: Project, sync: SyncConfig) -> tuple[SyncConfig, Ends, PgsyncError | None]:
    """A sync that need not be right yet, and its databases.

    Rows of a frame are those that were loaded last; those of a function or a file are loaded where
    there are none.

    Returns:
        The sync, its databases, and why it has no rows, where it has none.
    """
    ends = ends_of(project, sync)
    try:
        return with_some(sync, ends.platform, by=somebody()), ends, None
    except PgsyncError as error:
        return sync, ends, error


def somebody(by: str | None = None) -> str:
    """Who acts: as told, or by login name."""
    if by:
        return by
    with suppress(OSError, KeyError, ImportError):  # a user without a name, as in a container
        return getpass.getuser()
    return "somebody"


def connection_or_platform(project: Project, name: str) -> ConnectionConfig:
    """A connection by its name; `platform` may also come from the environment.

    Args:
        project: with the connections.
        name: of one.

    Raises:
        ConfigurationError: there is none of this name.
    """
    by_environment = platform_config() if name == PLATFORM else None
    return project.connections.get(name) or by_environment or project.connection(name)


@contextmanager
def model_session(project: Project, name: str, doing: str) -> Iterator[tuple[Session, ModelConfig]]:
    """A session where the rows of a model are, and the model as it is read there.

    Rows of a function or a file are loaded anew, as for a run.

    Args:
        project: that has it.
        name: of the model, or of a sync, whose model is meant then.
        doing: what pg_stat_activity shows, as in `preview`.

    Raises:
        ConfigurationError: there is none of this name; or nothing says where the platform is.
        ModelError: its rows were never loaded, or cannot be.
        PgsyncError: the connection cannot be opened.
    """
    is_of_sync = name in project.syncs and name not in project.all_models
    source, model = project.model(project.syncs[name].model_name if is_of_sync else name)
    model = model.model_copy(update={"name": model.name or name})
    if model.is_frame and platform_endpoint(project.connections) is None:
        raise nowhere_to_load()
    endpoint = Endpoint(source, connection_or_platform(project, source))
    found = model_with_rows(model, endpoint, by=somebody())
    with endpoint.session(f"pgsync/{doing}") as session:
        yield session, found
