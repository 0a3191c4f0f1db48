"""Reverse tunnels in YAML: both readers take them, and both say what is wrong, with the line."""

from __future__ import annotations

from pathlib import Path

import asyncssh
import dagster as dg
import pytest

from pgsync_assets.assets.defs_folder import load_folder
from pgsync_assets.assets.resources import PostgresConnection
from pgsync_assets.config import ReverseTunnel
from pgsync_assets.embedded.loopback import free_port
from pgsync_assets.errors import ConfigurationError, ConnectionLost
from pgsync_assets.project import read_project


def public_line(key: asyncssh.SSHKey) -> str:
    """The line of its `.pub` file."""
    return key.export_public_key().decode().strip()


ACME, OTHER = (public_line(asyncssh.generate_private_key("ssh-ed25519")) for _ in range(2))
WEAK = public_line(asyncssh.generate_private_key("ssh-rsa", key_size=1024))
PRIVATE = asyncssh.generate_private_key("ssh-ed25519").export_private_key().decode()
PROJECT = f"""\
type: pgsync_assets.PgConnectionsComponent
attributes:
  connections:
    crm:
      host: db.acme.internal
      database: crm
      user: writer
      tunnel: {{reverse: acme}}
  reverse_tunnels:
    acme:
      port: 15432
      public_keys: ["{ACME} acme@laptop"]
    other:
      port: 15433
      public_keys:
        - {OTHER}
"""


def written(folder: Path, text: str = PROJECT, name: str = "all") -> Path:
    (folder / name).mkdir()
    (folder / name / "defs.yaml").write_text(text, encoding="utf-8")
    return folder


def test_a_connection_knows_its_port(tmp_path: Path) -> None:
    project = read_project(written(tmp_path))
    assert project.connections["crm"].tunnel == ReverseTunnel(reverse="acme", port=15432)
    assert project.reverse_tunnel("acme").public_keys == (f"{ACME} acme@laptop",)
    with pytest.raises(ConfigurationError, match="did you mean 'acme'"):
        project.reverse_tunnel("acne")


def told_by_dagster(folder: Path) -> str:
    """What the resource `crm` of a project says, where nobody has dialled in."""
    resource = (load_folder(folder).resources or {})["crm"]
    assert isinstance(resource, PostgresConnection)
    with pytest.raises(ConnectionLost) as caught:
        resource.endpoint()
    return caught.value.message


def test_the_resource_knows_it_too(tmp_path: Path) -> None:
    port = free_port()
    folder = written(tmp_path, PROJECT.replace("15432", str(port)))
    told = told_by_dagster(folder)
    assert "reverse tunnel 'acme': nobody has dialled in" in told
    assert f"ssh -N -R 127.0.0.1:{port}:db.acme.internal:5432 acme@GATEWAY" in told


def test_a_tunnel_may_stand_in_another_file(tmp_path: Path) -> None:
    head, _, tunnels = PROJECT.partition("  reverse_tunnels:\n")
    more = "  connections:\n    x: {host: a, database: b, user: c}\n  reverse_tunnels:\n"
    port = free_port()
    tunnels = tunnels.replace("15432", str(port))
    written(tmp_path, head, "a")
    written(tmp_path, head[: head.index("  connections:")] + more + tunnels, "b")
    tunnel = ReverseTunnel(reverse="acme", port=port)
    assert read_project(tmp_path).connections["crm"].tunnel == tunnel
    assert f"127.0.0.1:{port}:" in told_by_dagster(tmp_path)


WRONG = {
    "unknown name": (("reverse: acme", "reverse: acne"), 8, "did you mean 'acme'?"),
    "two hosts": (("db.acme.internal", "[a, b]"), 5, "leads to one server"),
    "a port twice": (("15433", "15432"), 14, "'acme' has port 15432 too"),
    "a key twice": ((f"- {OTHER}", f"- {ACME} again"), 16, "'acme' has this key too"),
    "no key": ((f"- {OTHER}", "- ssh-ed25519 AAAA"), 16, "is not a public key"),
    "another kind": ((f"- {OTHER}", "- ssh-dss AAAA"), 16, "begin with the kind"),
    "options": ((f"- {OTHER}", f"- no-pty {OTHER}"), 16, "begin with the kind"),
    "two lines": ((f"- {OTHER}", f'- "{OTHER}\\n{ACME}"'), 16, "should be one line"),
    "a weak key": ((f"- {OTHER}", f"- {WEAK}"), 16, "needs 2048 bits"),
    "keys that are no list": ((f'["{ACME} acme@laptop"]', ACME), 12, "should be a list"),
    "no port": (("      port: 15433\n", ""), 13, "other: port is missing"),
    "port of the system": (("15433", "543"), 14, "greater than or equal to 1024"),
    "misspelt": (("      port: 15433", "      prot: 15433"), 14, "did you mean 'port'"),
    "a port at the connection": (
        ("{reverse: acme}", "{reverse: acme, port: 1}"),
        8,
        "unknown key 'port'",
    ),
}


@pytest.mark.parametrize(("change", "line", "words"), WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_is_told_with_the_line(
    tmp_path: Path, change: tuple[str, str], line: int, words: str
) -> None:
    assert change[0] in PROJECT
    folder = written(tmp_path, PROJECT.replace(*change))
    with pytest.raises(ConfigurationError) as caught:
        read_project(folder)
    told = caught.value.message
    assert told.startswith(f"{folder / 'all' / 'defs.yaml'}:{line}: "), told
    assert words in told
    assert "\n" not in told
    with pytest.raises(Exception, match="PgConnectionsComponent"):  # Dagster wraps
        dg.Definitions.validate_loadable(load_folder(folder))


def test_a_private_key_is_not_repeated(tmp_path: Path) -> None:
    quoted = PRIVATE.replace("\n", "\\n")
    folder = written(tmp_path, PROJECT.replace(f"- {OTHER}", f'- "{quoted}"'))
    with pytest.raises(ConfigurationError, match="this is a private key") as caught:
        read_project(folder)
    assert PRIVATE.splitlines()[2] not in caught.value.message


def test_a_name_is_used_once_over_all_files(tmp_path: Path) -> None:
    written(tmp_path, PROJECT, "a")
    written(tmp_path, PROJECT.replace("crm:", "erp:", 1), "b")
    with pytest.raises(ConfigurationError, match="another reverse tunnel is named 'acme' too"):
        read_project(tmp_path)
