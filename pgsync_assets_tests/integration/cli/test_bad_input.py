"""Bad input ends in one message with the place and the remedy, and changes nothing anywhere."""

from __future__ import annotations

import pytest

from pgsync_assets.cli.exit_code import ExitCode

from .conftest import CliProject, Ended

COMMANDS = ["plan", "run"]


def _refused(project: CliProject, *arguments: str) -> Ended:
    before = project.everything()
    ended = project.run(*arguments)
    assert project.everything() == before
    assert ended.exit_code not in (ExitCode.OK, ExitCode.ROWS_REJECTED)
    assert " -> " in ended.message
    assert "Traceback" not in ended.stderr
    assert ended.stdout == ""
    for password in project.environment.values():
        assert password is None or password not in ended.stderr
    return ended


@pytest.mark.parametrize("command", COMMANDS)
def test_wrong_yaml(project: CliProject, command: str) -> None:
    project.sync(mod="upsert")
    ended = _refused(project, command, "orders")
    assert ended.exit_code == ExitCode.USAGE
    assert "defs/orders/defs.yaml:" in ended.message
    assert "unknown key 'mod'; did you mean 'mode'?" in ended.message


@pytest.mark.parametrize("command", COMMANDS)
def test_unknown_sync(project: CliProject, command: str) -> None:
    ended = _refused(project, command, "order")
    assert ended.exit_code == ExitCode.USAGE
    assert "did you mean 'orders'?" in ended.message


@pytest.mark.parametrize("command", COMMANDS)
def test_unknown_column_of_the_model(project: CliProject, command: str) -> None:
    project.sync(columns={"id": "id", "custmer": "customer"})
    ended = _refused(project, command, "orders")
    assert ended.exit_code == ExitCode.USAGE
    assert "custmer" in ended.message
    assert "customer" in ended.message


@pytest.mark.parametrize("command", COMMANDS)
def test_unknown_column_of_the_key(project: CliProject, command: str) -> None:
    project.sync(model={"table": "public.orders", "key": ["idd"]})
    assert "idd" in _refused(project, command, "orders").message


@pytest.mark.parametrize("command", COMMANDS)
def test_unknown_column_of_the_destination(project: CliProject, command: str) -> None:
    project.sync(columns={"id": "id", "customer": "custmer"})
    ended = _refused(project, command, "orders")
    assert "custmer" in ended.message
    assert "public.orders" in ended.message.replace('"', "")


@pytest.mark.parametrize("command", COMMANDS)
def test_unknown_column_in_the_models_sql(project: CliProject, command: str) -> None:
    project.sync(model={"sql": "select id, custmer from orders", "key": ["id"]})
    ended = _refused(project, command, "orders")
    assert "custmer" in ended.message


@pytest.mark.parametrize("command", COMMANDS)
def test_missing_table_of_the_source(project: CliProject, command: str) -> None:
    project.sync(model={"table": "public.order_lines", "key": ["id"]})
    ended = _refused(project, command, "orders")
    assert "order_lines" in ended.message
    assert "shop" in ended.message


@pytest.mark.parametrize("command", COMMANDS)
def test_missing_table_of_the_destination(project: CliProject, command: str) -> None:
    project.sync(table="public.order_lines")
    ended = _refused(project, command, "orders")
    assert "order_lines" in ended.message
    assert "crm" in ended.message


@pytest.mark.parametrize("command", COMMANDS)
def test_no_unique_index_for_the_match(project: CliProject, command: str) -> None:
    project.sync(model={"table": "public.orders", "key": ["customer"]})
    ended = _refused(project, command, "orders")
    assert ended.exit_code == ExitCode.FAILED
    assert "unique index" in ended.message
    assert "orders" in ended.message


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("end", ["shop", "crm"])
def test_wrong_password(project: CliProject, command: str, end: str) -> None:
    project.environment[f"{end.upper()}_PASSWORD"] = "wrong-secret"
    ended = _refused(project, command, "orders")
    assert ended.exit_code == ExitCode.FAILED
    assert end in ended.message
    assert "password" in ended.message


@pytest.mark.parametrize("command", COMMANDS)
def test_password_variable_that_is_not_set(project: CliProject, command: str) -> None:
    project.environment["CRM_PASSWORD"] = None
    ended = _refused(project, command, "orders")
    assert ended.exit_code == ExitCode.USAGE
    assert "CRM_PASSWORD" in ended.message


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("end", ["shop", "crm"])
def test_unreachable_host(project: CliProject, command: str, end: str) -> None:
    project.connections(**{end: {"port": 1}})
    ended = _refused(project, command, "orders")
    assert ended.exit_code == ExitCode.TRY_AGAIN
    assert end in ended.message
    assert "host" in ended.message


@pytest.mark.parametrize("command", COMMANDS)
def test_missing_database(project: CliProject, command: str) -> None:
    project.connections(crm={"database": "no_such_database"})
    ended = _refused(project, command, "orders")
    assert ended.exit_code == ExitCode.USAGE
    assert "no_such_database" in ended.message


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    "statements",
    [
        "select * from orders; drop table orders",
        "select * from orders) as model; delete from orders; select 1 from (select 1",
        "delete from orders returning *",
        "with gone as (delete from orders returning *) select * from gone",
        "select id, set_config('role', 'postgres', false) from orders; select 1",
    ],
    ids=["two", "out of its brackets", "delete", "delete in a with", "two, one harmless"],
)
def test_model_that_is_not_one_select(project: CliProject, command: str, statements: str) -> None:
    project.pair.source.grant_table("orders", "ALL")
    project.sync(model={"sql": statements, "key": ["id"]})
    ended = _refused(project, command, "orders")
    assert "model" in ended.message


@pytest.mark.parametrize("command", COMMANDS)
def test_partition_of_a_sync_without_partitions(project: CliProject, command: str) -> None:
    ended = _refused(project, command, "orders", "--partition", "2024-01-01")
    assert ended.exit_code == ExitCode.USAGE
    assert "no partitions" in ended.message


@pytest.mark.parametrize("command", COMMANDS)
def test_missing_right_on_the_destination(project: CliProject, command: str) -> None:
    project.pair.destination.execute("revoke insert on orders from pgsync_destination")
    ended = _refused(project, command, "orders")
    assert "grant insert" in ended.message.lower()


def test_json_says_the_same_on_stdout(project: CliProject) -> None:
    project.sync(table="public.order_lines")
    ended = project.run("run", "orders", "--json")
    error = ended.document["error"]
    assert set(error) == {"type", "message", "remedy"}
    assert error["message"] in " ".join(ended.stderr.split())
    assert ended.exit_code == ExitCode.FAILED
