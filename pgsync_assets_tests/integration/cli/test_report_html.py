"""`pgsync-assets show RUN --html`: of every status, and with no value beyond the audit's policy."""

from __future__ import annotations

from pathlib import Path

from pgsync_assets.cli.exit_code import ExitCode

from .conftest import CliProject


def page_of(project: CliProject, run: int, *more: str) -> str:
    """The page of a run."""
    ended = project.run("show", str(run), "--html", "run.html", *more)
    assert ended.exit_code == ExitCode.OK, ended.stderr
    return Path("run.html").read_text(encoding="utf-8")


def test_a_run_with_all_that_is_on_record(project: CliProject) -> None:
    source, destination = project.pair.source, project.pair.destination
    project.sync(audit="full", mode="mirror")
    destination.execute('alter table orders add constraint "<b>small</b>" check (amount < 25)')
    project.run("run", "orders")
    source.execute("update orders set customer = '<i>Bea</i>' where id = 2")
    project.run("run", "orders")
    source.execute(
        "delete from hightouch_audit.sync_batches",
        "delete from hightouch_audit.sync_statements",
        "delete from hightouch_audit.sync_statement_texts",
        "insert into hightouch_audit.sync_batches select 'orders', 2, 1, 1, '', now(), '1 s',"
        " 0, 2, 1, 0, 1, 500, 'committed', null, null, 3",
        "insert into hightouch_audit.sync_statement_texts values (2, 1, 'INSERT INTO <t>')",
        "insert into hightouch_audit.sync_statements select 2, 1, 1, n, 'write', 0, 2, 1, 500,"
        " now(), '0.25 s', null, null, 1 from generate_series(1, 3) as n",
    )
    page = page_of(project, 2)
    for told in (
        *("orders", "run 2", "succeeded", "Throughput", "3 times, 0.75 s", "INSERT INTO &lt;t&gt;"),
        *("23514", "&lt;b&gt;small&lt;/b&gt;", "Bob", "&lt;i&gt;Bea&lt;/i&gt;"),
    ):
        assert told in page, told
    assert "<b>small" not in page and "<i>Bea" not in page
    project.sync(audit="keys", mode="mirror")
    page = page_of(project, 2)
    assert "Bea" not in page and "Bob" not in page
    assert "Values are shown where the audit keeps them" in page


def test_a_run_of_any_status(project: CliProject) -> None:
    source = project.pair.source
    project.sync(mode="mirror", guard={"max_removed": 1})
    assert "no run has 1" in project.run("show", "1", "--html", "run.html").message
    project.run("run", "orders")
    source.execute("delete from orders where id < 3")
    assert project.run("run", "orders").exit_code == ExitCode.HELD
    page = page_of(project, 2)
    assert ">held</span>" in page and "max_removed is 1" in page and "apply 2" in page
    assert "Changes that it would write" in page and "Ada" not in page
    project.sync(audit="full", mode="mirror", guard={"max_removed": 1})
    assert "Ada" in page_of(project, 2, "--sync", "orders")
    assert project.run("discard", "2").exit_code == ExitCode.OK
    page = page_of(project, 2)
    assert ">superseded</span>" in page and "Ada" not in page
    source.execute("alter table orders rename to elsewhere")
    assert project.run("run", "orders").exit_code == ExitCode.FAILED
    page = page_of(project, 3)
    assert ">failed</span>" in page and "does not exist" in page
    source.execute(
        "insert into hightouch_planner.runs (state_id) select id from hightouch_planner.states"
    )
    assert ">not finished</span>" in page_of(project, 4)
    wrong = project.run("show", "1", "--html", "run.txt").message
    assert "has to end in .html" in wrong
    assert "--html is about one run" in project.run("show", "--html", "run.html").message
