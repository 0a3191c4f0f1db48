"""What a connection that is weaker than verify-full means for who uses it."""

from __future__ import annotations

from collections.abc import Mapping

from ..config import SslMode
from ..config.connection import MAY_BE_PLAIN
from .parameters import Values

MEANINGS: Mapping[SslMode, str] = {
    "disable": "nothing is encrypted: whoever is on the way can read and change every row",
    "allow": "encrypted only if the server insists: whoever is on the way can have it left out, "
    "and read and change every row",
    "prefer": "encrypted only if the server offers it: whoever is on the way can have it left out, "
    "and read and change every row",
    "require": "encrypted, but any certificate will do: whoever is on the way can show one of "
    "their own, and read and change every row",
    "verify-ca": "any server with a certificate of that authority will do, whatever its name",
}
"""By mode; verify-full is not weaker than itself."""

BOUND = "any certificate will do, if the server behind it knows the login's SCRAM secret"
"""With channel binding, where nobody looks who signed the certificate."""


def weakness(values: Values) -> str | None:
    """What is weaker than verify-full in a connection, and what that means.

    Args:
        values: of the connection.

    Returns:
        One sentence; None for verify-full, for a pinned certificate, which is stronger, and where
        nothing leaves this machine.

    Raises:
        ConfigurationError: the variable of a host is not set.
    """
    config, hosts = values.config, values.hosts()
    mode = config.effective_sslmode(hosts)
    if mode == "verify-full" or config.fingerprints or config.is_local(hosts):
        return None
    meaning = MEANINGS[mode]
    if mode == "require" and config.sslrootcert is not None:
        meaning = MEANINGS["verify-ca"]  # libpq looks who signed it then (trap 59)
    elif mode not in MAY_BE_PLAIN and config.channel_binding == "require":
        meaning = BOUND
    return (
        f"connection {values.name!r} ({config.address}) is weaker than verify-full, by "
        f"`sslmode: {mode}`: {meaning}"
    )
