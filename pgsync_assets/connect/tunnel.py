"""An SSH forward tunnel on loopback, with a pinned host key or not at all.

sshtunnel carries it, with its defaults turned safe: it binds loopback only, takes no key from an
agent or a home folder and reads no configuration of the user.
"""

from __future__ import annotations

import base64
import logging
import socket
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from ..config import TunnelConfig
from ..errors import AuthenticationError, ConfigurationError, ConnectionLost
from .secrets import resolve

if TYPE_CHECKING:
    import paramiko
    from sshtunnel import SSHTunnelForwarder

TIMEOUT_S = 15  # to reach the SSH server, and again to shake hands


class Tunnel:
    """A loopback port that leads to a server behind an SSH server.

    Args:
        name: name of the connection it belongs to, for messages.
        config: the SSH server, its pinned key and our credentials.
        target: host and port of PostgreSQL as the SSH server sees it.
        environment: where `$NAME` values come from.
    """

    def __init__(
        self,
        name: str,
        config: TunnelConfig,
        target: tuple[str, int],
        environment: Mapping[str, str],
    ) -> None:
        self._name = name
        self._config = config
        self._target = target
        self._environment = environment
        self._forwarder: SSHTunnelForwarder | None = None

    def open(self) -> int:
        """Opens the tunnel.

        Returns:
            The local port, on 127.0.0.1.

        Raises:
            ConfigurationError: the pinned key or the private key cannot be read.
            AuthenticationError: the server showed another host key, or refused our credentials.
            ConnectionLost: the server cannot be reached.
        """
        import paramiko
        from sshtunnel import BaseSSHTunnelForwarderError, SSHTunnelForwarder

        key, password = self._private_key(), self._secret("password")
        self._prove(key, password)
        forwarder = SSHTunnelForwarder(
            (self._config.host, self._config.port),
            ssh_username=self._config.user,
            ssh_password=password,
            ssh_pkey=key,
            ssh_host_key=host_key(self._config.host_key, self._where),
            remote_bind_address=self._target,
            local_bind_address=("127.0.0.1", 0),
            allow_agent=False,
            host_pkey_directories=[],
            ssh_config_file=None,
            set_keepalive=5.0,
            logger=_silent(),
        )
        try:
            forwarder.start()
        except (BaseSSHTunnelForwarderError, paramiko.SSHException, OSError) as error:
            _give_up(forwarder)
            raise ConnectionLost(
                f"{self._where}: the tunnel did not open ({type(error).__name__})",
                "the SSH server's own log says why",
            ) from None
        self._forwarder = forwarder
        return int(forwarder.local_bind_port)

    def close(self) -> None:
        """Closes the tunnel and every connection through it."""
        if self._forwarder is not None:
            self._forwarder.stop(force=True)
            self._forwarder = None

    @property
    def _where(self) -> str:
        return f"connection {self._name!r}, tunnel to {self._config.host}:{self._config.port}"

    def _secret(self, field: str) -> str | None:
        value = getattr(self._config, field)
        if value is None:
            return None
        return resolve(value, self._environment, f"{self._where}, {field}")

    def _private_key(self) -> paramiko.PKey | None:
        if self._config.private_key_file is None:
            return None
        import paramiko

        path = resolve(
            self._config.private_key_file, self._environment, f"{self._where}, private_key_file"
        )
        try:
            passphrase = _encoded(self._secret("private_key_passphrase"))
            # paramiko says str, and hands it to cryptography, which takes bytes only.
            return paramiko.PKey.from_path(path, passphrase)  # type: ignore[arg-type]
        except (OSError, paramiko.SSHException, ValueError, TypeError) as error:
            raise ConfigurationError(
                f"{self._where}: the private key {path} cannot be read ({type(error).__name__})",
                "is the path right, and is private_key_passphrase given where the key needs one?",
            ) from None

    def _prove(self, key: paramiko.PKey | None, password: str | None) -> None:
        """Shakes hands once, so that a wrong host key, or user, has a name of its own.

        sshtunnel checks both too, but says only that it could not open.
        """
        import paramiko

        expected = host_key(self._config.host_key, self._where)
        if key is None and password is None:
            raise ConfigurationError(
                f"{self._where}: there is neither private_key_file nor password",
                "give the one that the SSH server expects",
            )
        try:
            address = (self._config.host, self._config.port)
            transport = paramiko.Transport(socket.create_connection(address, TIMEOUT_S))
        except (OSError, paramiko.SSHException) as error:
            raise ConnectionLost(
                f"{self._where}: cannot be reached ({type(error).__name__})",
                "check host, port and firewall of the SSH server",
            ) from None
        try:
            self._prove_host(transport, expected)
            self._prove_user(transport, key, password)
        finally:
            transport.close()

    def _prove_host(self, transport: paramiko.Transport, expected: paramiko.PKey) -> None:
        import paramiko

        transport.get_security_options().key_types = _algorithms(expected)
        try:
            transport.start_client(timeout=TIMEOUT_S)
        except paramiko.SSHException:
            raise AuthenticationError(
                f"{self._where}: the server offers no {expected.get_name()} host key",
                "pin the key that the server's owner gives you",
            ) from None
        offered = transport.get_remote_server_key()
        if offered != expected:
            raise AuthenticationError(
                f"{self._where}: the host key is {offered.fingerprint}, "
                f"pinned is {expected.fingerprint}",
                "ask the server's owner; change host_key only if the new key is theirs",
            )

    def _prove_user(
        self, transport: paramiko.Transport, key: paramiko.PKey | None, password: str | None
    ) -> None:
        import paramiko

        # As sshtunnel does it: the key first, then the password where there is one.
        with suppress(paramiko.SSHException):
            if key is not None:
                transport.auth_publickey(self._config.user, key)
        with suppress(paramiko.SSHException):
            if password is not None and not transport.is_authenticated():
                transport.auth_password(self._config.user, password, fallback=False)
        if not transport.is_authenticated():
            raise AuthenticationError(
                f"{self._where}: the server refused user {self._config.user!r}",
                "check user, key and password; the SSH server's own log says why it refused",
            )


