"""A server proves who it is, or nothing is sent to it; also through a tunnel."""

from __future__ import annotations

from pathlib import Path

import pytest

from pgsync_assets.errors import AuthenticationError
from pgsync_assets.outcome import Counts

from ..fix_databases import Pair
from ..fix_ssh import USER, Bastion
from ..fix_syncs import Syncs, endpoint_of
from ..fix_tls import SERVER_NAME, Authority

needs_tls = pytest.mark.needs("tls-server")


@needs_tls
def test_a_sync_through_verified_connections(tls_pair: Pair, authority_file: Path) -> None:
    syncs = Syncs(tls_pair)
    syncs.source = syncs.destination = {
        "host": SERVER_NAME, "sslmode": "verify-full", "sslrootcert": str(authority_file),
    }  # fmt: skip
    syncs.table("id integer primary key")
    syncs.pair.source.execute("insert into items values (1)")
    assert syncs.run().succeeded == Counts(added=1)
    source, _ = syncs.endpoints
    with source.session("tls") as session, session.transaction("looking") as connection:
        query = "select ssl from pg_stat_ssl where pid = pg_backend_pid()"
        assert connection.execute(query).fetchone() == (True,)


@needs_tls
def test_a_certificate_of_another_name_is_refused(tls_pair: Pair, authority_file: Path) -> None:
    end = endpoint_of(
        "crm", tls_pair.source, host="127.0.0.1", sslmode="verify-full",
        sslrootcert=str(authority_file),
    )  # fmt: skip
    with pytest.raises(AuthenticationError, match="does not match host name") as caught, end:
        end.session("tls").__enter__()
    assert caught.value.remedy is not None
    assert "`host`" in caught.value.remedy


@pytest.mark.parametrize("mode", ["require", "verify-ca", "verify-full"])
def test_a_server_without_tls_is_refused(database_pair: Pair, mode: str, tmp_path: Path) -> None:
    authority = tmp_path / "authority.pem"
    authority.write_bytes(Authority("any").certificate)
    end = endpoint_of("crm", database_pair.source, sslmode=mode, sslrootcert=str(authority))
    with pytest.raises(AuthenticationError, match="does not support SSL"):
        end.session("tls").__enter__()


def test_through_a_tunnel_a_server_without_tls_is_refused_unless_allowed(
    database_pair: Pair, bastion: Bastion, private_key_file: Path, tmp_path: Path
) -> None:
    """On loopback TLS may be missing, but the loopback end of a tunnel is not the server."""
    authority = tmp_path / "authority.pem"
    authority.write_bytes(Authority("any").certificate)
    end = endpoint_of(
        "crm", database_pair.source, sslrootcert=str(authority),
        tunnel=through(bastion, private_key_file),
    )  # fmt: skip
    with pytest.raises(AuthenticationError, match="does not support SSL"):
        end.session("tls").__enter__()


@needs_tls
def test_through_a_tunnel_the_real_name_is_verified(
    tls_pair: Pair, authority_file: Path, bastion: Bastion, private_key_file: Path
) -> None:
    tunnel = through(bastion, private_key_file)
    right = endpoint_of(
        "crm", tls_pair.source, host=SERVER_NAME, sslrootcert=str(authority_file), tunnel=tunnel
    )
    with right.session("tls") as session, session.transaction("looking") as connection:
        query = "select ssl from pg_stat_ssl where pid = pg_backend_pid()"
        assert connection.execute(query).fetchone() == (True,)
    assert bastion.forwarded == [(SERVER_NAME, tls_pair.source.port)]
    wrong = endpoint_of(
        "crm", tls_pair.source, host="127.0.0.1", sslrootcert=str(authority_file), tunnel=tunnel
    )
    with pytest.raises(AuthenticationError, match="does not match host name"):
        wrong.session("tls").__enter__()


def through(bastion: Bastion, private_key_file: Path) -> dict[str, object]:
    """The configuration of a tunnel."""
    return {
        "host": "127.0.0.1", "port": bastion.port, "user": USER,
        "host_key": bastion.host_key_line, "private_key_file": str(private_key_file),
    }  # fmt: skip
