"""docs/connections.md, "From Python": each piece runs in a project that knows no sync."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import asyncssh
import dagster as dg
import psycopg
import pytest
from psycopg import errors

from pgsync_assets import PostgresConnection, ReverseTunnel
from pgsync_assets.embedded import Cluster
from pgsync_assets.errors import AuthenticationError

from ..fix_databases import Side, database
from ..fix_proxy import proxy_to
from ..fix_ssh import Bastion
from ..fix_writers import connection_resource

PAGE = (Path(__file__).parents[2] / "docs" / "connections.md").read_text(encoding="utf-8")
SECTION = PAGE.partition("\n## From Python\n")[2].partition("\n## ")[0]
BLOCKS = re.findall(r"^```python\n(.*?)^```", SECTION, re.MULTILINE | re.DOTALL)
IN_MEMORY = "a passphrase for the docs"


@pytest.fixture(scope="module")
def warehouse(destination_server: Cluster) -> Iterator[Side]:
    with database(destination_server, "reporter", "reports") as side:
        side.execute(
            "create table orders as select date '2024-05-01' + n % 3 as day"
            " from generate_series(1, 10) as n",
            "create table reports.rates (at timestamptz, rate float8)",
            f'alter role reporter in database "{side.database}" set datestyle = german',
        )
        side.grant_table("orders")
        side.grant_table("rates", "insert", schema="reports")
        yield side


@pytest.fixture
def variables(warehouse: Side, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("host", "port", "database", "password"):
        monkeypatch.setenv(f"WAREHOUSE_{name.upper()}", str(getattr(warehouse, name)))


@pytest.fixture
def reporter(warehouse: Side) -> PostgresConnection:
    return connection_resource(warehouse, search_path=["reports"], time_zone="Asia/Tokyo")


def run(definitions: dg.Definitions) -> dg.ExecuteInProcessResult:
    return definitions.resolve_implicit_global_asset_job_def().execute_in_process()


def shown(number: int, *changes: tuple[str, str]) -> dict[str, Any]:
    """What a block defines, and those before it."""
    names: dict[str, Any] = {}
    for block in BLOCKS[: number + 1]:
        for old, new in changes:
            block = block.replace(old, new)
        exec(block, names)  # noqa: S102 - our own page
    return names


@pytest.mark.usefixtures("variables")
def test_a_connection(warehouse: Side) -> None:
    assert run(shown(0)["defs"]).success
    assert sorted(warehouse.rows("select orders from reports.days")) == [(3,), (3,), (4,)]
    assert len(BLOCKS) == 3


class Rate(BaseHTTPRequestHandler):
    """Answers what the page's service answers."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"1.0825")

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.mark.usefixtures("variables")
def test_an_ssh_tunnel(
    warehouse: Side, bastion: Bastion, private_key_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncssh.read_private_key(private_key_file).write_private_key(
        private_key_file, passphrase=IN_MEMORY, rounds=1, ignore_few_rounds=True
    )
    monkeypatch.setenv("BASTION_PORT", str(bastion.port))
    monkeypatch.setenv("BASTION_HOST_KEY", bastion.host_key_line)
    monkeypatch.setenv("BASTION_KEY_FILE", str(private_key_file))
    monkeypatch.setenv("BASTION_PASSPHRASE", IN_MEMORY)
    with HTTPServer(("127.0.0.1", 0), Rate) as service:
        thread = threading.Thread(target=service.serve_forever, args=(0.02,))
        thread.start()
        port = service.server_port
        assert run(shown(1, ("8080", str(port)))["tunnelled"]).success
        service.shutdown()
        thread.join()
    assert warehouse.rows("select rate from reports.rates") == [(1.0825,)]
    assert {port for _, port in bastion.forwarded} == {port, warehouse.port}


def test_a_reverse_tunnel(warehouse: Side) -> None:
    with proxy_to(warehouse.port) as other_end:
        names = shown(2, ("15432", str(other_end.port)))
        assert run(names["dialled"]).success
    with pytest.raises(Exception, match="nobody has dialled in"):
        run(names["dialled"])
    assert isinstance(names["acme"], ReverseTunnel)


def test_a_block_is_one_transaction_with_settings_of_its_own(
    reporter: PostgresConnection, warehouse: Side
) -> None:
    with pytest.raises(errors.DivisionByZero), reporter.connect() as connection:
        assert isinstance(connection, psycopg.Connection)
        connection.execute("create table gone ()")
        found = connection.execute(
            "select current_setting('datestyle'), current_setting('timezone'), current_schema"
        ).fetchone()
        assert found == ("ISO, YMD", "Asia/Tokyo", "reports")
        connection.execute("select 1 / 0")
    assert warehouse.rows("select to_regclass('reports.gone')::text") == [(None,)]
    with reporter.connect(autocommit=True) as connection:
        assert connection.execute("show datestyle").fetchone() == ("German, DMY",)
        connection.execute("vacuum reports.rates")
    assert connection.closed


def test_a_server_that_refuses_is_told_in_our_words(warehouse: Side) -> None:
    wrong = connection_resource(warehouse, user="nobody_here")
    with pytest.raises(AuthenticationError), wrong.connect():
        pass
