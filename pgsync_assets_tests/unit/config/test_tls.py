"""What may be written about TLS, and what is asked for where nothing is."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from pgsync_assets.config import ConnectionConfig
from pgsync_assets.connect.parameters import Values
from pgsync_assets.connect.weakness import weakness

HEX = "0123456789abcdef" * 4
COLONS = ":".join(HEX[i : i + 2] for i in range(0, 64, 2)).upper()
FAR = "db.example.com"
TUNNEL = {"host": "bastion", "user": "us"}


def connection(host: str = FAR, **written: Any) -> ConnectionConfig:
    """A connection with what a test writes about TLS."""
    fields = {"host": host, "database": "d", "user": "u", **written}
    return ConnectionConfig.model_validate(fields)


@pytest.mark.parametrize("text", [HEX, HEX.upper(), COLONS, f"SHA256:{COLONS}", f"sha256:{HEX}"])
def test_a_fingerprint_in_any_form(text: str) -> None:
    assert connection(certificate_sha256=text).fingerprints == (HEX,)
    assert connection(certificate_sha256=[text, "0" * 64]).fingerprints == (HEX, "0" * 64)


@pytest.mark.parametrize(
    "text", ["", HEX[1:], HEX + "00", "g" + HEX[1:], COLONS[1:], HEX[:32] + ":" + HEX[32:], []]
)
def test_what_is_no_fingerprint(text: str) -> None:
    with pytest.raises(ValidationError, match=r"fingerprint|certificate_sha256: is empty"):
        connection(certificate_sha256=text)


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ({"sslmode": "prefer", "certificate_sha256": HEX}, "leave sslmode out"),
        ({"sslmode": "disable", "certificate_sha256": HEX}, "leave sslmode out"),
        ({"sslmode": "verify-ca", "sslrootcert": "system"}, "sslrootcert: system"),
    ],
)
def test_what_contradicts_itself(written: dict[str, str], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        connection(**written)


@pytest.mark.parametrize(
    ("host", "written", "mode"),
    [
        (FAR, {}, "verify-full"),
        ("localhost", {}, "prefer"),
        ("/run/postgresql", {}, "prefer"),
        ("localhost", {"tunnel": TUNNEL}, "verify-full"),
        ("localhost", {"sslrootcert": "ca.pem"}, "verify-full"),
        ("localhost", {"certificate_sha256": HEX}, "require"),
        (FAR, {"certificate_sha256": HEX}, "require"),
        (FAR, {"certificate_sha256": HEX, "sslrootcert": "ca.pem"}, "verify-full"),
        (FAR, {"sslmode": "prefer"}, "prefer"),
    ],
)
def test_the_mode_where_none_is_written(host: str, written: dict[str, Any], mode: str) -> None:
    assert connection(host, **written).effective_sslmode([host]) == mode


@pytest.mark.parametrize(
    ("host", "written", "told"),
    [
        (FAR, {"sslmode": "disable"}, "nothing is encrypted"),
        (FAR, {"sslmode": "allow"}, "only if the server insists"),
        (FAR, {"sslmode": "prefer"}, "only if the server offers it"),
        (FAR, {"sslmode": "require"}, "any certificate will do: whoever"),
        (FAR, {"sslmode": "require", "channel_binding": "require"}, "SCRAM secret"),
        (FAR, {"sslmode": "require", "sslrootcert": "ca.pem"}, "of that authority"),
        (FAR, {"sslmode": "verify-ca", "sslrootcert": "ca.pem"}, "of that authority"),
        ("localhost", {"sslmode": "prefer", "tunnel": TUNNEL}, "only if the server offers it"),
        (FAR, {}, None),
        (FAR, {"sslmode": "verify-full"}, None),
        (FAR, {"certificate_sha256": HEX}, None),
        ("localhost", {}, None),
        *(("localhost", {"sslmode": mode}, None) for mode in ("allow", "require", "verify-ca")),
    ],
)
def test_what_is_weaker_than_verify_full(
    host: str, written: dict[str, Any], told: str | None
) -> None:
    found = weakness(Values("crm", connection(host, **written), {}))
    if told is None:
        assert found is None
    else:
        assert found is not None
        assert found.startswith("connection 'crm'")
        assert told in found
