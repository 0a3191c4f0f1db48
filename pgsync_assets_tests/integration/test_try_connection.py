"""Each thing that can be in the way of a connection, down to the server and its pooler."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from pgsync_assets.check_result import CheckResult
from pgsync_assets.connect import pooler as pooling
from pgsync_assets.connect.server import Server
from pgsync_assets.embedded import Cluster
from pgsync_assets.embedded.loopback import free_port
from pgsync_assets.errors import TerminalError
from pgsync_assets.steps import lines
from pgsync_assets.steps.asked import Asked

from ..fix_databases import (
    PASSWORD,
    Pair,
    Side,
)
from ..fix_lines import ROAD, fails_at, states, told
from ..fix_pgbouncer import Pooler, PoolMode
from ..fix_proxy import proxy_to
from ..fix_ssh import USER, Bastion, write_key
from ..fix_tls import SERVER_NAME, Authority

needs_tls = pytest.mark.needs("tls-server")


def test_a_server_that_is_stopped(items_pair: Pair, state_folder: Path) -> None:
    cluster = Cluster(state_folder / "stopped")
    cluster.start({"fsync": "off"})
    side = Side(cluster.host, cluster.port, "postgres", "postgres", PASSWORD, cluster)
    cluster.stop("immediate")
    line = fails_at("host", told(side))
    assert line.detail == f"nobody listens at 127.0.0.1:{cluster.port}"
    assert "is the server running" in (line.remedy or "")


ELSEWHERE: dict[str, tuple[dict[str, Any], str, str]] = {
    "host": ({"host": "db.invalid"}, "host", "there is no host named 'db.invalid'"),
    "password": ({"user": "nobody_here"}, "credentials", "password authentication failed"),
    "database": ({"database": "no_such_db"}, "credentials", 'database "no_such_db" does not exist'),
    "TLS": (
        {"sslmode": "require"},
        "certificate",
        "server does not support SSL, but SSL was required",
    ),
}


@pytest.mark.parametrize(("more", "name", "said"), ELSEWHERE.values(), ids=ELSEWHERE.keys())
def test_what_is_wrong_in_the_configuration(
    items_pair: Pair, more: dict[str, Any], name: str, said: str
) -> None:
    line = fails_at(name, told(items_pair.source, **more))
    assert said in line.detail
    assert line.remedy
    assert line.seconds < 1.0  # never tried again


def test_what_answers_there_is_no_postgresql(items_pair: Pair, bastion: Bastion) -> None:
    line = fails_at("host", told(items_pair.source, port=bastion.port))
    assert line.detail == f"127.0.0.1:{bastion.port} answers, but not as PostgreSQL does"


def test_one_of_two_hosts_is_down(items_pair: Pair) -> None:
    dead = free_port()
    found = told(
        items_pair.source, host=["127.0.0.1", "127.0.0.1"], port=[dead, items_pair.source.port]
    )
    assert states(found)["warning"] == ["host"]
    assert f"127.0.0.1:{items_pair.source.port} answers" in found["host"].detail
    assert f"nobody listens at 127.0.0.1:{dead}" in found["host"].detail
    assert f" at 127.0.0.1:{items_pair.source.port}, " in found["credentials"].detail


@pytest.fixture
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two tries, one right after the other."""
    monkeypatch.setattr(lines, "PAUSES_OF_A_TEST_S", (0.0,))


@pytest.mark.usefixtures("no_pauses")
def test_a_database_that_sleeps_is_tried_again_and_that_is_shown(items_pair: Pair) -> None:
    """The first connection is only to see that something answers, the second one logs in."""
    with proxy_to(items_pair.source.port) as proxy:
        for number, name in ((1, "host"), (2, "credentials")):
            proxy.swallowed = {number}
            found = told(items_pair.source, port=proxy.port, connect_timeout_s=1)
            assert states(found)["failed"] == []
            assert states(found)["warning"] == [name]
            assert re.search(r"; 2nd attempt: the 1st took [1-9]\.\d s: ", found[name].detail)


@pytest.mark.usefixtures("no_pauses")
def test_a_database_that_does_not_wake_up(items_pair: Pair) -> None:
    with proxy_to(items_pair.source.port) as proxy:
        proxy.silent = True
        line = fails_at("host", told(items_pair.source, port=proxy.port, connect_timeout_s=1))
    assert re.match(
        r"2 attempts in [2-9]\.\d s: 127.0.0.1:\d+ does not answer within 1 s", line.detail
    )
    assert "connect_timeout_s" in (line.remedy or "")


def test_through_a_tunnel(
    items_pair: Pair, bastion: Bastion, private_key_file: Path, tmp_path: Path
) -> None:
    tunnel = {
        "host": "127.0.0.1", "port": bastion.port, "user": USER,
        "host_key": bastion.host_key_line, "private_key_file": str(private_key_file),
    }  # fmt: skip
    found = told(items_pair.source, tunnel=tunnel, sslmode="disable")
    assert set(states(found)["ok"]) == {*ROAD} - {"certificate"}
    assert found["SSH tunnel"].detail == f"open through 127.0.0.1:{bastion.port}"
    line = found["certificate"]  # behind the tunnel somebody may listen
    assert (line.state, line.detail) == ("warning", "not encrypted (sslmode disable)")
    stranger = write_key(tmp_path / "stranger")
    tunnel |= {"private_key_file": str(stranger)}
    line = fails_at("SSH tunnel", told(items_pair.source, tunnel=tunnel, sslmode="disable"))
    assert "the server refused user" in line.detail


