"""A connection that did not come about: libpq's words as one of our errors, by a table.

libpq gives no SQLSTATE before a session is there, only text. The first line of the table that
finds its words decides; what no line knows counts as unreachable.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from ..errors import (
    AuthenticationError,
    CertificateError,
    ConfigurationError,
    ConnectionLost,
    OutOfResources,
    PgsyncError,
)
from ..redact import redact
from .certificate import NO_COMMON_TLS, NO_TLS

UNTRUSTED = "certificate verify failed"


class Rule(NamedTuple):
    """Words of libpq, and what they mean.

    Args:
        words: a regular expression that finds them.
        kind: which error it is.
        remedy: what to do about it; the key of the connection to look at is in it.
    """

    words: str
    kind: type[PgsyncError]
    remedy: str | None


RULES = (
    # What is wrong on this machine: nothing was sent yet.
    Rule(
        r"root certificate file .* does not exist|could not read root certificate file",
        ConfigurationError,
        "`sslrootcert` has to be the path of a file of certificates in PEM form, or `system`",
    ),
    Rule(
        r"weak sslmode .* may not be used with sslrootcert=system",
        ConfigurationError,
        "leave `sslmode` out: with the CAs of the system it has to be verify-full",
    ),
    Rule(
        r"private key file .* (?:has group or world access|must be owned by)",
        ConfigurationError,
        "the key of `sslkey` is everybody's to read: chmod 600 FILE, by the user that runs this",
    ),
    Rule(
        r"certificate does not match private key file|key values mismatch",
        ConfigurationError,
        "`sslkey` has to be the key of the certificate in `sslcert`",
    ),
    Rule(
        r"could not load private key file",
        ConfigurationError,
        "is `sslkey` a private key, and is `sslpassword` given, and right, where it is encrypted?",
    ),
    Rule(
        r"private key file|certificate present, but not private key|could not read certificate file"
        r"|could not open certificate file",
        ConfigurationError,
        "`sslcert` and `sslkey` have to be the paths of a certificate and of its key, in PEM form",
    ),
    # What libpq did not like about the server.
    Rule(
        r"server certificate for .* does not match host name",
        CertificateError,
        "write a name that the certificate is for as `host`, also where a tunnel leads there "
        "(`pgsync-assets certificate NAME` lists them); `sslmode: verify-ca` takes any name",
    ),
    Rule(
        UNTRUSTED,
        CertificateError,
        "check `sslrootcert`; `pgsync-assets certificate NAME` shows what the server has",
    ),
    Rule(r"server does not support SSL", CertificateError, NO_TLS),
    Rule(
        r"channel binding (?:is )?required",
        AuthenticationError,
        "`channel_binding: require`, also the default of a pinned certificate, needs a password "
        "stored as scram-sha-256 and nobody in between who ends TLS, as a pooler may. "
        "`channel_binding: prefer` goes without that proof",
    ),
    Rule(
        r"authentication method requirement .* failed",
        AuthenticationError,
        "the server asks for another way to log in than `require_auth` allows: change pg_hba.conf "
        "there, or `require_auth`",
    ),
    # What the server did not like about us.
    Rule(
        r"requires a valid client certificate|certificate required",
        CertificateError,
        "the server asks for a certificate of ours: write `sslcert` and `sslkey`",
    ),
    Rule(
        r"certificate authentication failed",
        CertificateError,
        "the certificate of `sslcert` is for another role: its common name has to be `user`, "
        "unless the server maps it (pg_ident.conf)",
    ),
    Rule(
        r"alert (?:unknown ca|bad certificate|certificate \w+)|sslv3 alert certificate \w+",
        CertificateError,
        "the server refuses the certificate of `sslcert`: has it expired, and does the server's "
        "ssl_ca_file have who signed it?",
    ),
    Rule(
        r"pg_hba\.conf.*(?:no encryption|SSL off)",
        AuthenticationError,
        "the server lets nobody in like this without TLS: `sslmode: verify-full`; or pg_hba.conf "
        "there has no line for this `user`, `database` and address",
    ),
    Rule(
        r"authentication failed|no password|pg_hba\.conf",
        AuthenticationError,
        "check `user` and `password` of the connection",
    ),
    Rule(
        r'database ".*" does not exist|no such database',  # the latter is PgBouncer's
        ConfigurationError,
        "check `database` of the connection",
    ),
    Rule(
        r'role ".*" is not permitted to log in',
        AuthenticationError,
        "as an administrator: ALTER ROLE .. LOGIN; or it was closed for a while on purpose",
    ),
    Rule(
        r'database ".*" is not currently accepting connections',
        AuthenticationError,
        "as an administrator: ALTER DATABASE .. ALLOW_CONNECTIONS true; or it was closed for a "
        "while on purpose",
    ),
    Rule(
        r'role ".*" does not exist|no such user',
        AuthenticationError,
        "check `user` of the connection",
    ),
    Rule(
        r"unsupported protocol|no protocols available|wrong version number|alert protocol version"
        r"|no shared cipher|handshake failure",
        CertificateError,
        NO_COMMON_TLS,
    ),
    Rule(r"too many|remaining connection slots", OutOfResources, None),
    Rule(
        r"session is read-only|hot standby mode",
        ConnectionLost,
        "no host is what `target_session_attrs` asks for; is a standby to be promoted?",
    ),
)

UNREACHABLE = Rule(
    "", ConnectionLost, "check `host`, `port` and the firewall; is the server running?"
)


def refused(endpoint: str, message: str, secrets: Iterable[str] = ()) -> PgsyncError:
    """One of our errors for a connection that libpq could not open.

    Args:
        endpoint: who could not be reached, without secrets.
        message: what libpq said, of each host where there are several.
        secrets: what is not repeated of it. It is understood as it is: a password may be a word.
    """
    heard = of_each_host(message)
    said = of_each_host(redact(message, secrets))  # first: a secret may have line ends, too
    rule = next((rule for rule in RULES if re.search(rule.words, heard)), UNREACHABLE)
    return rule.kind(f"{endpoint}: {said}", rule.remedy)


def of_each_host(message: str) -> str:
    """What psycopg says of a connection that failed, in one line and each host once."""
    attempts = re.split(r"^- host: .*?, port: .*?, hostaddr: .*?: ", message, flags=re.MULTILINE)
    told = dict.fromkeys(" ".join(text.split()) for text in attempts[1:] or attempts)
    return "; ".join(text.removeprefix("connection failed: ") for text in told)


def is_of_certificate(message: str) -> bool:
    """Whether libpq says that it does not believe a server's certificate, without saying why.

    Args:
        message: what libpq said.
    """
    return UNTRUSTED in message
