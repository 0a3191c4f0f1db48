"""docs/availability.md: a storage of several hosts is one that Dagster and the workers can use."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import sqlalchemy as sa
import yaml
from dagster._core.scheduler.scheduler import DEFAULT_MAX_CATCHUP_RUNS
from dagster._daemon.controller import DEFAULT_HEARTBEAT_INTERVAL_SECONDS
from dagster_postgres.utils import pg_url_from_config

from pgsync_assets.assets.workers.broker import hosts_of
from pgsync_assets.cli import app

TOP = Path(__file__).parents[2]
PAGE = (TOP / "docs" / "availability.md").read_text(encoding="utf-8")


def test_the_address_has_both_hosts_and_finds_the_one_that_takes_writes() -> None:
    (block,) = re.findall(r"```yaml\n(storage:.*?)```", PAGE, re.DOTALL)
    settings = yaml.safe_load(block)["storage"]["postgres"]
    ((variable, address),) = re.findall(r"^export (\w+)='(.*)'$", PAGE, re.MULTILINE)
    assert settings == {"postgres_url": {"env": variable}}
    url = sa.make_url(pg_url_from_config({"postgres_url": address}))
    assert hosts_of(url) == "db1:5432, db2:5432"
    _, libpq = url.get_dialect()().create_connect_args(url)
    assert (libpq["host"], libpq["port"]) == ("db1,db2", "5432,5432")
    assert (libpq["target_session_attrs"], libpq["sslmode"]) == ("read-write", "verify-full")


def test_a_storage_of_one_host() -> None:
    assert hosts_of(sa.make_url("postgresql+psycopg2://u:p@h:6543/d")) == "h:6543"
    assert hosts_of(sa.make_url("postgresql+psycopg2://u:p@h/d")) == "h:5432"


@pytest.mark.parametrize("command", re.findall(r"`pgsync-assets (\w+)", PAGE))
def test_each_command_is_one(command: str) -> None:
    assert command in app.commands


def test_what_is_said_of_daemons_is_dagsters_rule() -> None:
    assert (DEFAULT_MAX_CATCHUP_RUNS, DEFAULT_HEARTBEAT_INTERVAL_SECONDS) == (5, 30)
    assert "five of a schedule at the most" in PAGE
    assert "every half minute" in PAGE
