"""A pass goes through all databases of a project; one that is down costs its own part."""

from __future__ import annotations

import datetime as dt

from pgsync_assets.config import RetentionConfig
from pgsync_assets.connect import Endpoint
from pgsync_assets.errors import ConfigurationError, ConnectionLost
from pgsync_assets.steps.retention import Retention

from ..fix_syncs import Syncs
from .test_retention import KEPT, age, filled, logged, passes, twice

__all__ = ["filled"]


def test_a_database_that_is_down_costs_its_own_part(filled: Syncs) -> None:
    source, destination = filled.endpoints
    twice(filled)
    age(filled.pair.source, 50)
    down = Endpoint("down", source.config.model_copy(update={"port": 1}), {"TEST_PASSWORD": "-"})
    again = Endpoint("again", source.config, {"TEST_PASSWORD": filled.pair.source.password})
    default = RetentionConfig.model_validate(KEPT)
    found = list(
        Retention([filled.config()], default, print).over([down, again, source, destination])
    )
    assert [one.connection for one in found] == ["shop", "down"]
    assert found[0].pruned is not None
    log = [t for t in found[0].pruned.tables if t.name == "hightouch_audit.sync_changelog"]
    assert [(one.deleted, one.left) for one in log] == [(3, 5)]
    assert isinstance(found[1].error, ConnectionLost)


def test_an_audit_without_its_planner_is_left_alone(filled: Syncs) -> None:
    twice(filled)
    age(filled.pair.source, 50)
    filled.source = {"schemas": {"planner": "elsewhere"}}
    (only,) = passes(filled)
    assert isinstance(only.error, ConfigurationError)
    assert "no planner elsewhere" in only.error.message
    assert len(logged(filled.pair.source)) == 8


def test_engine_standard_is_pruned_at_the_platform(standard: Syncs) -> None:
    standard.table("id int primary key, name text")
    standard.pair.source.execute("insert into items values (1, 'a'), (2, 'b')")
    twice(standard)
    assert standard.platform is not None
    age(standard.platform, 50)
    (only,) = passes(standard)
    assert only.connection == "platform" and only.pruned is not None
    tables = {one.name: one for one in only.pruned.tables}
    changelog = tables["hightouch_audit.sync_changelog"]
    assert (changelog.deleted, changelog.left) == (2, 2)
    assert changelog.bytes > changelog.reusable > 0
    oldest = tables["hightouch_audit.sync_runs"].oldest
    assert oldest is not None and oldest.date() < dt.datetime.now(dt.timezone.utc).date()


def test_the_log_of_a_destination_is_kept_as_long_as_runs(filled: Syncs) -> None:
    destination = filled.pair.destination
    destination.execute(f"create schema pgsync_log authorization {destination.user}")
    filled.destination = {"schemas": {"log": "pgsync_log"}}
    twice(filled)
    older = "- interval '301 days'"
    destination.execute(
        f"update pgsync_log.log set time_stamp = time_stamp {older}",
        f"update pgsync_log.runs set started_at = started_at {older}",
    )
    assert [one.log_deleted for one in passes(filled, runs=-1)] == [0]
    shop, crm = passes(filled)
    assert (shop.connection, crm.connection, shop.log_deleted) == ("shop", "crm", 0)
    assert crm.error is None and crm.log_deleted > 1
    assert destination.rows("select run from pgsync_log.runs") == [(2,)]
