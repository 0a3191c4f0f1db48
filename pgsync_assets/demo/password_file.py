"""The passwords of the demo's roles, as psql reads them."""

from __future__ import annotations

from pathlib import Path

from pgsync_assets.embedded.servers import DESTINATION_ROLE, SOURCE_ROLE, Servers
from pgsync_assets.embedded.state import write_private


def write_password_file(servers: Servers) -> Path:
    """Writes `pgpass` into the state folder, for its owner only.

    Args:
        servers: with the demo's cluster running.

    Returns:
        The file, for PGPASSFILE.
    """
    file = servers.directory / "pgpass"
    server = f"{servers.demo.host}:{servers.demo.port}"
    lines = [f"{server}:*:{r}:{servers.password(r)}" for r in (SOURCE_ROLE, DESTINATION_ROLE)]
    write_private(file, "".join(f"{line}\n" for line in lines))
    return file
