"""The loopback address: its free ports, and connections to a server of ours on one."""

from __future__ import annotations

import socket
from typing import Any

import psycopg

HOST = "127.0.0.1"


def connect(
    port: int, database: str, user: str, password: str | None, *, autocommit: bool = True
) -> psycopg.Connection[tuple[Any, ...]]:
    """Open a connection to a loopback server; libpq's variables (PGHOSTADDR ..) do not count."""
    return psycopg.connect(
        host=HOST,
        hostaddr=HOST,
        port=port,
        dbname=database,
        user=user,
        password=password,
        autocommit=autocommit,
        connect_timeout=10,
        sslmode="disable",
        gssencmode="disable",
        channel_binding="prefer",
        options="",
        application_name="pgsync-assets",
    )


def free_port() -> int:
    """Return a TCP port on the loopback address that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def is_free(port: int) -> bool:
    """Say whether a server could listen on this port now; 0 stands for no port."""
    if port == 0:
        return False
    with socket.socket() as probe:
        # As PostgreSQL does it: a port in TIME_WAIT counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
