"""The gateway's own key: made once, in the state folder, for its owner only."""

from __future__ import annotations

from pathlib import Path

from ..embedded.state import make_folder, read_private, write_private
from ..errors import ConfigurationError

FILE = "gateway_host_key"


def gateway_key(directory: Path) -> str:
    """The private host key of the gateway, as OpenSSH writes it; made where there is none.

    Args:
        directory: the state folder.

    Raises:
        ConfigurationError: others can read it.
        EmbeddedError: the folder or the file belongs to another user.
    """
    import asyncssh

    file = directory.absolute() / FILE
    make_folder(file.parent)
    if read_private(file) is None:
        write_private(
            file, asyncssh.generate_private_key("ssh-ed25519").export_private_key().decode()
        )
    if file.stat().st_mode & 0o077:
        raise ConfigurationError(
            f"other users can read {file}, the gateway's private key",
            f"was it copied? make a new one: rm {file}; or keep it: chmod 600 {file}",
        )
    return read_private(file) or ""


def public_line(private_key: str) -> str:
    """The public key of a private one: `ssh-ed25519 AAAA...`."""
    import asyncssh

    exported = asyncssh.import_private_key(private_key).export_public_key().decode()
    return " ".join(exported.split()[:2])


def fingerprint(line: str) -> str:
    """`SHA256:...` of a public key, as `ssh` shows it at the first connection."""
    import asyncssh

    return asyncssh.import_public_key(line).get_fingerprint("sha256")


def known_hosts_line(host: str, port: int, line: str) -> str:
    """What a customer puts into known_hosts.

    Args:
        host: of the gateway, as the customer names it.
        port: of the gateway.
        line: its public key.
    """
    return f"{host} {line}" if port == 22 else f"[{host}]:{port} {line}"
