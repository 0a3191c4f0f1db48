"""What a server keeps of a password, so that a script need not hold the password itself."""

from __future__ import annotations

from psycopg import pq

NO_CONNECTION = b"none"  # not even a keyword: libpq fails before it opens anything


def verifier(password: str, user: str) -> str:
    """The SCRAM verifier of a password, made by libpq (with SASLprep and a salt of its own).

    Every server from 10 on takes it in place of the password, whatever its `password_encryption`:
    neither the script nor the server's log has the password then.

    Args:
        password: any text.
        user: the role.
    """
    # libpq asks for a connection, but it need not be one to a server.
    unconnected = pq.PGconn.connect_start(NO_CONNECTION)
    try:
        made = unconnected.encrypt_password(password.encode(), user.encode(), b"scram-sha-256")
    finally:
        unconnected.finish()
    return made.decode()
