"""A certificate that was written down: that one and no other, whoever has signed it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pgsync_assets.errors import AuthenticationError, CertificateError, ConnectionLost
from pgsync_assets.outcome import Counts

from ..fix_databases import Pair, Side
from ..fix_middle import middle_of
from ..fix_ssh import Bastion
from ..fix_syncs import Syncs, endpoint_of
from ..fix_tls import SERVER_NAME, Authority, fingerprint_of, self_signed, showing
from .test_certificates import is_encrypted, refused
from .test_tls import through

pytestmark = pytest.mark.needs("tls-server")


@pytest.fixture
def pin(tls_side: Side) -> str:
    """The fingerprint of the server's certificate, which an authority has signed."""
    certificate = (tls_side.cluster.data / "server.crt").read_bytes()
    return fingerprint_of(certificate)


def test_a_sync_with_pins(tls_pair: Pair, pin: str) -> None:
    syncs = Syncs(tls_pair)
    syncs.source = syncs.destination = {"certificate_sha256": pin}
    syncs.table("id integer primary key")
    syncs.pair.source.execute("insert into items values (1)")
    outcome = syncs.run()
    assert outcome.succeeded == Counts(added=1)
    assert outcome.notes == ()  # stronger than verify-full: no warning
    assert is_encrypted(syncs.endpoints[0])


def test_the_pin_of_another_certificate(tls_side: Side, pin: str) -> None:
    end = endpoint_of("crm", tls_side, certificate_sha256="00" * 32)
    error = refused(end)
    assert isinstance(error, CertificateError)
    assert pin in error.message
    assert "`certificate_sha256`" in str(error.remedy)
    two = [f"SHA256:{'00' * 32}", pin.replace(":", "").lower()]
    assert is_encrypted(endpoint_of("crm", tls_side, certificate_sha256=two))


def test_a_pin_beside_an_authority_asks_for_both(
    tls_side: Side, pin: str, authority_file: Path
) -> None:
    both = {"certificate_sha256": pin, "sslrootcert": str(authority_file)}
    assert is_encrypted(endpoint_of("crm", tls_side, **both))
    error = refused(endpoint_of("crm", tls_side, **both, host="127.0.0.1"))
    assert "does not match host name" in error.message


def test_a_server_that_takes_tls_out(tls_side: Side, pin: str) -> None:
    with middle_of(tls_side.port) as middle:
        error = refused(endpoint_of("crm", tls_side, port=middle.port, certificate_sha256=pin))
    assert isinstance(error, CertificateError)
    assert "connection 'crm': " in error.message
    assert "offers no TLS" in error.message


def test_a_swap_between_check_and_connect(tls_side: Side, pin: str, tmp_path: Path) -> None:
    """Whoever passes the check on and then stands in between cannot know the login's secret."""
    theirs = tmp_path / "theirs.pem"
    theirs.write_bytes(b"".join(self_signed(SERVER_NAME)))
    with middle_of(tls_side.port, theirs, patience=1) as middle:
        end = endpoint_of("crm", tls_side, port=middle.port, certificate_sha256=pin)
        error = refused(end)
        assert isinstance(error, AuthenticationError)
        assert "channel binding" in error.message
        assert "`channel_binding: prefer`" in str(error.remedy)
        assert middle.connections == 2
    with middle_of(tls_side.port, theirs, patience=1) as middle:  # what is given up without it
        weaker = endpoint_of(
            "crm", tls_side, port=middle.port, certificate_sha256=pin, channel_binding="prefer"
        )
        assert not is_encrypted(weaker)


def test_a_server_is_asked_once_while_its_endpoint_is_open(tls_side: Side, pin: str) -> None:
    with middle_of(tls_side.port, patience=100) as middle:
        end = endpoint_of("crm", tls_side, port=middle.port, certificate_sha256=pin)
        with end:
            for _ in range(3):
                assert is_encrypted(end)
        assert middle.connections == 1 + 3
        assert is_encrypted(end)
        assert middle.connections == 4 + 2


def test_the_files_of_a_home_folder_do_not_count(
    tls_side: Side, pin: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".postgresql").mkdir()
    root = tmp_path / ".postgresql" / "root.crt"
    root.write_bytes(Authority("somebody else").certificate)
    monkeypatch.setenv("HOME", str(tmp_path))
    refused(endpoint_of("crm", tls_side, sslmode="require"))  # libpq finds it there (trap 59)
    assert is_encrypted(endpoint_of("crm", tls_side, certificate_sha256=pin))


def test_every_host_has_to_show_a_pinned_one(tls_side: Side, pin: str, database_pair: Pair) -> None:
    """One that is down is left out; one that is up and another is refused, wherever it stands."""
    with middle_of(1) as down:
        pass
    hosts = {"host": [SERVER_NAME, SERVER_NAME], "certificate_sha256": pin}
    other = database_pair.source.port
    end = endpoint_of("crm", tls_side, **hosts, port=[down.port, tls_side.port])
    assert is_encrypted(end)
    error = refused(endpoint_of("crm", tls_side, **hosts, port=[tls_side.port, other]))
    assert f"{other} offers no TLS" in error.message
    lost = refused(endpoint_of("crm", tls_side, **hosts, port=[down.port, down.port]))
    assert isinstance(lost, ConnectionLost)


def test_through_a_tunnel(
    tls_side: Side, pin: str, bastion: Bastion, private_key_file: Path
) -> None:
    tunnel = through(bastion, private_key_file)
    assert is_encrypted(endpoint_of("crm", tls_side, certificate_sha256=pin, tunnel=tunnel))
    refused(endpoint_of("crm", tls_side, certificate_sha256="11" * 32, tunnel=tunnel))


def test_a_renewed_certificate_is_refused_by_the_old_pin(
    tls_side: Side, pin: str, authority: Authority
) -> None:
    end = endpoint_of("crm", tls_side, certificate_sha256=pin)
    with showing(tls_side.cluster, authority.issue(SERVER_NAME)):
        assert "not the pinned one" in refused(end).message
    assert is_encrypted(end)


def test_a_pin_of_a_socket_of_this_machine(tls_side: Side, pin: str) -> None:
    error = refused(endpoint_of("crm", tls_side, host="/run", certificate_sha256=pin))
    assert "Unix socket" in error.message
