"""The servers of one state folder: what they hold, and who stops them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from pgsync_assets.embedded import Servers


@pytest.fixture
def folder(state_folder: Path) -> Iterator[Path]:
    folder = state_folder / "servers_tests"
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def test_dagsters_storage_is_reached_with_the_variables_alone(folder: Path) -> None:
    with Servers(folder, demo=False, environment={}) as servers:
        variables = servers.environment()
        with psycopg.connect(
            host=variables["DAGSTER_PG_HOST"],
            port=int(variables["DAGSTER_PG_PORT"]),
            user=variables["DAGSTER_PG_USERNAME"],
            password=variables["DAGSTER_PG_PASSWORD"],
            dbname=variables["DAGSTER_PG_DB"],
        ) as connection:
            connection.execute("create table public.runs ()")
        assert not any(name.startswith("PGSYNC_DEMO") for name in variables)


def test_a_second_start_goes_on_from_what_is_there(folder: Path) -> None:
    with Servers(folder, environment={}) as servers:
        before = servers.environment()
        with servers.demo.connect("demo_source") as connection:
            connection.execute("create table public.kept as select 1 as one")
    assert not servers.platform.running
    assert not servers.demo.running
    with Servers(folder, environment={}) as servers:
        assert servers.environment() == before
        with servers.demo.connect("demo_source") as connection:
            assert connection.execute("table public.kept").fetchone() == (1,)


def test_a_server_that_ran_before_is_left_running(folder: Path) -> None:
    with Servers(folder, environment={}) as first:
        with Servers(folder, environment={}) as second:
            assert second.environment() == first.environment()
        assert first.platform.running
        assert first.demo.running


def test_a_storage_of_the_users_own_is_respected(folder: Path) -> None:
    with Servers(folder, demo=False, environment={"DAGSTER_PG_HOST": "db.example"}) as servers:
        assert not servers.platform.directory.exists()
        assert servers.environment() == {}


def test_servers_are_stopped_when_the_block_fails(folder: Path) -> None:
    with pytest.raises(ZeroDivisionError), Servers(folder, environment={}) as servers:
        raise ZeroDivisionError
    assert not servers.platform.running
    assert not servers.demo.running


def test_the_platforms_roles_can_do_nothing_but_own_their_database(folder: Path) -> None:
    query = """
        select rolname from pg_catalog.pg_roles
        where rolcanlogin and not (rolsuper or rolcreatedb or rolcreaterole or rolreplication)
        order by rolname
    """
    with (
        Servers(folder, demo=False, environment={}) as servers,
        servers.platform.connect("postgres") as connection,
    ):
        assert connection.execute(query).fetchall() == [("dagster",), ("pgsync_platform",)]
