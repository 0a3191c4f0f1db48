"""A run that cannot begin: the first try leaves no trace, a later one shows in sync_runs."""

from __future__ import annotations

import pytest

from pgsync_assets.errors import DestinationError, ModelError, PrivilegeError

from ..fix_syncs import Syncs

FAILED = "select status, error, num_planned_add from hightouch_audit.sync_runs order by sync_run_id"
OUR_TABLES = (
    "select count(*) from pg_tables where schemaname ~ '^(hightouch_|pgsync_)'"  # of both schemas
)


def test_the_first_try_creates_nothing(syncs: Syncs) -> None:
    syncs.table("id bigint, name text")  # no unique index
    with pytest.raises(DestinationError, match="no unique index"):
        syncs.run()
    assert syncs.pair.source.rows(OUR_TABLES) == [(0,)]
    assert syncs.pair.destination.rows(OUR_TABLES) == [(0,)]


def test_a_missing_schema_of_ours_leaves_the_others_untouched(syncs: Syncs) -> None:
    syncs.table("id bigint primary key")
    syncs.pair.destination.execute("drop schema pgsync_ledger")
    with pytest.raises(PrivilegeError, match="CREATE SCHEMA"):
        syncs.run()
    assert syncs.pair.source.rows(OUR_TABLES) == [(0,)]


def test_a_sync_that_ran_before_records_why_it_could_not(syncs: Syncs) -> None:
    syncs.table("id bigint primary key")
    syncs.run()
    syncs.pair.source.execute("drop table items")
    with pytest.raises(ModelError, match="public.items"):
        syncs.run()
    assert [row[0] for row in syncs.pair.source.rows(FAILED)] == ["succeeded", "failed"]
    assert "does not exist" in syncs.pair.source.rows(FAILED)[1][1]
