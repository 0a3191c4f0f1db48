"""What a server shows of itself when it is asked for TLS, before anybody trusts it.

libpq tells neither the chain nor why it refused one. So we ask by ourselves: an SSLRequest as libpq
sends it, a handshake, and nothing after it.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization

from ..errors import CertificateError, ConnectionLost
from .ssl_request import SSL_REQUEST

NO_TLS = (
    "switch TLS on at the server (ssl = on). Where it is on, somebody between here and there takes "
    "it out. `sslmode: disable` would send everything in the clear"
)
NO_COMMON_TLS = (
    "the server and this machine found no common TLS: is a PostgreSQL on `port`, and what are its "
    "ssl_min_protocol_version and ssl_ciphers?"
)
_CUT_OFF = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)
_ENCODING_DER = 2  # _ssl.ENCODING_DER


class Server(NamedTuple):
    """Where TLS is asked for.

    Args:
        host: its name: what a certificate has to be for.
        port: its port.
        near: address and port to connect to: its own, or the near end of a tunnel.
    """

    host: str
    port: int
    near: tuple[str, int]


@dataclass(frozen=True)
class Certificate:
    """One certificate of a chain.

    Args:
        subject: who it is for.
        issuer: who signed it.
        names: host names and addresses that it is for; the subject's common name where it has none.
        not_before: it is valid from then on.
        not_after: and until then.
        sha256: its fingerprint, 64 digits of hex.
        self_signed: whether it is signed with its own key: an authority, or a server without one.
        pem: the certificate itself.
    """

    subject: str
    issuer: str
    names: tuple[str, ...]
    not_before: dt.datetime
    not_after: dt.datetime
    sha256: str
    self_signed: bool
    pem: str = field(repr=False)

    @property
    def fingerprint(self) -> str:
        """The fingerprint as openssl prints it: `AB:CD:..`."""
        digits = self.sha256.upper()
        return ":".join(digits[i : i + 2] for i in range(0, len(digits), 2))

    @staticmethod
    def read(der: bytes) -> Certificate:
        """A certificate from its bytes."""
        found = x509.load_der_x509_certificate(der)
        return Certificate(
            subject=found.subject.rfc4514_string(),
            issuer=found.issuer.rfc4514_string(),
            names=tuple(_names(found)),
            not_before=found.not_valid_before_utc,
            not_after=found.not_valid_after_utc,
            sha256=found.fingerprint(hashes.SHA256()).hex(),
            self_signed=_is_self_signed(found),
            pem=found.public_bytes(serialization.Encoding.PEM).decode(),
        )


def matches(name: str, host: str) -> bool:
    """Whether a name of a certificate is that of a host, as libpq compares them.

    Args:
        name: of the certificate: `db.example.com`, `*.example.com` (one label) or an address.
        host: the name or address that was asked for.
    """
    if _address(host) is not None:
        return _address(name) == _address(host)
    known, asked = name.lower(), host.lower().rstrip(".")
    if known.startswith("*."):
        return asked.partition(".")[2] == known[2:] and not asked.startswith(".")
    return known == asked


def shown_chain(server: Server, timeout_s: float) -> tuple[Certificate, ...]:
    """The certificates that a server shows, its own one first. None of them is checked.

    Args:
        server: whom to ask.
        timeout_s: seconds to wait for each answer.

    Raises:
        CertificateError: the server offers no TLS, or none that this machine speaks.
        ConnectionLost: it cannot be reached.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # whoever it is: this is about what is shown
    with _handshake(server, context, timeout_s) as wrapped:
        return tuple(Certificate.read(der) for der in _chain(wrapped))


def verify(server: Server, context: ssl.SSLContext, timeout_s: float) -> None:
    """Shakes hands with a server as a context wants it.

    Raises:
        ssl.SSLCertVerificationError: its certificate is refused.
        CertificateError: the server offers no TLS, or none that this machine speaks.
        ConnectionLost: it cannot be reached.
    """
    with _handshake(server, context, timeout_s):
        pass


@contextmanager
def _handshake(
    server: Server, context: ssl.SSLContext, timeout_s: float
) -> Iterator[ssl.SSLSocket]:
    context.set_alpn_protocols(["postgresql"])
    where = f"{server.host}:{server.port}"
    try:
        with socket.create_connection(server.near, timeout_s) as plain:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            _ask_for_tls(plain, where)
            with context.wrap_socket(plain, server_hostname=server.host) as wrapped:
                yield wrapped
                with suppress(OSError):
                    wrapped.unwrap()  # politely: a reset would be a line in the server's log
    except ssl.SSLCertVerificationError:
        raise
    except (OSError, ValueError) as error:  # ValueError: a name that cannot be one
        why = getattr(error, "reason", None) or getattr(error, "strerror", None)
        told = f"{where} did not show its certificate ({why or type(error).__name__})"
        if isinstance(error, ssl.SSLError) and not isinstance(error, _CUT_OFF):
            raise CertificateError(told, NO_COMMON_TLS) from None
        raise ConnectionLost(
            told, "check `host`, `port` and the firewall; is a PostgreSQL running there?"
        ) from None


def _ask_for_tls(plain: socket.socket, where: str) -> None:
    plain.sendall(SSL_REQUEST)
    # One byte and no more: whatever came with it was not encrypted (CVE-2021-23222).
    answer = plain.recv(1)
    if answer == b"N":
        raise CertificateError(f"{where} offers no TLS", NO_TLS)
    if answer != b"S":
        raise ConnectionLost(
            f"{where} does not answer as a PostgreSQL does", "check `host` and `port`"
        )


def _chain(wrapped: ssl.SSLSocket) -> list[bytes]:
    """All certificates where this Python tells them, else the server's own."""
    public = getattr(wrapped, "get_unverified_chain", None)  # since Python 3.13
    if public is not None:
        return list(public())
    inner: Any = getattr(wrapped, "_sslobj", None)
    told = getattr(inner, "get_unverified_chain", None)  # since 3.10, not documented
    found = [one.public_bytes(_ENCODING_DER) for one in told() or ()] if told else []
    return found or [wrapped.getpeercert(binary_form=True) or b""]


def _names(certificate: x509.Certificate) -> Iterator[str]:
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        for attribute in certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME):
            yield str(attribute.value)
        return
    yield from extension.value.get_values_for_type(x509.DNSName)
    yield from map(str, extension.value.get_values_for_type(x509.IPAddress))


def _is_self_signed(certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(certificate)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
