"""Dagster's own tables: only what its instance has no method for.

Everything else is asked of `DagsterInstance` (`history.py`). Private names of Dagster are those
imported here: its tables, as the installed version describes them. A storage whose schema is
another one is refused before anything is deleted.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import TypeAlias

import dagster as dg
import sqlalchemy as sa
from dagster._core.execution.backfill import BulkActionStatus
from dagster._core.storage.event_log import SqlEventLogStorage
from dagster._core.storage.event_log.schema import (
    AssetCheckExecutionsTable,
    AssetEventTagsTable,
    SqlEventLogStorageMetadata,
    SqlEventLogStorageTable,
)
from dagster._core.storage.legacy_storage import LegacyEventLogStorage
from dagster._core.storage.runs.schema import RunStorageSqlMetadata

from ..errors import ConfigurationError

ROWS_AT_ONCE = 1_000
_events = SqlEventLogStorageTable
_checks = AssetCheckExecutionsTable

Which: TypeAlias = sa.ColumnElement[bool]

PROGRESS: Which = sa.and_(
    _events.c.dagster_event_type == dg.DagsterEventType.ASSET_OBSERVATION.value,
    _events.c.event.contains('"pgsync/rows_done"', autoescape=True),
)
"""Observations that told how far a run of a sync was: one every two seconds."""

OF_NO_RUN: Which = _events.c.run_id == ""
"""What sensors and others reported: that a source table was written, say."""


class HistoryTables:
    """The tables of an instance's event log.

    Args:
        instance: whose storage is an SQL database, as SQLite and PostgreSQL are.

    Raises:
        ConfigurationError: it is not, or its schema is another than the installed Dagster's.
    """

    def __init__(self, instance: dg.DagsterInstance) -> None:
        storage = instance.event_log_storage
        if isinstance(storage, LegacyEventLogStorage):  # what `storage:` of dagster.yaml makes
            storage = storage._storage.event_log_storage
        if not isinstance(storage, SqlEventLogStorage):
            raise ConfigurationError(
                f"Dagster's event log is a {type(storage).__name__}, whose tables are not known"
            )
        found, known = storage.alembic_version() or (None, None)
        if found != known:
            raise ConfigurationError(
                f"Dagster's storage has the schema {found}, and the installed Dagster {known}: "
                "nothing was deleted",
                "dagster instance migrate",
            )
        self._storage = storage

    @property
    def is_one_database(self) -> bool:
        """Whether all events are in one table; with SQLite each run has a file of its own."""
        return not self._storage.is_run_sharded

    def runs_of_last_checks(self) -> set[str]:
        """The runs that evaluated each check last, in each partition: the UI shows their result."""
        newest = sa.select(sa.func.max(_checks.c.id)).group_by(
            _checks.c.asset_key, _checks.c.check_name, _checks.c.partition
        )
        query = sa.select(_checks.c.run_id).where(_checks.c.id.in_(newest)).distinct()
        with self._storage.index_connection() as connection:
            return {run_id for (run_id,) in connection.execute(query) if run_id}

    def forget_checks(self, run_ids: Collection[str]) -> None:
        """Deletes the evaluations of runs; Dagster keeps them when it deletes a run."""
        with self._storage.index_transaction() as connection:
            connection.execute(sa.delete(_checks).where(_checks.c.run_id.in_(run_ids)))

    def obsolete(self, which: Which, before: dt.datetime) -> int:
        """How many events of a kind may go.

        Args:
            which: `PROGRESS` or `OF_NO_RUN`.
            before: with a time zone.
        """
        listed = _obsolete(which, before).subquery()
        with self._storage.index_connection() as connection:
            return _number(connection, sa.select(sa.func.count()).select_from(listed))

    def forget(self, which: Which, before: dt.datetime) -> int:
        """Deletes events of a kind, up to 1,000; the newest of each asset and partition stays.

        Args:
            which: `PROGRESS` or `OF_NO_RUN`.
            before: with a time zone.

        Returns:
            How many; less than 1,000 where nothing is left to delete.
        """
        query = _obsolete(which, before).order_by(_events.c.id).limit(ROWS_AT_ONCE)
        tags = AssetEventTagsTable
        with self._storage.index_transaction() as connection:
            ids: Sequence[int] = connection.execute(query).scalars().all()
            connection.execute(sa.delete(tags).where(tags.c.event_id.in_(ids)))
            connection.execute(sa.delete(_events).where(_events.c.id.in_(ids)))
        return len(ids)

    def count(self) -> int:
        """Rows of the event log."""
        with self._storage.index_connection() as connection:
            return _number(connection, sa.select(sa.func.count()).select_from(_events))

    def bytes(self) -> int | None:
        """What Dagster's tables take on disk, with indexes; None where it is not PostgreSQL."""
        names = sorted({*SqlEventLogStorageMetadata.tables, *RunStorageSqlMetadata.tables})
        listed = sa.func.unnest(sa.cast(names, sa.ARRAY(sa.Text))).column_valued("name")
        size = sa.func.sum(sa.func.pg_total_relation_size(sa.func.to_regclass(listed)))
        with self._storage.index_connection() as connection:
            is_postgres = connection.dialect.name == "postgresql"
            return _number(connection, sa.select(size)) if is_postgres else None


def _number(connection: sa.Connection, query: sa.Select[tuple[int]]) -> int:
    return int(connection.execute(query).scalar_one())


def _obsolete(which: Which, before: dt.datetime) -> sa.Select[tuple[int]]:
    newer = _events.alias("newer")
    has_newer = sa.exists().where(
        newer.c.asset_key == _events.c.asset_key,
        newer.c.dagster_event_type == _events.c.dagster_event_type,
        newer.c.partition.is_not_distinct_from(_events.c.partition),
        newer.c.id > _events.c.id,
    )
    at = before.astimezone(dt.timezone.utc).replace(tzinfo=None)  # as Dagster stores it
    return sa.select(_events.c.id).where(which, _events.c.timestamp < at, has_newer)


def open_backfills(instance: dg.DagsterInstance) -> set[str]:
    """Backfills under way: they count their runs, so that none of those may go."""
    open_ = (BulkActionStatus.REQUESTED, BulkActionStatus.CANCELING, BulkActionStatus.FAILING)
    return {one.backfill_id for status in open_ for one in instance.get_backfills(status=status)}
