"""What can be wrong with Dagster around the syncs: its home, storage, launcher, daemon, code."""

from __future__ import annotations

import os
import shutil
import traceback
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import dagster as dg
import sqlalchemy as sa
from dagster._daemon.controller import get_daemon_statuses
from dagster_postgres.run_storage import PostgresRunStorage

from ..errors import ConfigurationError, PgsyncError
from ..steps.lines import Found, Lines
from .dagster_storage import run_storage_of
from .defs_folder import load_folder

HOME = "DAGSTER_HOME"
ENOUGH_BYTES = 1 << 30
OF_AN_INSTANCE = ("storage", "schema of the storage", "runs that die", "pools", "daemon")
TAKE_OURS = "take the project's dagster.yaml, or its lines of it"


def look_at_dagster(lines: Lines, folder: Path, is_right: bool) -> None:
    """Whether Dagster can load the folder, its home and storage, and who is at work there.

    Args:
        lines: gets one for each question.
        folder: of the definitions.
        is_right: whether its YAML is.
    """
    if is_right:
        lines.tried("definitions in Dagster", lambda: _definitions(folder))
    else:
        lines.skipped("definitions in Dagster", "the configuration has errors")
    if not os.environ.get(HOME):
        why = f"{HOME} is not set"
        lines.tried("Dagster's home", lambda: _no_home(why))
        lines.skipped(OF_AN_INSTANCE, why)
        return
    if not lines.tried("Dagster's home", _home):
        lines.skipped(OF_AN_INSTANCE, "there is no home")
        return
    _look_at_instance(lines)


def _look_at_instance(lines: Lines) -> None:
    with ExitStack() as stack:
        opened: list[dg.DagsterInstance] = []

        def storage() -> Found | str:
            opened.append(stack.enter_context(_instance()))
            return _asked(_storage, opened[0])

        if not lines.tried("storage", storage):
            lines.skipped(OF_AN_INSTANCE[1:], "there is no storage")
            return
        looks = (_schema, _launcher, _pools, _daemon)
        for name, look in zip(OF_AN_INSTANCE[1:], looks, strict=True):
            lines.tried(name, partial(_asked, look, opened[0]))


def _instance() -> dg.DagsterInstance:
    try:
        return dg.DagsterInstance.get()
    except Exception as error:  # of Dagster, SQLAlchemy, a module that is missing
        raise _unusable(error) from None


def _asked(
    look: Callable[[dg.DagsterInstance], Found | str], instance: dg.DagsterInstance
) -> Found | str:
    try:
        return look(instance)
    except sa.exc.SQLAlchemyError as error:
        raise _unusable(error) from None


def _unusable(error: Exception) -> ConfigurationError:
    """In words, without what may hold a password: an address."""
    first = str(_root(error)).strip().partition("\n")[0]
    return ConfigurationError(
        f"Dagster's storage cannot be used: {type(error).__name__}: {first}",
        "DAGSTER_PG_HOST, _PORT, _USERNAME, _PASSWORD and _DB, as dagster.yaml names them",
    )


def _root(error: BaseException) -> BaseException:
    """What an error of Dagster was made of, as Python would print it first."""
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return _root(before) if before else error


def _definitions(folder: Path) -> str:
    try:
        definitions = load_folder(folder)
        dg.Definitions.validate_loadable(definitions)
    except PgsyncError:
        raise
    except Exception as error:  # of anybody's Python: where it is, as its text may hold anything
        root = _root(error)
        last = traceback.extract_tb(root.__traceback__)[-1]
        raise ConfigurationError(
            f"{type(root).__name__} in {last.filename}:{last.lineno}", "dg check defs tells it all"
        ) from None
    assets = len(definitions.resolve_all_asset_keys())
    schedules, sensors = list(definitions.schedules or ()), list(definitions.sensors or ())
    return f"assets: {assets}, schedules: {len(schedules)}, sensors: {len(sensors)}"


def _no_home(why: str) -> Found:
    return Found(
        f"{why}: the command line needs none, and `pgsync-assets up` brings its own",
        "warning",
        f"under your own supervisor: {HOME}=/folder, with a dagster.yaml in it",
    )


def _home() -> Found | str:
    home = Path(os.environ[HOME])
    settings = home / "dagster.yaml"
    if not home.is_dir():
        raise ConfigurationError(f"{HOME}: there is no folder {home}", f"mkdir -p {home}")
    if not settings.is_file():
        raise ConfigurationError(
            f"{settings} is not there: Dagster keeps everything in SQLite then", TAKE_OURS
        )
    free = shutil.disk_usage(home).free
    if free < ENOUGH_BYTES:
        return Found(
            f"{home}: {free >> 20} MiB are free, and outputs of runs are written there",
            "warning",
            "make room, or send compute_logs elsewhere",
        )
    return f"{home}, {free >> 30} GiB are free"


def _storage(instance: dg.DagsterInstance) -> Found | str:
    storage = run_storage_of(instance)
    runs = instance.get_runs_count()
    if not isinstance(storage, PostgresRunStorage):
        return Found(
            f"{type(storage).__name__}: for one process at a time, on one machine",
            "warning",
            f"PostgreSQL, as everything else here: {TAKE_OURS}",
        )
    return f"PostgreSQL, {runs} runs"


def _schema(instance: dg.DagsterInstance) -> Found | str:
    there, newest = instance.run_storage.alembic_version() or (None, None)
    if there != newest:
        raise ConfigurationError(
            f"Dagster's storage has version {there}, this Dagster knows {newest}",
            "a backup first; then: dagster instance migrate",
        )
    return f"version {there}"


def _launcher(instance: dg.DagsterInstance) -> Found | str:
    name = type(instance.run_launcher).__name__
    missing = [
        words
        for words, is_there in (
            ("run_launcher: a run whose server died stays STARTED", name != "DefaultRunLauncher"),
            ("run_monitoring: nobody looks after runs", instance.run_monitoring_enabled),
            ("run_retries: a run that died is not done again", instance.run_retries_enabled),
        )
        if not is_there
    ]
    if missing:
        return Found("; ".join(missing), "warning", TAKE_OURS)
    return f"{name}, runs that die are noticed and done again"


def _pools(instance: dg.DagsterInstance) -> Found | str:
    settings = instance.get_concurrency_config()
    limit = settings.pool_config.default_pool_limit
    if limit is None:
        return Found(
            "concurrency: pools: without a default_limit, only destinations with max_runs are "
            "spared",
            "warning",
            TAKE_OURS,
        )
    queue = settings.run_queue_config
    at_once = queue.max_concurrent_runs if queue else "any number of"
    return f"{limit} runs to a destination, {at_once} runs in all"


def _daemon(instance: dg.DagsterInstance) -> Found | str:
    statuses = get_daemon_statuses(instance, instance.get_required_daemon_types())
    silent = sorted(kind for kind, status in statuses.items() if not status.healthy)
    if silent:
        return Found(
            f"no sign of life of {', '.join(silent).lower()}: nothing ticks, no run is launched",
            "warning",
            "start dagster-daemon run, or pgsync-assets up",
        )
    return f"alive: {len(statuses)} parts of it"
