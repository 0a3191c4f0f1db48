"""Who is not who they should be is refused, with what is wrong and which key to look at."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from pgsync_assets.connect import Endpoint
from pgsync_assets.connect import authorities as looked_for
from pgsync_assets.errors import CertificateError, ConfigurationError, PgsyncError

from ..fix_databases import Pair, Side
from ..fix_middle import middle_of
from ..fix_syncs import endpoint_of
from ..fix_tls import DAY, SERVER_NAME, Authority, self_signed, showing

needs_tls = pytest.mark.needs("tls-server")


def refused(end: Endpoint) -> PgsyncError:
    """The error of a connection that has to be refused."""
    with pytest.raises(PgsyncError) as caught, end.session("tls"):
        pass
    assert caught.value.remedy is not None
    return caught.value


def is_encrypted(end: Endpoint) -> bool:
    """Whether a connection that has to come about is encrypted."""
    with end.session("tls") as session, session.transaction("looking") as connection:
        query = "select ssl from pg_stat_ssl where pid = pg_backend_pid()"
        row = connection.execute(query).fetchone()
        return bool(row and row[0])


@needs_tls
def test_a_certificate_that_has_expired(
    tls_side: Side, authority: Authority, authority_file: Path
) -> None:
    end = endpoint_of("crm", tls_side, sslrootcert=str(authority_file))
    with showing(tls_side.cluster, authority.issue(SERVER_NAME, until=-DAY)):
        error = refused(end)
    assert isinstance(error, CertificateError)
    assert "the certificate expired on 20" in error.message
    assert "renew" in str(error.remedy)
    assert is_encrypted(end)


@needs_tls
def test_a_certificate_of_an_unknown_authority(tls_side: Side, tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    other.write_bytes(Authority("somebody else").certificate)
    for mode in ("verify-ca", "verify-full"):
        error = refused(endpoint_of("crm", tls_side, sslmode=mode, sslrootcert=str(other)))
        assert isinstance(error, CertificateError)
        assert "does not have: CN=tests of pgsync-assets" in error.message
        assert "`sslrootcert: FILE`" in str(error.remedy)


@needs_tls
def test_a_self_signed_certificate_is_refused_until_it_is_the_root(
    tls_side: Side, authority_file: Path, tmp_path: Path
) -> None:
    issued = self_signed(SERVER_NAME)
    with showing(tls_side.cluster, issued):
        error = refused(endpoint_of("crm", tls_side, sslrootcert=str(authority_file)))
        assert isinstance(error, CertificateError)
        assert "is self-signed" in error.message
        assert "certificate crm --write FILE" in str(error.remedy)
        own = tmp_path / "own.pem"
        own.write_bytes(issued[0])
        assert is_encrypted(endpoint_of("crm", tls_side, sslrootcert=str(own)))
        with showing(tls_side.cluster, self_signed(SERVER_NAME)):  # another one of this name
            refused(endpoint_of("crm", tls_side, sslrootcert=str(own)))


@needs_tls
def test_a_certificate_for_other_names(
    tls_side: Side, authority: Authority, authority_file: Path
) -> None:
    with showing(tls_side.cluster, authority.issue("db.example.com", "*.example.org")):
        end = endpoint_of("crm", tls_side, sslrootcert=str(authority_file))
        error = refused(end)
        assert isinstance(error, CertificateError)
        assert 'does not match host name "localhost"' in error.message
        assert "`host`" in str(error.remedy)
        by_authority = endpoint_of(
            "crm", tls_side, sslmode="verify-ca", sslrootcert=str(authority_file)
        )
        assert is_encrypted(by_authority)


@needs_tls
def test_an_address_that_the_certificate_is_for(
    tls_side: Side, authority: Authority, authority_file: Path
) -> None:
    end = endpoint_of("crm", tls_side, host="127.0.0.1", sslrootcert=str(authority_file))
    with showing(tls_side.cluster, authority.issue("127.0.0.1")):
        assert is_encrypted(end)


@needs_tls
def test_a_root_that_is_not_there(tls_side: Side, tmp_path: Path) -> None:
    missing = tmp_path / 'database "x" does not exist'
    error = refused(endpoint_of("crm", tls_side, sslrootcert=str(missing)))
    assert isinstance(error, ConfigurationError)
    assert "root certificate file" in error.message
    assert "`sslrootcert`" in str(error.remedy)


@needs_tls
def test_the_authorities_of_the_environment(
    tls_side: Side, authority_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`system` is the default of verify-full; an authority is added as for any other program."""
    full = endpoint_of("crm", tls_side, sslmode="verify-full")
    by_word = endpoint_of("crm", tls_side, sslrootcert="system")
    without = refused(full)
    assert isinstance(without, CertificateError)
    assert "does not have: CN=tests of pgsync-assets" in without.message
    monkeypatch.setenv("SSL_CERT_FILE", str(authority_file))
    assert is_encrypted(full)
    assert is_encrypted(by_word)


