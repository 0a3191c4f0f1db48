"""A public SSH key on one line, as `ssh-keygen` writes it into a `.pub` file."""

from __future__ import annotations

import base64
from typing import Annotated

from pydantic import AfterValidator

KINDS = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "ssh-rsa",
)
SHORTEST_RSA_BITS = 2048


def check_public_key(line: str) -> str:
    """Passes a public key on, without blanks around it.

    Raises:
        ValueError: it is none, or too weak. The text is not repeated: it may be a private key.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_ssh_public_key

    text = line.strip()
    if "PRIVATE KEY" in text:
        raise ValueError("this is a private key, which stays where it is; write the .pub file's")
    if not text.isprintable():  # a second line would be a second line of authorized_keys
        raise ValueError("should be one line, as in the .pub file")
    if not text.startswith(tuple(f"{kind} " for kind in KINDS)):
        raise ValueError(f"should begin with the kind of the key: {', '.join(KINDS)}")
    try:
        key = load_ssh_public_key(text.encode())
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError(
            "is not a public key: write the line of the .pub file, ssh-ed25519 AAAA..."
        ) from None
    if isinstance(key, RSAPublicKey) and key.key_size < SHORTEST_RSA_BITS:
        raise ValueError(f"an RSA key needs {SHORTEST_RSA_BITS} bits, this one has {key.key_size}")
    return text


def same_key(one: str, other: str) -> bool:
    """Whether two lines hold the same key, whatever their comments."""
    return base64.b64decode(one.split()[1]) == base64.b64decode(other.split()[1])


PublicKey = Annotated[str, AfterValidator(check_public_key)]
"""`ssh-ed25519 AAAA... comment`."""
