"""A PostgreSQL server with TLS, and an authority of our own that signs its certificate.

The embedded server is built without TLS: tests that ask for this one are marked
`needs("tls-server")`.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from pgsync_assets.embedded import Cluster
from pgsync_assets.embedded.binaries import Binaries
from pgsync_assets.embedded.servers import DESTINATION_ROLE, SOURCE_ROLE

from .fix_databases import AUDIT_SCHEMA, LEDGER_SCHEMA, PLANNER_SCHEMA, Pair, database
from .fix_needs import program
from .fix_servers import SETTINGS

SERVER_NAME = "localhost"
DAY = dt.timedelta(days=1)


class Authority:
    """Signs certificates.

    Args:
        name: of the authority.
    """

    def __init__(self, name: str) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self._certificate = self._signed(self._name, self._key.public_key(), None)

    @property
    def certificate(self) -> bytes:
        """Its own certificate, for `sslrootcert`."""
        return self._certificate.public_bytes(serialization.Encoding.PEM)

    def issue(self, host: str) -> tuple[bytes, bytes]:
        """A certificate for a host, and its private key."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        signed = self._signed(name, key.public_key(), host)
        return signed.public_bytes(serialization.Encoding.PEM), key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )

    def _signed(
        self, name: x509.Name, key: ec.EllipticCurvePublicKey, host: str | None
    ) -> x509.Certificate:
        now = dt.datetime.now(dt.timezone.utc)
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - DAY)
            .not_valid_after(now + DAY)
            .add_extension(x509.BasicConstraints(ca=host is None, path_length=None), True)
        )
        if host is not None:
            builder = builder.add_extension(
                x509.SubjectAlternativeName([x509.DNSName(host)]), False
            )
        return builder.sign(self._key, hashes.SHA256())


@pytest.fixture(scope="session")
def authority() -> Authority:
    """Who signed the certificate of `tls_server`."""
    return Authority("tests of pgsync-assets")


@pytest.fixture(scope="session")
def authority_file(authority: Authority, state_folder: Path) -> Path:
    """The authority's certificate, for `sslrootcert`."""
    path = state_folder / "authority.pem"
    path.write_bytes(authority.certificate)
    return path


@pytest.fixture(scope="session")
def tls_server(authority: Authority, state_folder: Path) -> Iterator[Cluster]:
    """An installed PostgreSQL that speaks TLS, under the name `localhost`."""
    cluster = Cluster(state_folder / "tls", Binaries(program("tls-server"), "system"))
    cluster.start(SETTINGS)
    cluster.stop()
    certificate, key = authority.issue(SERVER_NAME)
    owner = cluster.data.stat()
    for name, content in (("server.crt", certificate), ("server.key", key)):
        path = cluster.data / name
        path.write_bytes(content)
        path.chmod(0o600)
        os.chown(path, owner.st_uid, owner.st_gid)
    cluster.start(SETTINGS | {"ssl": "on"})
    yield cluster
    cluster.stop("immediate")


@pytest.fixture
def tls_pair(tls_server: Cluster) -> Iterator[Pair]:
    """Fresh databases on the server with TLS."""
    with (
        database(tls_server, SOURCE_ROLE, PLANNER_SCHEMA, AUDIT_SCHEMA) as source,
        database(tls_server, DESTINATION_ROLE, LEDGER_SCHEMA) as destination,
    ):
        yield Pair(source, destination)