@needs_tls
def test_the_authorities_of_this_machine_are_found(
    tls_side: Side, authority_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The OpenSSL of psycopg's wheel looks where no machine has any; the file is named to it."""
    for name in looked_for.WHERE_OPENSSL_LOOKS:
        monkeypatch.delenv(name, raising=False)
    end = endpoint_of("crm", tls_side, sslmode="verify-full")
    refused(end)
    monkeypatch.setattr(looked_for, "BUNDLES", ("/no/such/file", str(authority_file)))
    nothing = ssl.get_default_verify_paths()._replace(openssl_cafile="/no/such/file")
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: nothing)
    assert looked_for.system_authorities() == str(authority_file)
    assert is_encrypted(end)


def test_this_machine_has_authorities() -> None:
    found = Path(looked_for.system_authorities({}))
    assert "BEGIN CERTIFICATE" in found.read_text(encoding="utf-8")


@pytest.fixture
def their_certificate(tmp_path: Path) -> Path:
    """What somebody in between can make for themselves: the right name, signed by nobody."""
    file = tmp_path / "theirs.pem"
    file.write_bytes(b"".join(self_signed(SERVER_NAME)))
    return file


@pytest.fixture
def stripping_port(database_pair: Pair) -> Iterator[int]:
    """A way to the source on which somebody says that it has no TLS."""
    with middle_of(database_pair.source.port) as middle:
        yield middle.port


@pytest.mark.parametrize("written", [{"sslmode": "require"}, {"sslrootcert": "system"}])
def test_tls_that_somebody_takes_out(
    database_pair: Pair, stripping_port: int, written: dict[str, str]
) -> None:
    error = refused(endpoint_of("crm", database_pair.source, port=stripping_port, **written))
    assert isinstance(error, CertificateError)
    assert "does not support SSL" in error.message
    assert "somebody between here and there" in str(error.remedy)


def test_what_the_warnings_say_is_true(
    database_pair: Pair, stripping_port: int, their_certificate: Path
) -> None:
    """prefer and require are read and written by whoever is in between."""
    side = database_pair.source
    assert not is_encrypted(endpoint_of("crm", side, port=stripping_port, sslmode="prefer"))
    with middle_of(side.port, their_certificate) as middle:
        at = {"host": SERVER_NAME, "port": middle.port}
        assert not is_encrypted(endpoint_of("crm", side, **at, sslmode="require"))
        assert b"pg_stat_ssl" in middle.read
        full = refused(endpoint_of("crm", side, **at, sslmode="verify-full"))
        assert "is self-signed" in full.message
        bound = refused(
            endpoint_of("crm", side, **at, sslmode="require", channel_binding="require")
        )
        assert "channel binding" in bound.message
        assert "scram-sha-256" in str(bound.remedy)


def test_a_server_that_speaks_no_tls_of_ours(database_pair: Pair, their_certificate: Path) -> None:
    side = database_pair.source
    with middle_of(side.port, their_certificate, ciphers="PSK") as middle:
        for written in ({"sslmode": "require"}, {"certificate_sha256": "00" * 32}):
            error = refused(endpoint_of("crm", side, port=middle.port, **written))
            assert isinstance(error, CertificateError)
            assert "ssl_ciphers" in str(error.remedy)
