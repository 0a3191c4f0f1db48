"""`make bench`: it measures, it tells a destination that differs, it leaves no servers behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from psycopg import sql

from benchmarks import results
from benchmarks.contender import TABLE, Contender, Ends, Job
from benchmarks.identity import verdict
from benchmarks.measure import measure
from benchmarks.results import Report
from benchmarks.servers import EMPTY, FILLED, fresh, psql
from benchmarks.tables import CUSTOMERS, SHAPES, edit
from pgsync_assets.embedded import Cluster

ROOT = Path(__file__).parents[2]
DATABASES = ("bench", "platform", FILLED, EMPTY)
Servers = tuple[Cluster, Cluster]


@pytest.fixture
def servers(source_server: Cluster, destination_server: Cluster) -> Iterator[Servers]:
    """Both servers, without the benchmark's databases afterwards."""
    yield source_server, destination_server
    for cluster in (source_server, destination_server):
        with cluster.connect("postgres") as connection:
            for name in DATABASES:
                drop = sql.SQL("drop database if exists {} with (force)")
                connection.execute(drop.format(sql.Identifier(name)))


@pytest.fixture
def folder(state_folder: Path) -> Path:
    """A folder that the servers' own user can pass through."""
    made = Path(tempfile.mkdtemp(dir=state_folder))
    made.chmod(0o711)
    return made


def at(cluster: Cluster, statement: str) -> None:
    with cluster.connect("bench") as connection:
        connection.execute(statement.encode())


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """The benchmark as a process."""
    return subprocess.Popen(
        [sys.executable, "-m", "benchmarks", "--rows", "2000", "--repeat", "1", *arguments],
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_it_measures_and_keeps_what_it_measured(folder: Path, tmp_path: Path) -> None:
    options = ("--engine", "lightning", "--peer", "all", "--peer", "none")
    with start(folder, *options, "--save", "--results", str(tmp_path)) as process:
        out, said = process.communicate()
    assert process.returncode == 0, said
    assert "[6/6" in said
    assert "lightning" in out
    (report,) = results.history(tmp_path)
    assert {run.verdict for run in report.runs} == {"identical"}
    cases = ("first", "0 %", "1 %", "10 %")
    assert [report.median("lightning", case, "rows") for case in cases] == [2000, 0, 24, 202]
    assert all((report.median("lightning", case, "client_cpu") or 0) > 0 for case in cases)
    assert (report.median("lightning", "first", "wal_destination") or 0) > 0.3
    assert (report.median("lightning", "first", "wire_mb") or 1) > 0.7
    kinds = sorted(path.suffix for path in tmp_path.iterdir())
    assert kinds == [".json", ".md", ".md", ".svg"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_leaves_no_servers_behind(folder: Path, number: signal.Signals) -> None:
    with start(folder, "--engine", "lightning") as process:
        assert process.stderr is not None
        while "Two servers are up" not in (line := process.stderr.readline()):
            assert line, "it ended before its servers were up"
        process.send_signal(number)
        process.communicate()
    assert list(folder.iterdir()) == []
    assert [line for line in command_lines() if str(folder).encode() in line] == []


def command_lines() -> Iterator[bytes]:
    """Of every process there is."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it has ended meanwhile
            yield path.read_bytes()


def test_what_differs_is_told(servers: Servers) -> None:
    fresh(*servers, rows=1000)
    psql(*servers)
    assert verdict(*servers, TABLE) == "identical"
    at(servers[1], "update customers set balance = balance + 0.01 where id = 7")
    assert verdict(*servers, TABLE) == "differs"
    at(servers[1], "delete from customers where id = 7")
    assert verdict(*servers, TABLE) == "1 rows too few"
    at(servers[0], "delete from customers where id < 9")
    assert verdict(*servers, TABLE) == "7 rows too many"


def test_what_became_another_type_is_told(servers: Servers) -> None:
    fresh(*servers, rows=100)
    psql(*servers)
    at(servers[1], "alter table customers alter tags type jsonb using to_jsonb(tags)")
    at(servers[1], "alter table customers alter external_id type text")
    at(servers[1], "alter table customers alter balance type numeric using balance * 1.000")
    at(servers[1], "alter table customers alter profile type text")
    told = "same values, 4 columns of another type"
    assert verdict(*servers, TABLE) == told
    at(servers[1], "update customers set balance = 0.07 where id = 3")
    assert verdict(*servers, TABLE) == "differs: balance"
    at(servers[1], "alter table customers drop email")
    assert verdict(*servers, TABLE) == "lacks email"


def test_a_program_that_fails_is_told_and_the_others_go_on(servers: Servers, folder: Path) -> None:
    def job(ends: Ends, case: str) -> Job:
        script = "echo working; echo out of luck $SECRET >&2; exit 3"
        secret = {"SECRET": ends.source.password}
        return Job((("sh", "-c", script),), (os.environ | secret,))

    def slow(ends: Ends, case: str) -> Job:
        return Job((("sh", "-c", "sleep 60"),), (dict(os.environ),))

    report = Report("2026-01-01T00:00:00Z", "", "customers", 100, 1)
    both = [Contender("unlucky", job), Contender("slow", slow)]
    measure(*servers, both, CUSTOMERS, report, folder / "own", most_seconds=1)
    assert {run.contender: run.failed for run in report.runs} == {
        "unlucky": "exit code 3: out of luck ..",
        "slow": "ended after 1 s",
    }


@pytest.mark.parametrize("name", SHAPES)
def test_every_table_can_be_edited(servers: Servers, name: str) -> None:
    fresh(*servers, rows=1000, shape=SHAPES[name])
    psql(*servers)
    with servers[0].connect("bench") as connection:
        edit(connection, SHAPES[name], 1000, 1)
        row = connection.execute("select count(*) from customers").fetchone()
    assert row == (1000,)
    assert verdict(*servers, TABLE).startswith("differs")
