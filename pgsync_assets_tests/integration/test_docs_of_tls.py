"""docs/connections.md, TLS: each block of YAML connects, each command does what is said."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from pgsync_assets.config import SslMode
from pgsync_assets.connect import Endpoint

from ..fix_databases import PASSWORD, Side
from ..fix_syncs import connection_of
from ..fix_tls import SERVER_NAME, Authority, fingerprint_of, self_signed, showing
from ..security.test_certificates import is_encrypted
from ..security.test_who_we_are import PASSPHRASE, Files

PAGE = (Path(__file__).parents[2] / "docs" / "connections.md").read_text(encoding="utf-8")
TLS = PAGE[PAGE.index("## TLS") : PAGE.index("## Through an SSH")]
WAYS = dict(re.findall(r"^### (.*)\n([^#]*(?:#[^#\n]+[^#]*)*)", TLS, re.MULTILINE))


def blocks(way: str) -> list[dict[str, Any]]:
    """The blocks of YAML below a heading."""
    return [yaml.safe_load(text) for text in re.findall(r"```yaml\n(.*?)```", WAYS[way], re.DOTALL)]


def written(side: Side, **fields: Any) -> Endpoint:
    """A connection as the page writes it; without `sslmode`."""
    environment = {"TEST_PASSWORD": PASSWORD, "CRM_KEY_PASSWORD": PASSPHRASE}
    return Endpoint("crm", connection_of(side, **fields), environment)


@pytest.mark.needs("tls-server")
def test_each_block_connects(
    tls_side: Side, authority: Authority, authority_file: Path, tmp_path: Path
) -> None:
    (by_authority,) = blocks("Signed by an authority of your own")
    assert list(by_authority) == ["sslrootcert"]
    root = {"sslrootcert": str(authority_file)}
    assert is_encrypted(written(tls_side, **root))

    certificate, bound = blocks("Who we are")
    assert is_encrypted(written(tls_side, **root, **bound))
    files = Files(tmp_path, authority.issue(tls_side.user), PASSPHRASE)
    paths = {"sslcert": str(files.certificate), "sslkey": str(files.key)}
    assert certificate.keys() == {*paths, "sslpassword"}
    assert is_encrypted(written(tls_side, **root, **(certificate | paths)))

    (own,), (pinned,) = blocks("Self-signed"), blocks("Pinned")
    issued = self_signed(SERVER_NAME)
    (tmp_path / "own.pem").write_bytes(issued[0])
    assert connection_of(tls_side, **pinned).fingerprints[0].startswith("2f9a4c")
    with showing(tls_side.cluster, issued):
        assert is_encrypted(written(tls_side, **(own | {"sslrootcert": str(tmp_path / "own.pem")})))
        pin = pinned | {"certificate_sha256": fingerprint_of(issued[0])}
        assert is_encrypted(written(tls_side, **pin))


def test_every_weaker_mode_is_explained() -> None:
    explained = re.findall(r"^\| (`.*?) \|", WAYS["Weaker than verify-full"], re.MULTILINE)
    modes = {mode for cell in explained for mode in re.findall(r"`([a-z-]+)`", cell)}
    assert modes == {*get_args(SslMode), "sslmode"} - {"verify-full"}


def test_the_commands_are_those_that_are_tested() -> None:
    """They run in integration/cli/test_certificate.py."""
    shown = re.findall(r"pgsync-assets certificate crm(.*?)[`\n]", TLS)
    assert [one.strip() for one in shown] == ["", "--write crm.pem", "--pin"]
