"""Whom we believe who a server is: the authorities of this machine, or those of a file."""

from __future__ import annotations

import datetime as dt
import os
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from ..config.connection import SYSTEM
from ..errors import ConfigurationError
from .certificate import Certificate, Server, shown_chain, verify

BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Ubuntu, Alpine, Arch
    "/etc/pki/tls/certs/ca-bundle.crt",  # Fedora, Red Hat
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  # newer ones of them
    "/etc/ssl/ca-bundle.pem",  # SUSE
    "/etc/ssl/cert.pem",  # macOS, BSD
)
"""Where systems keep the certificates of the authorities that they trust."""

WHERE_OPENSSL_LOOKS = ("SSL_CERT_FILE", "SSL_CERT_DIR")

NOT_YET_VALID, EXPIRED, SELF_SIGNED = 9, 10, 18  # X509_V_ERR_* of OpenSSL
OTHER_NAME, OTHER_ADDRESS = 62, 64
DATE = "%Y-%m-%d %H:%M UTC"

Refusal = tuple[str, str]
"""What is wrong with a certificate, and what to do about it."""

_ASK = "ask the server's owner whether SHA-256 {sha256} is theirs"

_REFUSALS: dict[int, Refusal] = {
    NOT_YET_VALID: (
        "the certificate is valid only from {from}",
        "is the clock of this machine right?",
    ),
    EXPIRED: (
        "the certificate expired on {until}",
        "its owner has to renew it; is the clock of this machine right?",
    ),
    SELF_SIGNED: (
        "the certificate is self-signed, and `sslrootcert` does not have it",
        _ASK + "; if so, `pgsync-assets certificate {connection} --write FILE` and "
        "`sslrootcert: FILE`, or `--pin` and no `sslmode`",
    ),
}
_UNKNOWN_AUTHORITY: Refusal = (
    "the certificate is signed by an authority that `sslrootcert` does not have: {issuer}",
    "`sslrootcert: FILE`, with the certificate of that authority. Without one, " + _ASK + "; if "
    "so, `pgsync-assets certificate {connection} --pin` and no `sslmode`",
)
_EXPIRED_ABOVE: Refusal = (
    "a certificate above the server's own has expired; that was signed by {issuer}",
    "the server's owner has to renew the chain; is the file of `sslrootcert` the newest?",
)


class Trust(NamedTuple):
    """What a certificate has to be to be believed.

    Args:
        connection: name of the connection, for what to do about a refusal.
        authorities: path of a file with certificates, or `system`.
        checks_name: whether it has to be for the host's name, too.
        timeout_s: seconds to wait for each answer of a server.
    """

    connection: str
    authorities: str
    checks_name: bool
    timeout_s: float


def system_authorities(environment: Mapping[str, str] | None = None) -> str:
    """What libpq is told as `sslrootcert` so that it finds the authorities of this machine.

    The OpenSSL in psycopg's wheel looks for them in a folder that no machine has; only what the
    environment says is found by itself. So the file is named.

    Args:
        environment: default: this process's, which OpenSSL reads, too.

    Returns:
        A path; `system` where the environment says it, or no file is known.
    """
    known = os.environ if environment is None else environment
    if any(known.get(name) for name in WHERE_OPENSSL_LOOKS):
        return SYSTEM
    python_looks = ssl.get_default_verify_paths().openssl_cafile
    return next((path for path in (python_looks, *BUNDLES) if Path(path).is_file()), SYSTEM)


def refusal(server: Server, trust: Trust) -> Refusal | None:
    """Why a server's certificate is not believed, in words; None where it is.

    Args:
        server: whom to ask.
        trust: what it has to be.

    Raises:
        ConfigurationError: the authorities cannot be read.
        CertificateError: the server offers no TLS.
        ConnectionLost: it cannot be reached.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = trust.checks_name
    _load(context, trust.authorities)
    try:
        verify(server, context, trust.timeout_s)
    except ssl.SSLCertVerificationError as error:
        leaf = shown_chain(server, trust.timeout_s)[0]
        return _in_words(error, leaf, server.host, trust.connection)
    return None


def _load(context: ssl.SSLContext, authorities: str) -> None:
    if authorities == SYSTEM:
        context.load_default_certs()
        return
    try:
        context.load_verify_locations(authorities)
    except OSError as error:  # an SSLError is one, too
        raise ConfigurationError(
            f"sslrootcert: {authorities} cannot be read: {error.strerror or 'no certificates'}",
            "it has to be a file of certificates in PEM form",
        ) from None


def _in_words(
    error: ssl.SSLCertVerificationError, leaf: Certificate, host: str, connection: str
) -> Refusal:
    code = error.verify_code
    if code in (OTHER_NAME, OTHER_ADDRESS):
        return _other_name(leaf, host)
    told = _REFUSALS.get(code, _UNKNOWN_AUTHORITY)
    if code == EXPIRED and leaf.not_after > _now():
        told = _EXPIRED_ABOVE
    facts = {
        "from": leaf.not_before.strftime(DATE),
        "until": leaf.not_after.strftime(DATE),
        "issuer": leaf.issuer,
        "sha256": leaf.fingerprint,
        "connection": connection,
    }
    what, todo = (text.format_map(facts) for text in told)
    return what, todo


def _other_name(leaf: Certificate, host: str) -> Refusal:
    names = ", ".join(leaf.names) or "no host at all"
    return (
        f"the certificate is for {names}, not for {host}",
        "write the name that it is for as `host`, also where a tunnel leads there; `sslmode: "
        "verify-ca` would take any name that the authority has signed",
    )


def _now() -> dt.datetime:
    return dt.datetime.now(dt.timezone.utc)
