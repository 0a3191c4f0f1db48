"""`pgsync-assets history`: every version of a row, how it stands, and what is not known of it."""

from __future__ import annotations

from typing import Any

from pgsync_assets.cli.exit_code import ExitCode

from .conftest import CliProject


def versions_of(document: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Operation, status, before and after of each version."""
    names = ("operation", "status", "before", "after")
    return [tuple(version[name] for name in names) for _, version in document["versions"]]


def test_every_version_of_a_row_is_told(project: CliProject) -> None:
    source, destination = project.pair.source, project.pair.destination
    project.sync(audit="full", mode="mirror")
    assert project.run("run", "orders").exit_code == ExitCode.OK
    source.execute("update orders set amount = 25.5, customer = 'Bea' where id = 2")
    assert project.run("run", "orders").exit_code == ExitCode.OK
    destination.execute("alter table orders add constraint small check (amount < 50)")
    source.execute("update orders set amount = 99 where id = 2")
    assert project.run("run", "orders").exit_code == ExitCode.ROWS_REJECTED
    refused = project.run("history", "orders", "--key", "2").stdout
    assert "changed, refused" in refused and "25.50 -> 99.00" in refused
    assert "The destination refuses it" in refused and "The next run tries it again." in refused
    source.execute("update orders set amount = 26 where id = 2")
    assert project.run("run", "orders").exit_code == ExitCode.OK
    source.execute("delete from orders where id = 2")
    assert project.run("run", "orders").exit_code == ExitCode.OK
    ended = project.run("history", "orders", "--key", "id=2")
    assert ended.exit_code == ExitCode.OK, ended.stderr
    first = {"id": "2", "customer": "Bob", "amount": "20.50"}
    second = {"id": "2", "customer": "Bea", "amount": "25.50"}
    document = project.run("history", "orders", "--key", "2", "--json").document
    assert versions_of(document) == [
        ("added", "succeeded", None, first),
        ("changed", "succeeded", first, second),
        ("changed", "failed", second, {**second, "amount": "99.00"}),
        ("changed", "succeeded", second, {**second, "amount": "26.00"}),
        ("removed", "succeeded", {**second, "amount": "26.00"}, None),
    ]
    assert [version["batch"] for _, version in document["versions"]] == [1] * 5
    assert "removed it at the destination" in ended.stdout
    assert "Bob -> Bea" in ended.stdout and "Bob -> Bea" not in refused.split("changed, refused")[1]
    destination.execute("update orders set customer = 'Eve' where id = 1")
    now = project.run("history", "orders", "--key", "1", "--now")
    assert "differ in customer" in now.stdout and "Eve" in now.stdout
    short = project.run("history", "orders", "--key", "2", "--limit", "2")
    assert "and 3 earlier versions" in short.stdout and "25.50 -> 26.00" in short.stdout


def test_without_values_it_tells_what_was_done(project: CliProject) -> None:
    project.sync(partitions=None)
    project.pair.destination.execute("alter table orders alter customer set not null")
    assert project.run("run", "orders").exit_code == ExitCode.ROWS_REJECTED
    told = project.run("history", "orders", "--key", "1", "--now").stdout
    assert "Ada" not in told and "audit: full" in told and "both ends agree" in told
    assert "The destination took it" in told
    told = project.run("history", "orders", "--key", "3", "--now").stdout
    assert "the model has it, the destination has not" in told
    assert "customer" in told and "nothing of it is at the destination" in told
    told = project.run("history", "orders", "--key", "77").stdout
    assert "No run has sent it" in told and "begins with run 1 of" in told
    project.sync(audit="failures_only")
    told = project.run("history", "orders", "--key", "1", "--json").document
    assert told["level"] == "failures_only" and told["histories"][0]["is_known"]
    message = project.run("history", "orders", "--key", "one").message
    assert "key column 'id' is of type integer" in message


def test_what_never_ran_has_no_history(project: CliProject) -> None:
    ended = project.run("history", "orders", "--key", "1")
    assert (ended.exit_code, ended.stdout) == (ExitCode.OK, "orders has not run yet\n")
    assert "no sync named" in project.run("history", "others", "--key", "1").message