def test_behind_a_tunnel_nobody_listens(
    items_pair: Pair, bastion: Bastion, private_key_file: Path
) -> None:
    tunnel = {
        "host": "127.0.0.1", "port": bastion.port, "user": USER,
        "host_key": bastion.host_key_line, "private_key_file": str(private_key_file),
    }  # fmt: skip
    dead = free_port()
    line = fails_at("host", told(items_pair.source, tunnel=tunnel, port=dead, sslmode="disable"))
    assert line.detail == f"127.0.0.1:{dead} hangs up at once"


@needs_tls
def test_what_is_encrypted_and_how_far_it_is_checked(
    tls_pair: Pair, authority_file: Path, tmp_path: Path
) -> None:
    def tried(**more: Any) -> dict[str, CheckResult]:
        return told(tls_pair.source, host=SERVER_NAME, **more)

    line = tried(sslmode="verify-full", sslrootcert=str(authority_file))["certificate"]
    assert line.state == "ok"
    assert re.fullmatch(
        r"TLSv1\.\d, \S+, certificate and name checked \(sslmode verify-full\)", line.detail
    )
    line = tried(sslmode="require")["certificate"]
    assert line.detail.endswith(", certificate not checked (sslmode require)")
    other = tmp_path / "other.pem"
    other.write_bytes(Authority("somebody else").certificate)
    line = fails_at("certificate", tried(sslmode="verify-full", sslrootcert=str(other)))
    assert "certificate" in line.detail


@pytest.mark.parametrize(
    ("encoding", "writes", "state", "said"),
    [
        ("SQL_ASCII", False, "warning", "does not know what its bytes mean"),
        ("LATIN1", False, "ok", "converted to UTF8"),
        ("LATIN1", True, "warning", "characters that it does not have are refused"),
    ],
)
def test_an_encoding_that_is_not_utf8(
    source_server: Cluster, encoding: str, writes: bool, state: str, said: str
) -> None:
    name = f"test_{encoding.lower()}_{writes}"
    made = sql.SQL("create database {} encoding {} locale 'C' template template0")
    with source_server.connect("postgres", autocommit=True) as connection:
        connection.execute(made.format(sql.Identifier(name), sql.Literal(encoding)))
        user, password = source_server.superuser, source_server.password
        side = Side(source_server.host, source_server.port, name, user, password, source_server)
        found = told(side, Asked(roles=("destination",) if writes else ()))
        connection.execute(sql.SQL("drop database {}").format(sql.Identifier(name)))
    assert found["encoding"].state == state
    assert said in found["encoding"].detail


@pytest.mark.parametrize(
    ("number", "said", "version", "other"),
    [
        (180006, "PostgreSQL 18.6 (Debian 18.6-1) on x86_64-pc-linux-gnu", "18.6", None),
        (120001, "PostgreSQL 12.1 on aarch64", "12.1", None),
        (130000, "CockroachDB CCL v24.1.0 (x86_64-pc-linux-gnu)", "13.0", "CockroachDB"),
        (150002, "PostgreSQL 15.2-YB-2025.1 on x86_64", "15.2", "YugabyteDB"),
        (140000, "SomethingNew 1.0 on x86_64", "14.0", "SomethingNew"),
    ],
)
def test_a_server_that_is_something_else_is_named(
    number: int, said: str, version: str, other: str | None
) -> None:
    server = Server(number, said, "UTF8")
    server.check_version()
    assert (server.version, server.other_name) == (version, other)


@pytest.mark.parametrize(
    ("number", "said", "message"),
    [
        (110022, "PostgreSQL 11.22 on x86_64", "the server is PostgreSQL 11.22; the oldest"),
        (90624, "PostgreSQL 9.6.24 on x86_64", "the server is PostgreSQL 9.6.24; the oldest"),
        (80002, "PostgreSQL 8.0.2 on i686, Redshift 1.0.7", r"8\.0\.2 \(Amazon Redshift\)"),
    ],
)
def test_a_version_below_12_is_refused(number: int, said: str, message: str) -> None:
    with pytest.raises(TerminalError, match=message):
        Server(number, said, "UTF8").check_version()


@pytest.mark.needs("pgbouncer")
@pytest.mark.parametrize(
    ("mode", "state"), [("transaction", "ok"), ("session", "ok"), ("statement", "failed")]
)
def test_the_mode_of_a_pooler(items_pair: Pair, pooler: Pooler, mode: PoolMode, state: str) -> None:
    pooler.lead_to(items_pair.source)
    line = told(items_pair.source, **pooler.before(items_pair.source, mode))["pooler"]
    assert line.state == state
    assert f"{mode} mode" in line.detail


@pytest.mark.needs("pgbouncer")
def test_a_pooler_that_deals_its_servers_in_turn(items_pair: Pair, pooler: Pooler) -> None:
    pooler.lead_to(items_pair.source)
    pooler.command("SET server_round_robin = 1")
    try:
        line = told(items_pair.source, **pooler.before(items_pair.source, "transaction"))["pooler"]
    finally:
        pooler.command("SET server_round_robin = 0")
    assert "transaction mode" in line.detail


@pytest.mark.needs("pgbouncer")
def test_a_pool_that_is_full_is_not_guessed_at(
    items_pair: Pair, pooler: Pooler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pooling, "PATIENCE_S", 0.3)
    side = items_pair.source
    pooler.lead_to(side)
    before = pooler.before(side, "session")
    with psycopg.connect(
        host=side.host, port=before["port"], dbname=before["database"], user=side.user,
        password=side.password,
    ) as client:  # fmt: skip
        client.execute("select 1")  # it keeps one of two servers
        with ThreadPoolExecutor() as pool:  # PgBouncer would let it wait for two minutes
            line = pool.submit(told, side, **before).result(timeout=60)["pooler"]
    assert line.state == "warning"
    assert "whose mode cannot be seen" in line.detail
