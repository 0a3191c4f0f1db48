"""How old a table may become: what is written, and what Dagster gets of it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import dagster as dg
import pytest
from pydantic import ValidationError

from pgsync_assets import PgSyncTranslator, SyncConfig, SyncTranslatorData

SYNC = {
    "name": "orders",
    "source": "shop",
    "model": {"table": "public.orders", "key": ["id"]},
    "destination": "crm",
    "table": "app.orders",
}


def policy(kind: str, **fields: Any) -> dg.FreshnessPolicy | None:
    sync = SyncConfig.model_validate({**SYNC, **fields})
    data = SyncTranslatorData(kind, sync, "crm", model=sync.model)  # type: ignore[arg-type]
    return PgSyncTranslator().get_asset_spec(data).freshness_policy


def test_the_table_has_the_policy_and_nothing_else_of_the_sync() -> None:
    written = {"within": "2 hours", "warn_within": "90 minutes"}
    window = dg.FreshnessPolicy.time_window(dt.timedelta(hours=2), dt.timedelta(minutes=90))
    assert policy("destination", freshness=written) == window
    assert policy("planner", freshness=written) is None
    assert policy("audit", freshness=written) is None


def test_a_schedule_alone_promises_nothing() -> None:
    assert policy("destination", schedule={"every": "1 hour"}) is None


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ({"within": "30 seconds"}, "less than a minute"),
        ({"within": "2 hours", "warn_within": "30 seconds"}, "less than a minute"),
        ({"within": "2 hours", "warn_within": "2 hours"}, "before `within` has passed"),
        ({"within": "2h"}, "write it as in `15 minutes`"),
        ({}, "Field required"),
    ],
)
def test_what_cannot_be_watched_is_refused(written: dict[str, str], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        SyncConfig.model_validate({**SYNC, "freshness": written})
