"""`reset`, `adopt`, `drop` and `run --compare-all`, from the command line."""

from __future__ import annotations

import pytest

from pgsync_assets.cli.exit_code import ExitCode

from ...fix_databases import Side
from ...fix_syncs import ENGINES
from .conftest import CliProject


@pytest.fixture(params=["lightning", "standard"])
def filled(request: pytest.FixtureRequest, project: CliProject, platform_side: Side) -> CliProject:
    """Three orders are in."""
    names = ("host", "port", "database", "user")
    project.connections(platform={name: getattr(platform_side, name) for name in names})
    project.sync(**ENGINES[request.param])
    assert project.run("run", "orders").exit_code == ExitCode.OK
    return project


def test_reset(filled: CliProject) -> None:
    ended = filled.run("reset", "orders", "--yes")
    assert ended.exit_code == ExitCode.OK, ended.stderr
    assert "orders: 3 rows forgotten" in ended.stdout
    (outcome,) = filled.run("run", "orders", "--json").document["outcomes"]
    assert outcome["succeeded"]["added"] == 3


def test_drop(filled: CliProject) -> None:
    document = filled.run("drop", "orders", "--yes", "--json").document
    assert document == {"sync": "orders", "states": 1, "rows": 3}
    assert filled.pair.destination.rows("select count(*) from orders") == [(3,)]
    assert filled.pair.destination.rows("select * from pgsync_ledger.pgsync_ledger") == []


def test_a_sync_that_is_not_defined_any_more_can_be_dropped(filled: CliProject) -> None:
    filled.sync(name="others")
    assert "no sync named 'orders'" in filled.run("drop", "orders", "--yes").message
    ended = filled.run("drop", "orders", "--source", "shop", "--destination", "crm", "--yes")
    assert ended.exit_code == ExitCode.OK, ended.stderr
    wrong = filled.run("drop", "orders", "--source", "shop", "--destination", "x", "--yes")
    assert "no connection is named 'x'" in wrong.message


def test_adopt(filled: CliProject) -> None:
    filled.pair.destination.execute("update orders set customer = 'edited' where id = 1")
    ended = filled.run("adopt", "orders", "--yes")
    assert ended.exit_code == ExitCode.OK, ended.stderr
    assert "1 rows are missing or differ" in ended.stdout
    assert filled.run("run", "orders").exit_code == ExitCode.OK
    assert filled.run("verify", "orders").exit_code == ExitCode.OK


@pytest.mark.parametrize("command", ["reset", "adopt", "drop"])
def test_nobody_is_there_to_ask(filled: CliProject, command: str) -> None:
    ended = filled.run(command, "orders")
    assert ended.exit_code == ExitCode.USAGE
    assert "say --yes" in ended.message


def test_an_engine_that_was_switched_is_said(filled: CliProject) -> None:
    for engine in ("lightning", "standard", "lightning"):
        filled.sync(engine=engine)
        ended = filled.run("run", "orders")
        assert ended.exit_code == ExitCode.OK, ended.stderr
    assert "the engine was switched; what was known of 3 rows was carried over" in ended.stdout
    assert filled.run("show").exit_code == ExitCode.OK


def test_a_cursor_says_what_was_compared(filled: CliProject) -> None:
    filled.sync(cursor={"column": "id", "lag": 0})
    filled.run("run", "orders")
    assert "only rows with id >= 3 - 0" in filled.run("run", "orders").stdout
    assert "only rows" not in filled.run("run", "orders", "--compare-all").stdout
