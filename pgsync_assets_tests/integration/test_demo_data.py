"""The demo's data is all there, its roles can do what a sync needs and nothing else."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import psycopg
import pytest

from pgsync_assets.demo import apply_edits, load
from pgsync_assets.demo.data import AnyConnection
from pgsync_assets.embedded import Servers
from pgsync_assets.embedded.binaries import locate
from pgsync_assets.embedded.servers import DESTINATION_ROLE, SOURCE_ROLE

ROWS = {"airlines": 16, "airports": 1458, "planes": 3322, "weather": 26115, "flights": 336776}


@pytest.fixture(scope="module")
def servers(state_folder: Path) -> Iterator[Servers]:
    """The demo's cluster with its data; Dagster's storage is not needed here."""
    chosen = Servers(state_folder / "demo", environment={"DAGSTER_PG_HOST": "not used"})
    with chosen as servers:
        assert load(servers).rows == ROWS
        yield servers


def role(servers: Servers, database: str, name: str) -> AnyConnection:
    return servers.demo.connect(database, name, servers.password(name))


def test_a_second_load_finds_everything_done(servers: Servers) -> None:
    assert load(servers).rows == {}


def test_na_became_null(servers: Servers) -> None:
    with role(servers, "demo_source", SOURCE_ROLE) as connection:
        nulls = connection.execute(
            """
            select (select count(*) from nyc.planes where year is null),
                   (select count(*) from nyc.airports where tzone is null),
                   (select count(*) from nyc.weather where wind_gust is null)
            """
        ).fetchone()
    assert nulls == (70, 3, 20778)


def test_the_time_of_a_flight_is_an_instant(servers: Servers) -> None:
    with role(servers, "demo_source", SOURCE_ROLE) as connection:
        connection.execute("set time zone 'America/New_York'")
        # The local hour beside it was recorded by other people: both must agree.
        odd = connection.execute(
            "select count(*) from nyc.flights where extract(hour from time_hour) <> hour"
        ).fetchone()
    assert odd == (0,)


@pytest.mark.parametrize(
    "statement",
    [
        "delete from nyc.airlines",
        "create table nyc.mine ()",
        "create table public.mine ()",
        "create schema mine",
        "create temporary table mine ()",
        "select nextval('demo.edit_round')",
    ],
)
def test_the_source_role_only_reads(servers: Servers, statement: str) -> None:
    with (
        role(servers, "demo_source", SOURCE_ROLE) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement.encode())


@pytest.mark.parametrize(
    "statement",
    [
        "truncate app.flights",
        "alter table app.flights add column mine text",
        "create table app.mine ()",
        "create table public.mine ()",
        "create schema mine",
        "set role app_owner",
    ],
)
def test_the_destination_role_only_writes_rows(servers: Servers, statement: str) -> None:
    with (
        role(servers, "demo_destination", DESTINATION_ROLE) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement.encode())


@pytest.mark.parametrize(
    ("database", "name"),
    [("demo_source", DESTINATION_ROLE), ("demo_destination", SOURCE_ROLE)],
)
def test_a_role_does_not_reach_the_other_side(servers: Servers, database: str, name: str) -> None:
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        role(servers, database, name)


def test_the_roles_keep_their_books_in_schemas_of_their_own(servers: Servers) -> None:
    for database, name, schemas in (
        ("demo_source", SOURCE_ROLE, ("hightouch_planner", "hightouch_audit")),
        ("demo_destination", DESTINATION_ROLE, ("pgsync_ledger",)),
    ):
        with role(servers, database, name) as connection:
            for schema in schemas:
                connection.execute(f"create table {schema}.t (); drop table {schema}.t".encode())


def test_the_app_refuses_twenty_three_planes(servers: Servers) -> None:
    with servers.demo.connect("demo_destination") as connection:
        checks = connection.execute(
            """
            select pg_get_expr(conbin, conrelid) from pg_constraint
            where conrelid = 'app.planes'::regclass and contype = 'c' order by conname
            """
        ).fetchall()
    assert checks == [("(seats >= 5)",), ("(year >= 1960)",)]


def test_every_round_of_edits_touches_other_rows(servers: Servers) -> None:
    # A copy of the whole table to compare with: the demo's own column images.
    with servers.demo.connect("demo_source") as connection:
        connection.execute("create table demo.before as table nyc.flights")
        first = apply_edits(servers)
        one = changed_flights(connection)
        connection.execute("drop table demo.before")
        connection.execute("create table demo.before as table nyc.flights")
        second = apply_edits(servers)
        two = changed_flights(connection)
        connection.execute("drop table demo.before")
    assert (first.round + 1, first.total) == (second.round, second.total)
    assert first.flights_updated == 2500
    # updates and deletes are seen in the old rows, inserts in the new ones
    assert len(one) == len(two) == 2500 + 300 + 400
    assert len(one & two) < 100


def changed_flights(connection: AnyConnection) -> set[tuple[object, ...]]:
    rows = connection.execute(
        """
        select coalesce(a.time_hour, b.time_hour), coalesce(a.carrier, b.carrier),
               coalesce(a.flight, b.flight)
        from demo.before as b
        full join nyc.flights as a using (time_hour, carrier, flight)
        where a is distinct from b
        """
    )
    return set(rows)


def test_corrected_planes_are_taken_by_the_app(servers: Servers) -> None:
    refused = (
        "select count(*) from nyc.planes where not (seats >= 5 and coalesce(year, 1960) >= 1960)"
    )
    with servers.demo.connect("demo_source") as connection:
        before = connection.execute(refused.encode()).fetchone()
        apply_edits(servers)
        after = connection.execute(refused.encode()).fetchone()
    assert before is not None
    assert after is not None
    assert before[0] - after[0] == 3


@pytest.mark.parametrize("side", ["source", "destination"])
def test_the_grant_scripts_run_in_psql(servers: Servers, side: str) -> None:
    script = files("pgsync_assets.demo").joinpath(f"roles_{side}.sql").read_text()
    answer = subprocess.run(
        [
            locate().program("psql"),
            "--no-psqlrc",
            "--set=ON_ERROR_STOP=1",
            f"--set=database=demo_{side}",
            f"--set=role=pgsync_{side}",
            f"host=127.0.0.1 port={servers.demo.port} dbname=demo_{side} user=postgres",
        ],
        input=script,
        text=True,
        capture_output=True,
        env={"PGPASSWORD": servers.demo.password},
    )
    assert answer.returncode == 0, answer.stderr


def test_loading_imports_neither_pandas_nor_dagster() -> None:
    code = "import sys, pgsync_assets.demo; print({'pandas', 'dagster'} & set(sys.modules))"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert answer.stdout.strip() == "set()", answer.stderr