def host_key(line: str | None, where: str) -> paramiko.PKey:
    """A public key from its one-line form, as in known_hosts or `ssh-keyscan`.

    Args:
        line: `ssh-ed25519 AAAA...`; a host name in front and a comment behind are passed over.
        where: whose key it is, for the message.

    Raises:
        ConfigurationError: it is not a public key.
    """
    import paramiko

    words = (line or "").split()
    kinds = [i for i, word in enumerate(words) if word.startswith(("ssh-", "ecdsa-"))]
    try:
        kind, blob = words[kinds[0]], base64.b64decode(words[kinds[0] + 1], validate=True)
        return paramiko.PKey.from_type_string(kind, blob)
    except (IndexError, ValueError, paramiko.SSHException):
        raise ConfigurationError(
            f"{where}: host_key is not a public key",
            "write it as `ssh-keyscan -t ed25519 HOST` prints it: ssh-ed25519 AAAA...",
        ) from None


def _give_up(forwarder: SSHTunnelForwarder) -> None:
    """Frees what a tunnel that did not open holds."""
    if not forwarder.is_active:
        # Nobody serves these sockets yet, and sshtunnel would wait for that to end, for ever.
        for server in forwarder._server_list:
            server.server_close()
        forwarder._server_list = []
    forwarder.stop(force=True)


def _algorithms(key: paramiko.PKey) -> tuple[str, ...]:
    name = key.get_name()
    # An RSA key signs with SHA-2 nowadays; the key type is still called ssh-rsa.
    return ("rsa-sha2-512", "rsa-sha2-256") if name == "ssh-rsa" else (name,)


def _encoded(text: str | None) -> bytes | None:
    return text.encode() if text is not None else None


def _silent() -> logging.Logger:
    logger = logging.getLogger("pgsync_assets.connect.sshtunnel")
    logger.setLevel(logging.CRITICAL + 1)
    return logger
