"""How we show who we are over TLS: our own certificate, and the ways to log in that we accept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization

from pgsync_assets.connect import Endpoint
from pgsync_assets.connect.parameters import Values, libpq_parameters
from pgsync_assets.errors import AuthenticationError, ConfigurationError, PgsyncError

from ..fix_databases import Side
from ..fix_syncs import connection_of, endpoint_of
from ..fix_tls import BY_CERTIFICATE, BY_PLAIN_PASSWORD, DAY, Authority, Issued
from .test_certificates import is_encrypted, refused

pytestmark = pytest.mark.needs("tls-server")
PASSPHRASE = "a pässphrase"  # noqa: S105


class Files:
    """A certificate and its key in two files, as `sslcert` and `sslkey` name them."""

    def __init__(self, folder: Path, issued: Issued, passphrase: str | None = None) -> None:
        self.certificate, self.key = folder / "us.crt", folder / "us.key"
        self.certificate.write_bytes(issued[0])
        self.key.write_bytes(_encrypted(issued[1], passphrase) if passphrase else issued[1])
        self.key.chmod(0o600)

    def end(self, side: Side, root: Path, user: str = BY_CERTIFICATE, **more: Any) -> Endpoint:
        """A connection of a role with this certificate, without a password."""
        config = connection_of(
            side, user=user, password=None, sslcert=str(self.certificate), sslkey=str(self.key),
            sslrootcert=str(root), **more,
        )  # fmt: skip
        return Endpoint("crm", config, {"KEY": PASSPHRASE, "WRONG": "wrong"})


def _encrypted(key: bytes, passphrase: str) -> bytes:
    return serialization.load_pem_private_key(key, None).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(passphrase.encode()),
    )


def is_of(error: PgsyncError, kind: type[PgsyncError], said: str, key: str) -> None:
    """What is wrong, and which key of the connection to look at."""
    assert isinstance(error, kind)
    assert PASSPHRASE not in str(error)
    assert said in error.message
    assert f"`{key}`" in str(error.remedy)


def test_a_certificate_of_ours(
    tls_side: Side, authority: Authority, authority_file: Path, tmp_path: Path
) -> None:
    files = Files(tmp_path, authority.issue(BY_CERTIFICATE), PASSPHRASE)
    assert is_encrypted(files.end(tls_side, authority_file, sslpassword="$KEY"))  # noqa: S106
    error = refused(files.end(tls_side, authority_file, sslpassword="$WRONG"))  # noqa: S106
    is_of(error, ConfigurationError, "could not load private key file", "sslpassword")
    end = files.end(tls_side, authority_file)
    is_of(refused(end), ConfigurationError, "could not load private key file", "sslpassword")
    values = Values("crm", end.config, {})
    assert libpq_parameters(values)["sslpassword"]  # else OpenSSL asks at the terminal, and waits


def test_a_server_that_asks_for_a_certificate(tls_side: Side, authority_file: Path) -> None:
    end = endpoint_of("crm", tls_side, user=BY_CERTIFICATE, sslrootcert=str(authority_file))
    is_of(refused(end), AuthenticationError, "valid client certificate", "sslcert")


def test_a_certificate_of_another_role(
    tls_side: Side, authority: Authority, authority_file: Path, tmp_path: Path
) -> None:
    end = Files(tmp_path, authority.issue("somebody")).end(tls_side, authority_file)
    is_of(refused(end), AuthenticationError, "certificate authentication failed", "user")


@pytest.mark.parametrize("wrong", ["authority", "expired"])
def test_a_certificate_that_the_server_does_not_take(
    tls_side: Side, authority: Authority, authority_file: Path, tmp_path: Path, wrong: str
) -> None:
    signer = Authority("somebody else") if wrong == "authority" else authority
    until = DAY if wrong == "authority" else -DAY
    end = Files(tmp_path, signer.issue(BY_CERTIFICATE, until=until)).end(tls_side, authority_file)
    is_of(refused(end), AuthenticationError, "alert", "sslcert")


def test_a_key_that_everybody_may_read(
    tls_side: Side, authority: Authority, authority_file: Path, tmp_path: Path
) -> None:
    files = Files(tmp_path, authority.issue(BY_CERTIFICATE))
    files.key.chmod(0o644)
    error = refused(files.end(tls_side, authority_file))
    is_of(error, ConfigurationError, str(files.key), "sslkey")
    assert "chmod 600" in str(error.remedy)


def test_a_key_of_another_certificate(
    tls_side: Side, authority: Authority, authority_file: Path, tmp_path: Path
) -> None:
    files = Files(tmp_path, authority.issue(BY_CERTIFICATE))
    files.key.write_bytes(authority.issue(BY_CERTIFICATE)[1])
    error = refused(files.end(tls_side, authority_file))
    is_of(error, ConfigurationError, "key values mismatch", "sslkey")
    files.key.unlink()
    error = refused(files.end(tls_side, authority_file))
    is_of(error, ConfigurationError, "but not private key file", "sslkey")
    files.certificate.unlink()  # libpq would go on without one
    error = refused(files.end(tls_side, authority_file))
    is_of(error, ConfigurationError, f"there is no file {files.certificate}", "sslcert")


def test_channel_binding(tls_side: Side, authority_file: Path) -> None:
    """A login that is no SCRAM proves nothing about who is at the other end."""
    root = str(authority_file)
    required = {"sslrootcert": root, "channel_binding": "require"}
    assert is_encrypted(endpoint_of("crm", tls_side, **required))
    end = endpoint_of("crm", tls_side, user=BY_PLAIN_PASSWORD, **required)
    is_of(refused(end), AuthenticationError, "channel binding", "channel_binding: prefer")


def test_ways_to_log_in(tls_side: Side, authority_file: Path) -> None:
    """A server that asks for the password itself does not get it."""
    root = str(authority_file)
    plain = {"user": BY_PLAIN_PASSWORD, "sslrootcert": root}
    assert is_encrypted(endpoint_of("crm", tls_side, **plain))
    error = refused(endpoint_of("crm", tls_side, **plain, require_auth="scram-sha-256"))
    is_of(error, AuthenticationError, "authentication method requirement", "require_auth")
    scram = endpoint_of("crm", tls_side, sslrootcert=root, require_auth="scram-sha-256")
    assert is_encrypted(scram)


def test_a_server_that_lets_nobody_in_without_tls(tls_side: Side) -> None:
    end = endpoint_of("crm", tls_side, user=BY_PLAIN_PASSWORD, sslmode="disable")
    is_of(refused(end), AuthenticationError, "no encryption", "sslmode: verify-full")
