"""`pgsync-assets rejected`: what is refused now, why, and trying it again."""

from __future__ import annotations

import pytest

from pgsync_assets.cli.exit_code import ExitCode

from .conftest import CliProject


@pytest.fixture
def refused(project: CliProject) -> CliProject:
    """Order 2 is too large, and order 3 has no customer; both are parked."""
    project.pair.destination.execute(
        "alter table orders add constraint small check (amount < 15 or customer is null)",
        "alter table orders alter customer set not null",
    )
    project.sync(retry_rejected=False)
    assert project.run("run", "orders").exit_code == ExitCode.ROWS_REJECTED
    return project


def test_it_lists_them_by_reason(refused: CliProject) -> None:
    ended = refused.run("rejected", "orders")
    assert ended.exit_code == ExitCode.OK, ended.stderr
    assert "23514" in ended.stdout and "constraint small" in ended.stdout
    assert "2 rows parked" in ended.stdout
    assert "Bob" not in ended.stdout and "20.5" not in ended.stdout
    document = refused.run("rejected", "orders", "--reason", "small", "--json").document
    assert [(one["constraint"], one["rows"], one["parked"]) for one in document["reasons"]] == [
        ("small", 1, 1)
    ]
    assert [(row["row_id"], row["attempts"], row["parked"]) for row in document["rows"]] == [
        ("2", 1, True)
    ]
    assert "and 1 more" in refused.run("rejected", "orders", "--limit", "1").stdout


def test_each_reason_has_a_sample_of_keys(project: CliProject) -> None:
    project.pair.source.execute(
        "insert into orders values (4, 'Cy', 40), (5, 'Di', 50), (6, 'Ed', 60)"
    )
    project.pair.destination.execute("alter table orders add constraint small check (amount < 15)")
    assert project.run("run", "orders").exit_code == ExitCode.ROWS_REJECTED
    ended = project.run("rejected", "orders", "--limit", "0")
    assert "2, 3, 4, ..." in ended.stdout
    (reason,) = project.run("rejected", "orders", "--json").document["reasons"]
    assert (reason["rows"], reason["sample"]) == (5, ["2", "3", "4"])


def test_parked_rows_are_said_by_every_run_until_they_are_released(refused: CliProject) -> None:
    refused.pair.destination.execute("alter table orders drop constraint small")
    ended = refused.run("run", "orders")
    assert ended.exit_code == ExitCode.ROWS_REJECTED
    assert "2 rejected rows are parked" in ended.stdout
    assert refused.run("rejected", "orders", "--retry", "--key", "9", "--json").document == {
        "sync": "orders",
        "rows": 0,
    }
    told = refused.run("rejected", "orders", "--retry", "--reason", "23514").stdout
    assert told == "orders: 1 row released; the next run tries them\n"
    (outcome,) = refused.run("run", "orders", "--json").document["outcomes"]
    assert (outcome["succeeded"]["added"], outcome["parked"]) == (1, 1)
    assert refused.run("rejected", "orders", "--retry", "--key", "3").exit_code == ExitCode.OK
    refused.pair.destination.execute("alter table orders alter customer drop not null")
    assert refused.run("run", "orders").exit_code == ExitCode.OK
    assert refused.run("rejected", "orders").stdout == "orders: no row is rejected\n"


def test_what_never_ran_has_none(project: CliProject) -> None:
    assert project.run("rejected", "orders").stdout == "orders: no row is rejected\n"
    assert project.run("rejected", "orders", "--retry", "--json").document["rows"] == 0
    assert "no sync named" in project.run("rejected", "others").message
    ended = project.run("rejected", "orders", "--partition", "x")
    assert ended.exit_code == ExitCode.USAGE
