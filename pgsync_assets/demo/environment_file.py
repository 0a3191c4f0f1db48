"""A file that a shell reads, so that people can look into the demo with psql and our commands."""

from __future__ import annotations

from pathlib import Path

from pgsync_assets.embedded.servers import DESTINATION_ROLE, SOURCE_ROLE, Servers
from pgsync_assets.embedded.state import write_private


def write_environment_file(servers: Servers, defs: Path) -> Path:
    """Write `demo.env` and the password file it names into the state folder, for its owner only.

    Args:
        servers: with the demo's cluster running.
        defs: folder of the demo's definitions.

    Returns:
        The file; a shell reads it with `set -a; . FILE`.
    """
    passwords = servers.directory / "pgpass"
    server = f"{servers.demo.host}:{servers.demo.port}"
    lines = [f"{server}:*:{r}:{servers.password(r)}" for r in (SOURCE_ROLE, DESTINATION_ROLE)]
    write_private(passwords, "".join(f"{line}\n" for line in lines))
    variables = servers.environment() | {"PGSYNC_DEFS": str(defs), "PGPASSFILE": str(passwords)}
    file = servers.directory / "demo.env"
    write_private(file, "".join(f"{name}={_quoted(value)}\n" for name, value in variables.items()))
    return file


def _quoted(value: str) -> str:
    """A value in the quotes of a shell."""
    return "'" + value.replace("'", "'\\''") + "'"
