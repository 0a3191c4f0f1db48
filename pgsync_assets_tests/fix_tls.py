"""A PostgreSQL server with TLS, and an authority of our own that signs its certificate.

The embedded server is built without TLS: tests that ask for this one are marked
`needs("tls-server")`.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from pgsync_assets.connect import Server, shown_chain
from pgsync_assets.embedded import Cluster
from pgsync_assets.embedded.binaries import Binaries
from pgsync_assets.embedded.servers import DESTINATION_ROLE, SOURCE_ROLE, create_login

from .fix_databases import (
    AUDIT_SCHEMA,
    LEDGER_SCHEMA,
    PASSWORD,
    PLANNER_SCHEMA,
    Pair,
    Side,
    database,
)
from .fix_needs import program
from .fix_servers import SETTINGS

SERVER_NAME = "localhost"
FILES = ("server.crt", "server.key")
DAY = dt.timedelta(days=1)


# Roles that log in by other ways than SCRAM: the server's pg_hba.conf has a line for each.
BY_CERTIFICATE, BY_PLAIN_PASSWORD = "by_certificate", "by_plain_password"
WAYS = {BY_CERTIFICATE: "cert", BY_PLAIN_PASSWORD: "password"}

Issued = tuple[bytes, bytes]
"""A certificate, with those above it where it was signed by an intermediate authority; its key."""


class Authority:
    """Signs certificates.

    Args:
        name: of the authority.
        above: who signed its own; itself by default.
    """

    def __init__(self, name: str, above: Authority | None = None) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self._above = above
        self._certificate = (above or self)._signed(self._name, self._key.public_key(), (), DAY)

    @property
    def certificate(self) -> bytes:
        """Its own certificate, for `sslrootcert`."""
        return self._certificate.public_bytes(serialization.Encoding.PEM)

    def issue(self, *names: str, until: dt.timedelta = DAY) -> Issued:
        """A certificate for hosts, or for a role, and its private key.

        Args:
            names: the first one is the common name, too.
            until: how long from now it is valid.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
        signed = self._signed(name, key.public_key(), names, until)
        above = self.certificate if self._above else b""
        return signed.public_bytes(serialization.Encoding.PEM) + above, _pem(key)

    def _signed(
        self,
        name: x509.Name,
        key: ec.EllipticCurvePublicKey,
        hosts: tuple[str, ...],
        until: dt.timedelta,
    ) -> x509.Certificate:
        is_authority = not hosts
        return _built(name, self._name, key, hosts, until, is_authority).sign(
            self._key, hashes.SHA256()
        )


def self_signed(*names: str) -> Issued:
    """A certificate that nobody else has signed, as a server has that was set up in a hurry."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    signed = _built(name, name, key.public_key(), names, DAY, False).sign(key, hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.PEM), _pem(key)


def fingerprint_of(certificate: bytes) -> str:
    """The SHA-256 of the first certificate of a PEM text, as openssl prints it."""
    found = x509.load_pem_x509_certificate(certificate).fingerprint(hashes.SHA256())
    return found.hex(":").upper()


def _built(
    name: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    hosts: tuple[str, ...],
    until: dt.timedelta,
    is_authority: bool,
) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.timezone.utc)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - 10 * DAY)
        .not_valid_after(now + until)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), True)
    )
    if not hosts:
        return builder
    names = [_general_name(host) for host in hosts]
    return builder.add_extension(x509.SubjectAlternativeName(names), False)


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


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
    _put(cluster, *authority.issue(SERVER_NAME))
    _write(cluster, "clients.crt", authority.certificate)
    rules = cluster.data / "pg_hba.conf"
    lines = [
        f"hostssl all {role} all {way}\nhostnossl all {role} all reject\n"
        for role, way in WAYS.items()
    ]
    rules.write_text("".join(lines) + rules.read_text())
    cluster.start(SETTINGS | {"ssl": "on", "ssl_ca_file": "clients.crt"})
    for role in WAYS:
        create_login(cluster, role, PASSWORD)
    yield cluster
    cluster.stop("immediate")


@pytest.fixture(scope="session")
def tls_side(tls_server: Cluster) -> Side:
    """A database of the server with TLS, for tests that only look who lets whom in."""
    create_login(tls_server, DESTINATION_ROLE, PASSWORD)
    return Side(SERVER_NAME, tls_server.port, "postgres", DESTINATION_ROLE, PASSWORD, tls_server)


@contextmanager
def showing(cluster: Cluster, issued: Issued) -> Iterator[None]:
    """Another certificate at the server with TLS, for the length of the block."""
    before = [(cluster.data / name).read_bytes() for name in FILES]
    _reloaded(cluster, issued)
    try:
        yield
    finally:
        _reloaded(cluster, (before[0], before[1]))


def _reloaded(cluster: Cluster, issued: Issued) -> None:
    _put(cluster, *issued)
    with cluster.connect("postgres") as connection:
        connection.execute("select pg_reload_conf()")
    server = Server(SERVER_NAME, cluster.port, (cluster.host, cluster.port))
    wanted = fingerprint_of(issued[0])
    deadline = time.monotonic() + 10
    while shown_chain(server, 5)[0].fingerprint != wanted:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _put(cluster: Cluster, *contents: bytes) -> None:
    for name, content in zip(FILES, contents, strict=True):
        _write(cluster, name, content)


def _write(cluster: Cluster, name: str, content: bytes) -> None:
    owner = cluster.data.stat()
    path = cluster.data / name
    path.write_bytes(content)
    path.chmod(0o600)
    os.chown(path, owner.st_uid, owner.st_gid)


@pytest.fixture
def tls_pair(tls_server: Cluster) -> Iterator[Pair]:
    """Fresh databases on the server with TLS."""
    with (
        database(tls_server, SOURCE_ROLE, PLANNER_SCHEMA, AUDIT_SCHEMA) as source,
        database(tls_server, DESTINATION_ROLE, LEDGER_SCHEMA) as destination,
    ):
        yield Pair(source, destination)
