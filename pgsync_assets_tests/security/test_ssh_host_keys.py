"""What known_hosts means here is what it means to ssh."""

from __future__ import annotations

import subprocess
from pathlib import Path

import paramiko
import pytest

from pgsync_assets.config import SshServer
from pgsync_assets.connect.host_keys import HostKeys, pinned_keys
from pgsync_assets.errors import AuthenticationError, ConfigurationError

from ..fix_needs import program

PORT = 2222
MINE, OTHER, RSA = (
    paramiko.ECDSAKey.generate(),
    paramiko.ECDSAKey.generate(),
    paramiko.RSAKey.generate(2048),
)
LINE = f"{MINE.get_name()} {MINE.get_base64()}"


def known(file: Path, *lines: str, host: str = "Bastion.example", port: int = PORT) -> HostKeys:
    """The keys that a known_hosts file of these lines pins."""
    file.write_text("\n".join(lines) + "\n")
    server = SshServer(host=host, port=port, user="me", known_hosts_file="$KNOWN")
    return pinned_keys(server, host, "here", {"KNOWN": str(file)})


KNOWN = {
    "name and port": f"[bastion.example]:{PORT} {LINE}",
    "name": f"bastion.example {LINE} a comment",
    "one of several names": f"10.0.0.1,bastion.example,*.test {LINE}",
    "pattern": f"*.exam?le {LINE}",
    "pattern with port": f"[*.example]:{PORT} {LINE}",
}


@pytest.mark.parametrize("line", KNOWN.values(), ids=KNOWN.keys())
def test_a_server_that_is_known(tmp_path: Path, line: str) -> None:
    keys = known(tmp_path / "known", "# mine", "", "not a line", line)
    keys.check(MINE)
    with pytest.raises(AuthenticationError, match="pinned in") as caught:
        keys.check(OTHER)
    assert MINE.fingerprint in caught.value.message
    assert OTHER.fingerprint in caught.value.message


UNKNOWN = {
    "another name": f"bastion.exampl {LINE}",
    "another port": f"[bastion.example]:22 {LINE}",
    "excluded": f"*.example,!bastion.example {LINE}",
    "a dot is a dot": f"bastion?.example,bastionxexample {LINE}",
    "half a key": f"bastion.example {LINE[:60]}",
    "commented out": f"#bastion.example {LINE}",
    "empty": "",
}


@pytest.mark.parametrize("line", UNKNOWN.values(), ids=UNKNOWN.keys())
def test_a_server_that_is_not_known_shows_the_line_to_add(tmp_path: Path, line: str) -> None:
    keys = known(tmp_path / "known", line)
    with pytest.raises(AuthenticationError, match=MINE.fingerprint.replace("+", r"\+")) as caught:
        keys.check(MINE)
    added = (caught.value.remedy or "").splitlines()[-1]
    assert added == f"[bastion.example]:{PORT} {LINE}"
    known(tmp_path / "known", line, added).check(MINE)


def test_several_keys_of_one_server(tmp_path: Path) -> None:
    rsa = f"bastion.example {RSA.get_name()} {RSA.get_base64()}"
    keys = known(tmp_path / "known", rsa, f"bastion.example {LINE}")
    keys.check(MINE)
    keys.check(RSA)
    assert keys.algorithms == ("rsa-sha2-512", "rsa-sha2-256", MINE.get_name())


def test_the_key_of_the_port_goes_before_the_key_of_the_host(tmp_path: Path) -> None:
    other = f"[bastion.example]:{PORT} {OTHER.get_name()} {OTHER.get_base64()}"
    with pytest.raises(AuthenticationError):
        known(tmp_path / "known", f"bastion.example {LINE}", other).check(MINE)


def test_a_revoked_key_is_never_taken(tmp_path: Path) -> None:
    keys = known(tmp_path / "known", f"bastion.example {LINE}", f"@revoked * {LINE}")
    with pytest.raises(AuthenticationError, match="revoked"):
        keys.check(MINE)


def test_an_authority_is_no_key_of_the_server(tmp_path: Path) -> None:
    authority = f"@cert-authority *.example {LINE}"
    with pytest.raises(ConfigurationError, match="certificate authority only"):
        known(tmp_path / "known", authority)
    key = f"bastion.example {OTHER.get_name()} {OTHER.get_base64()}"
    keys = known(tmp_path / "known", authority, key)
    keys.check(OTHER)
    with pytest.raises(AuthenticationError):
        keys.check(MINE)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    server = SshServer(host="h", user="me", known_hosts_file=str(tmp_path / "none"))
    with pytest.raises(ConfigurationError, match="cannot be read"):
        pinned_keys(server, "h", "here", {})


@pytest.mark.needs("ssh")
@pytest.mark.parametrize("port", [22, PORT])
def test_names_that_ssh_keygen_has_hashed(tmp_path: Path, port: int) -> None:
    file = tmp_path / "known"
    name = "bastion.example" if port == 22 else f"[bastion.example]:{port}"
    file.write_text(f"{name} {LINE}\n")
    keygen = program("ssh").with_name("ssh-keygen")
    subprocess.run([keygen, "-H", "-f", file], check=True, capture_output=True)
    hashed = file.read_text()
    assert "bastion" not in hashed
    known(file, hashed, port=port).check(MINE)
    assert known(file, hashed, host="another.example", port=port).accepted == ()


@pytest.mark.needs("ssh")
def test_a_fingerprint_is_written_as_ssh_writes_it(tmp_path: Path) -> None:
    (tmp_path / "key.pub").write_text(LINE)
    keygen = program("ssh").with_name("ssh-keygen")
    told = subprocess.check_output([keygen, "-l", "-f", tmp_path / "key.pub"], text=True)
    assert MINE.fingerprint in told.split()
