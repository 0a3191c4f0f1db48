"""Every command on a sync whose model is a file, a function or an asset."""

from __future__ import annotations

import pytest

from pgsync_assets.cli.exit_code import ExitCode
from pgsync_assets.connect.platform import VARIABLES

from ...fix_databases import PLANNER_SCHEMA, Side
from .conftest import CliProject

ROWS = "id,customer,amount\n1,Ada,10.00\n2,Bob,20.50\n"


@pytest.fixture
def framed(project: CliProject, platform_side: Side) -> CliProject:
    """The model of the sync is a file; the platform is said by the environment."""
    side = platform_side
    values = {
        "host": side.host,
        "port": str(side.port),
        "database": side.database,
        "user": side.user,
        "password": side.password,
    }
    for name, variable in VARIABLES.items():
        project.environment[variable] = values[name]
    write(project)
    (project.folder / "orders" / "orders.csv").write_text(ROWS)
    return project


def write(project: CliProject, **model: object) -> None:
    """Writes the sync with another model; the rows of all of them are on the platform."""
    types = {"id": "int", "amount": "numeric(10,2)"}
    written = model or {"file": "orders.csv"}
    project.sync(model={"key": ["id"], "types": types, **written}, source="platform")


def orders(project: CliProject) -> list[tuple[object, ...]]:
    return project.pair.destination.rows("select id, customer, amount::text from orders order by 1")


def test_every_command_finds_the_rows(framed: CliProject, platform_side: Side) -> None:
    never = framed.run("verify", "orders")
    assert "the model 'orders' was never loaded" in never.message
    assert "pgsync-assets plan orders loads it" in never.message
    assert framed.run("check", "orders").exit_code == ExitCode.OK  # loads them, as there are none
    assert platform_side.rows(f"SELECT count(*) FROM {PLANNER_SCHEMA}.frames") == [(1,)]
    assert framed.run("check", "orders").exit_code == ExitCode.OK
    assert platform_side.rows(f"SELECT count(*) FROM {PLANNER_SCHEMA}.frames") == [(1,)]
    plan = framed.run("plan", "orders", "--json")
    assert plan.document["counts"]["added"] == 2, plan.stderr
    assert framed.run("apply", str(plan.document["run_id"])).exit_code == ExitCode.OK
    assert orders(framed) == [(1, "Ada", "10.00"), (2, "Bob", "20.50")]
    file = framed.folder / "orders" / "orders.csv"
    file.write_text(ROWS + "3,,30.00\n")
    assert framed.run("verify", "orders").exit_code == ExitCode.OK  # as it was loaded last
    run = framed.run("run", "orders", "--json")
    assert run.document["outcomes"][0]["succeeded"]["added"] == 1, run.stderr
    loads = "select loaded_by from hightouch_planner.frames order by number"
    assert len(platform_side.rows(loads)) == 2
    for command in (
        ("check",),
        ("check", "orders"),
        ("mapping", "orders"),
        ("verify", "orders"),
        ("show",),
        ("rejected", "orders"),
        ("test-connection", "platform", "--sync", "orders"),
        ("test-connection", "crm", "--sync", "orders"),
        ("test-connection", "platform"),
        ("reset", "orders", "--yes"),
        ("adopt", "orders", "--yes"),
        ("drop", "orders", "--yes"),
    ):
        ended = framed.run(*command)
        assert ended.exit_code == ExitCode.OK, (command, ended.stdout, ended.stderr)
    tested = framed.run("test-connection", "platform", "--sync", "orders").stdout
    assert "3 columns, key (id)" in tested
    assert len(platform_side.rows(loads)) == 2  # the others loaded nothing


def test_setup_sql_grants_nothing_to_be_read(framed: CliProject) -> None:
    script = framed.run("setup-sql", "platform").stdout
    assert "hightouch_planner" in script
    assert "GRANT SELECT" not in script
    assert "no table was found in its model" not in script


def test_a_file_that_cannot_be_loaded_stops_the_run(framed: CliProject) -> None:
    file = framed.folder / "orders" / "orders.csv"
    file.write_text(ROWS + "3,s3cret,1.005\n")
    ended = framed.run("run", "orders")
    assert ended.exit_code == ExitCode.FAILED
    assert "model 'orders': line 4, column 'amount': the value would be rounded" in ended.message
    assert "s3cret" not in ended.stderr
    file.unlink()
    assert "cannot be read: No such file" in framed.run("run", "orders").message
    assert orders(framed) == []


def test_rows_of_an_asset_come_from_its_materialization(framed: CliProject) -> None:
    write(framed, asset="orders_frame")
    ended = framed.run("run", "orders")
    assert "the model 'orders' was never loaded" in ended.message
    assert "materialize models/orders" in ended.message


def test_without_a_platform_it_is_said_where_one_comes_from(framed: CliProject) -> None:
    framed.environment[VARIABLES["host"]] = None
    assert "nothing says where that is" in framed.run("run", "orders").message


def test_loads_of_a_model_that_is_gone_are_listed_and_dropped(
    framed: CliProject, platform_side: Side
) -> None:
    framed.run("run", "orders")
    framed.run("run", "orders")
    write(framed, file="orders.csv", name="bills")
    assert framed.run("run", "orders").exit_code == ExitCode.OK
    (load,) = framed.run("state", "--json").document["loads"]
    assert (load["model"], load["planner"], load["rows"]) == ("orders", "platform", 4)
    told = framed.run("state").stdout
    assert "pgsync-assets state drop orders --model" in told
    check = framed.run("check").stdout
    assert "orphaned: model orders (4 rows) in platform: no model of this project" in check
    assert framed.run("check", "--json").document["orphaned_loads"] == [load]
    unknown = framed.run("state", "drop", "bills", "--model", "--yes")
    assert "'bills' is a model of this project" in unknown.message
    dropped = framed.run("state", "drop", "orders", "--model", "--yes", "--json")
    assert dropped.document == {"model": "orders", "loads": 2}, dropped.stderr
    assert platform_side.rows(f"SELECT DISTINCT model FROM {PLANNER_SCHEMA}.frames") == [("bills",)]
    assert [platform_side.rows(f"SELECT to_regclass('{one}')") for one in load["tables"]] == [
        [(None,)],
        [(None,)],
    ]
    assert framed.run("state", "--json").document["loads"] == []
    assert "orphaned" not in framed.run("check").stdout
    again = framed.run("state", "drop", "orders", "--model", "--yes")
    assert "nothing is loaded for a model 'orders'" in again.message


def test_the_rows_of_a_file_are_previewed(framed: CliProject) -> None:
    found = framed.run("preview", "orders", "--json")
    assert found.document["first"] == [["1", "Ada", "10.00"], ["2", "Bob", "20.50"]], found.stderr


def test_check_says_why_rows_cannot_be_loaded(framed: CliProject) -> None:
    write(framed, file="gone.csv")
    check = framed.run("check", "orders")
    assert check.exit_code == ExitCode.FAILED
    told = " ".join(check.stdout.split())
    assert "FAILED model orders" in told
    assert "gone.csv" in told.replace(" ", "")  # a long path is cut at the end of a line
    missing = {"file": "gone.csv", "key": ["id"]}
    framed.sync(model=missing, source="platform", table="public.new", create_table=True)
    told = " ".join(framed.run("check", "orders").stdout.split())
    assert "it is made of the model, which failed" in told
