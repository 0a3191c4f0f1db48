"""`show RUN` and `show RUN --batch K`: what a run sent, from the command line."""

from __future__ import annotations

import re

import pytest

from pgsync_assets.cli.exit_code import ExitCode

from .conftest import CliProject

FILL = "insert into orders select n, 'a', n from generate_series(1000, 1499) as n"


@pytest.fixture
def sent(project: CliProject) -> CliProject:
    """A run of 27 batches, with hooks around them and a row in one that was refused."""
    hooks = {"before": ["select 'before'"], "after": ["select 'after'"]}
    project.sync(batch_size=20, hooks=hooks)
    project.pair.source.execute("truncate orders", FILL)
    project.pair.destination.execute("alter table orders add check (amount <> 1207)")
    assert project.run("run", "orders").exit_code == ExitCode.ROWS_REJECTED
    return project


def test_a_run_shows_its_batches(sent: CliProject) -> None:
    ended = sent.run("show", "1")
    assert ended.exit_code == ExitCode.OK, ended.stderr
    assert max(map(len, ended.stdout.splitlines())) <= 80
    lines = [" ".join(line.split()) for line in ended.stdout.splitlines()]
    assert "batch try rows removed rejected sent took rows/s state" in lines
    numbers = [int(line.split()[0]) for line in lines if re.match(r"\d+ 1 (20|0) ", line)]
    assert {0, 1, 2, 3, 11, 22, 23, 24, 25, 26} <= set(numbers)
    assert len(numbers) < 20
    (bad,) = [line for line in lines if line.startswith("11 1 ")]
    assert bad.startswith("11 1 20 0 1 ")
    assert "..." in lines
    assert f"and {27 - len(numbers)} more (--limit); the slowest and the worst are here" in lines
    shown = sent.run("show", "1", "--limit", "100").stdout
    assert "more (--limit)" not in shown
    (report,) = sent.run("show", "1", "--limit", "100", "--json").document["reports"]
    assert [one["batch"] for one in report["batches"]["shown"]] == list(range(27))


def test_a_batch_shows_its_statements(sent: CliProject) -> None:
    ended = sent.run("show", "1", "--batch", "11")
    assert ended.exit_code == ExitCode.OK, ended.stderr
    lines = ended.stdout.splitlines()
    shown = [" ".join(line.split()) for line in lines]
    assert shown[0] == "run 1, batch 11; recorded in shop"
    (first,) = [line for line in lines if re.match(r" +2  copy +201-220 ", line)]
    assert "23514" in first
    (inner,) = [line for line in lines if re.search(r"  copy +208-208 ", line)]
    assert inner.index("copy") > first.index("copy")  # a part of those before
    steps = [line for line in shown if line.startswith("step 2, ")]
    assert steps[0].endswith("a CHECK constraint is not fulfilled (constraint orders_amount_check)")
    copy = shown.index(
        'COPY "public"."orders" ("id", "customer", "amount") FROM STDIN (FORMAT binary)'
    )
    assert shown[copy - 1] == "sql 2:"
    (report,) = sent.run("show", "1", "--batch", "11", "--json").document["reports"]
    assert report["tries"][0]["statements"] == len(report["statements"])
    hooks = sent.run("show", "1", "--batch", "0").stdout
    assert "hooks.before" in hooks
    assert "select 'before'" in hooks


def test_what_is_not_there(sent: CliProject) -> None:
    ended = sent.run("show", "1", "--batch", "99")
    assert ended.exit_code == ExitCode.USAGE
    assert "nothing is recorded of batch 99 of run 1" in ended.message
    assert sent.run("show", "--batch", "1").exit_code == ExitCode.USAGE
    sent.pair.source.execute("delete from hightouch_audit.sync_runs")
    ended = sent.run("show", "1")  # as of a run that is under way
    assert ended.exit_code == ExitCode.OK, ended.stderr
    assert "run 1 has not ended; recorded in shop" in ended.stdout
    assert "show 1 --batch NUMBER" in ended.stdout
    sent.pair.source.execute("drop table hightouch_audit.sync_batches")  # an older version has none
    assert "no run has the number 1" in sent.run("show", "1").message
    assert "nothing is recorded" in sent.run("show", "1", "--batch", "1").message
