"""Which host keys an SSH server may show: those that the configuration pins, and no others.

A known_hosts file is read as OpenSSH reads it (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"): patterns,
hashed names, `[host]:port`, several keys of one host, and keys that are `@revoked`.
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import paramiko
from paramiko.pkey import UnknownKeyType

from ..config import SshServer
from ..errors import AuthenticationError, ConfigurationError
from .secrets import resolve

STANDARD_PORT = 22


@dataclass(frozen=True)
class HostKeys:
    """The keys of one server that are pinned.

    Args:
        where: whose they are, for messages.
        accepted: any of these is the server.
        revoked: never accepted, whatever else is said.
        source: what pins them, as a person would call it; None where nothing does.
        name: of the server in a known_hosts file.
    """

    where: str
    accepted: tuple[paramiko.PKey, ...]
    revoked: tuple[paramiko.PKey, ...]
    source: str | None
    name: str

    @property
    def algorithms(self) -> tuple[str, ...]:
        """The signatures to ask the server for; none: whatever it has."""
        found = [algorithm for key in self.accepted for algorithm in _algorithms(key)]
        return tuple(dict.fromkeys(found))

    def check(self, offered: paramiko.PKey) -> None:
        """Makes sure that a server is the one that is meant.

        Args:
            offered: the key that it has just proved to have.

        Raises:
            AuthenticationError: it is another one, or none is pinned; the fingerprints are named.
        """
        if _is_one_of(offered, self.revoked):
            raise AuthenticationError(
                f"{self.where}: the host key {offered.fingerprint} is revoked in {self.source}",
                "somebody else may have this key: ask the server's owner for the new one",
            )
        if _is_one_of(offered, self.accepted):
            return
        if not self.accepted:
            raise self._not_pinned(offered)
        pinned = " or ".join(_shown(key) for key in self.accepted)
        raise AuthenticationError(
            f"{self.where}: the host key is {_shown(offered)}, pinned in {self.source} is {pinned}",
            "ask the server's owner; change what is pinned only if the new key is theirs",
        )

    def _not_pinned(self, offered: paramiko.PKey) -> AuthenticationError:
        shown = f"the server shows {_shown(offered)}"
        key = f"{offered.get_name()} {offered.get_base64()}"
        compare = "compare this fingerprint with the one that the server's owner gives you, then"
        if self.source is None:
            return AuthenticationError(
                f"{self.where}: its host key is not pinned; {shown}",
                f"{compare} write:\nhost_key: '{key}'",
            )
        return AuthenticationError(
            f"{self.where}: {self.source} has no key of {self.name}; {shown}",
            f"{compare} add this line to it:\n{self.name} {key}",
        )


def pinned_keys(server: SshServer, host: str, where: str, env: Mapping[str, str]) -> HostKeys:
    """The keys that the configuration pins for a server.

    Args:
        server: as written.
        host: its name or address, with `$NAME` replaced.
        where: whose keys they are, for messages.
        env: where `$NAME` values come from.

    Raises:
        ConfigurationError: what should be a key is none, the file cannot be read, or it knows the
            server by a certificate authority only.
    """
    names = _names(host, server.port)
    if server.known_hosts_file is not None:
        path = resolve(server.known_hosts_file, env, f"{where}, known_hosts_file")
        return _from_file(path, names, where)
    if server.host_key is not None:
        return HostKeys(where, (host_key(server.host_key, where),), (), "host_key", names[0])
    return HostKeys(where, (), (), None, names[0])


def host_key(line: str, where: str) -> paramiko.PKey:
    """A public key from its one-line form, as in known_hosts or `ssh-keyscan`.

    Args:
        line: `ssh-ed25519 AAAA...`; a host name in front and a comment behind are passed over.
        where: whose key it is, for the message.

    Raises:
        ConfigurationError: it is not a public key.
    """
    words = line.split()
    kinds = [i for i, word in enumerate(words) if word.startswith(("ssh-", "ecdsa-"))]
    key = _public_key(words[kinds[0] : kinds[0] + 2]) if kinds else None
    if key is None:
        raise ConfigurationError(
            f"{where}: host_key is not a public key",
            "write it as `ssh-keyscan -t ed25519 HOST` prints it: ssh-ed25519 AAAA...",
        )
    return key


def _from_file(path: str, names: tuple[str, ...], where: str) -> HostKeys:
    try:
        text = Path(path).expanduser().read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise ConfigurationError(
            f"{where}: known_hosts_file {path} cannot be read ({error.strerror})"
        ) from None
    entries = [found for line in text.splitlines() if (found := _entry(line)) is not None]
    revoked = tuple(e.key for e in entries if e.marker == "@revoked" and e.is_about(*names))
    # As ssh: the entries of [host]:port decide; where there are none, those of the host do.
    accepted: tuple[paramiko.PKey, ...] = ()
    for name in names:
        accepted = accepted or tuple(e.key for e in entries if not e.marker and e.is_about(name))
    if not accepted and any(e.marker == "@cert-authority" and e.is_about(*names) for e in entries):
        raise ConfigurationError(
            f"{where}: {path} knows {names[0]} by a certificate authority only, and host "
            "certificates are not understood here",
            "add the server's own key: `ssh-keyscan HOST` prints it, its owner confirms it",
        )
    return HostKeys(where, accepted, revoked, path, names[0])


@dataclass(frozen=True)
class _Entry:
    """A line of a known_hosts file."""

    marker: str
    patterns: tuple[str, ...]
    key: paramiko.PKey

    def is_about(self, *names: str) -> bool:
        return any(self._matches(name) for name in names)

    def _matches(self, name: str) -> bool:
        if any(p.startswith("!") and _fits(p[1:], name) for p in self.patterns):
            return False
        return any(_fits(pattern, name) for pattern in self.patterns)


def _entry(line: str) -> _Entry | None:
    """What a line says; None for a comment, and for what cannot be read, as in ssh."""
    words = line.split()
    if not words or words[0].startswith("#"):
        return None
    marker = words.pop(0) if words[0].startswith("@") else ""
    key = _public_key(words[1:3])
    return _Entry(marker, tuple(words[0].split(",")), key) if key else None


def _fits(pattern: str, name: str) -> bool:
    if pattern.startswith("|1|"):
        return _is_hash_of(pattern, name)
    # Not fnmatch, for which the brackets of [host]:port would mean something else.
    regex = re.escape(pattern.lower()).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(regex, name) is not None


def _is_hash_of(pattern: str, name: str) -> bool:
    try:
        salt, digest = (base64.b64decode(part) for part in pattern.split("|")[2:4])
    except ValueError:
        return False
    return hmac.compare_digest(hmac.digest(salt, name.encode(), "sha1"), digest)


def _public_key(words: list[str]) -> paramiko.PKey | None:
    try:
        kind, blob = words
        return paramiko.PKey.from_type_string(kind, base64.b64decode(blob, validate=True))
    except (ValueError, IndexError, paramiko.SSHException, UnknownKeyType):
        return None


def _shown(key: paramiko.PKey) -> str:
    return f"{key.fingerprint} ({key.get_name()})"


def _is_one_of(key: paramiko.PKey, keys: tuple[paramiko.PKey, ...]) -> bool:
    return any(key.asbytes() == one.asbytes() for one in keys)


def _names(host: str, port: int) -> tuple[str, ...]:
    """Under which names a known_hosts file has a server, the most exact one first."""
    name = host.lower()
    return (name,) if port == STANDARD_PORT else (f"[{name}]:{port}", name)


def _algorithms(key: paramiko.PKey) -> Iterator[str]:
    # An RSA key signs with SHA-2 nowadays; the key type is still called ssh-rsa.
    name = key.get_name()
    yield from ("rsa-sha2-512", "rsa-sha2-256") if name == "ssh-rsa" else (name,)
