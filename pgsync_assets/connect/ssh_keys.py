"""Private keys of ours: read from a file that nobody else can read, or made."""

from __future__ import annotations

import io
import os
import stat
from pathlib import Path

import paramiko
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from ..errors import ConfigurationError

OWNER_ONLY = 0o600
OPENSSH = b"BEGIN OPENSSH PRIVATE KEY"
PEM = serialization.Encoding.PEM
KINDS: tuple[tuple[type, type[paramiko.PKey]], ...] = (
    (Ed25519PrivateKey, paramiko.Ed25519Key),
    (RSAPrivateKey, paramiko.RSAKey),
    (EllipticCurvePrivateKey, paramiko.ECDSAKey),
)


def private_key(path: str, passphrase: str | None, where: str) -> paramiko.PKey:
    """Reads a private key: ed25519, RSA or ECDSA, in OpenSSH's form or PEM.

    Args:
        path: of the file.
        passphrase: where the key has one.
        where: whose key it is, for messages.

    Raises:
        ConfigurationError: others can read the file, it is no such key, or the passphrase is
            missing or wrong.
    """
    file, found = f"{where}: the private key {path}", Path(path).expanduser()
    try:
        _check_owner_only(found, file)
        text = found.read_bytes()
    except OSError as error:
        raise ConfigurationError(
            f"{file} cannot be read ({error.strerror})", "is the path of private_key_file right?"
        ) from None
    read = (
        serialization.load_ssh_private_key
        if OPENSSH in text
        else serialization.load_pem_private_key
    )
    try:
        key = read(text, passphrase.encode() if passphrase is not None else None)
    except TypeError:
        raise ConfigurationError(*_passphrase_problem(file, passphrase)) from None
    except (ValueError, UnsupportedAlgorithm):
        raise ConfigurationError(
            f"{file} cannot be read: the passphrase is wrong, or it is no private key",
            "`ssh-keygen -y -f FILE` tells; ed25519, rsa and ecdsa keys are understood",
        ) from None
    return _as_paramiko(key, file)


def _check_owner_only(path: Path, file: str) -> None:
    """As ssh: a key of ours that others can read is not used. A key of another user, as a secret
    that is mounted into a container, is that user's business."""
    if os.name != "posix":
        return
    found = path.stat()
    if found.st_uid == os.getuid() and stat.S_IMODE(found.st_mode) & 0o077:
        raise ConfigurationError(
            f"{file} can be read by others (mode {stat.S_IMODE(found.st_mode):04o})",
            f"chmod 600 {path}",
        )


def _passphrase_problem(file: str, passphrase: str | None) -> tuple[str, str]:
    if passphrase is None:
        return f"{file} cannot be read: it has a passphrase", "give it as private_key_passphrase"
    return f"{file} has no passphrase, and one is given", "take private_key_passphrase out"


def _as_paramiko(key: object, file: str) -> paramiko.PKey:
    for kind, read in KINDS:
        if isinstance(key, kind):
            text = _openssh(key, serialization.NoEncryption()).decode()
            return read.from_private_key(io.StringIO(text))
    raise ConfigurationError(f"{file} is of a kind that is not understood", "make one of ed25519")


def make_key_pair(file: Path, passphrase: str | None, comment: str) -> str:
    """Makes an ed25519 key pair, as `ssh-keygen` does: FILE (mode 0600) and FILE.pub.

    Args:
        file: for the private key; its folder is made, for the owner only, where it is missing.
        passphrase: to encrypt the private key with; None: it is not encrypted.
        comment: what stands behind the public key.

    Returns:
        The public key, one line.

    Raises:
        ConfigurationError: one of the files is there already, or cannot be written.
    """
    key = Ed25519PrivateKey.generate()
    line = key.public_key().public_bytes(
        serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    )
    public = f"{line.decode()} {comment}"
    encryption = (
        serialization.BestAvailableEncryption(passphrase.encode())
        if passphrase
        else serialization.NoEncryption()
    )
    beside = file.with_name(f"{file.name}.pub")
    for one in filter(Path.exists, (file, beside)):
        raise ConfigurationError(
            f"{one} is there already, and a key is never overwritten",
            "name another file; or remove it, if nothing logs in with it any more",
        )
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write_new(file, _openssh(key, encryption), OWNER_ONLY)
        _write_new(beside, f"{public}\n".encode(), 0o644)
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be written: {error.strerror}") from None
    return public


def _openssh(key: object, encryption: serialization.KeySerializationEncryption) -> bytes:
    return key.private_bytes(PEM, serialization.PrivateFormat.OpenSSH, encryption)  # type: ignore[attr-defined, no-any-return]


def _write_new(file: Path, content: bytes, mode: int) -> None:
    """Never through a link, never over a file, never readable by others for a moment."""
    number = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(number, "wb") as stream:
        stream.write(content)
