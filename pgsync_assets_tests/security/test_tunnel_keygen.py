"""The key that `tunnel keygen` makes, and what an sshd lets it do whose owner pasted its line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from click.testing import CliRunner, Result

from pgsync_assets.cli import app
from pgsync_assets.embedded.loopback import free_port
from pgsync_assets.outcome import Counts

from ..fix_ssh import Sshd
from ..fix_syncs import Syncs

PERMIT = "--permit=db.internal:5432"


def keygen(*arguments: str | Path, **variables: str) -> Result:
    """Runs the command."""
    return CliRunner().invoke(app, ["tunnel", "keygen", *map(str, arguments)], env=variables)


def made(*arguments: str | Path, **variables: str) -> dict[str, Any]:
    """What it tells programs."""
    result = keygen(*arguments, "--json", **variables)
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


@pytest.mark.needs("sshd", "ssh")
def test_the_line_lets_the_key_reach_the_database_and_do_nothing_else(
    syncs: Syncs, sshd: Sshd, tmp_path: Path
) -> None:
    side, key = syncs.pair.source, tmp_path / "id"
    told = made(key, f"--permit={side.host}:{side.port}")
    (line,) = told["authorized_keys"].values()
    sshd.authorized_keys.write_text(f"{line}\n")

    syncs.table("id integer primary key")
    side.execute("insert into items values (1), (2)")
    syncs.source = {"tunnel": sshd.tunnel_with(key), "sslmode": "disable"}
    assert syncs.run().succeeded == Counts(added=2)
    assert syncs.same()

    def refused(*options: str, command: str = "") -> str:
        ended = sshd.ssh(key, tmp_path, *options, command=command)
        assert ended.returncode != 0, options
        assert "Permission denied" not in ended.stderr  # it was let in
        assert ended.stdout == ""
        return ended.stderr

    refused(command="echo reached")
    refused("-T")
    refused("-tt", command="sh")
    refused("-s", command="sftp")
    other = syncs.pair.destination
    assert "prohibited" in refused("-W", f"{other.host}:{other.port}")
    for listen in (f"127.0.0.1:{free_port()}", str(free_port()), "0"):
        assert "forwarding failed" in refused("-N", "-R", f"{listen}:{side.host}:{side.port}")


def test_nobody_else_can_read_it_and_it_is_never_overwritten(tmp_path: Path) -> None:
    key = tmp_path / "new" / "id"
    told = made(key, PERMIT)
    assert key.stat().st_mode & 0o777 == 0o600
    assert key.parent.stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "new" / "id.pub").read_text() == told["public_key"] + "\n"
    public = asyncssh.read_private_key(key).export_public_key().decode()
    assert told["public_key"].startswith(public.strip())
    before = key.read_bytes()
    again = keygen(key, PERMIT)
    assert again.exit_code != 0
    assert "never overwritten" in again.output
    assert key.read_bytes() == before
    key.unlink()
    assert "id.pub is there already" in keygen(key, PERMIT).output
    assert not key.exists()


def test_a_passphrase_by_the_name_of_its_variable(tmp_path: Path) -> None:
    key = tmp_path / "id"
    result = keygen(key, PERMIT, "--passphrase", "KEY_PASSPHRASE", KEY_PASSPHRASE="p@ss phrase")
    assert result.exit_code == 0
    assert "p@ss" not in result.output
    with pytest.raises(asyncssh.KeyImportError):
        asyncssh.read_private_key(key)
    asyncssh.read_private_key(key, "p@ss phrase")
    for variables in ({}, {"KEY_PASSPHRASE": ""}):
        missing = keygen(tmp_path / "none", PERMIT, "--passphrase", "KEY_PASSPHRASE", **variables)
        assert missing.exit_code != 0
        assert not (tmp_path / "none").exists()


def test_a_line_for_each_server_on_the_way_of_a_connection(tmp_path: Path) -> None:
    defs = tmp_path / "defs"
    defs.mkdir()
    (defs / "defs.yaml").write_text("""
type: pgsync_assets.PgConnectionsComponent
attributes:
  connections:
    crm:
      host: [db1.internal, $SECOND]
      port: 6432
      database: crm
      user: writer
      tunnel:
        host: inner.example
        user: sync
        private_key_file: id
        jump: [{host: outer.example, port: 2222, user: sync, private_key_file: id}]
    plain: {host: localhost, database: crm, user: writer}
""")
    options = ("--defs", defs, "--connection")
    told = made(tmp_path / "id", *options, "crm", SECOND="fd00::2")["authorized_keys"]
    assert list(told) == ["outer.example:2222", "inner.example:22"]
    assert 'permitopen="inner.example:22",permitlisten' in told["outer.example:2222"]
    wanted = 'permitopen="db1.internal:6432",permitopen="[fd00::2]:6432",permitlisten'
    assert wanted in told["inner.example:22"]
    assert "no SSH server" in keygen(tmp_path / "b", *options, "plain").output
    assert "there are: crm, plain" in keygen(tmp_path / "b", *options, "cmr").output


@pytest.mark.parametrize("permit", ["db", "db:", ":5432", "db:0", "db:70000", 'd"b:1', "a b:1"])
def test_what_it_is_for_has_to_be_said(tmp_path: Path, permit: str) -> None:
    assert keygen(tmp_path / "id", "--permit", permit).exit_code == 2
    assert keygen(tmp_path / "id").exit_code == 2
    assert list(tmp_path.iterdir()) == []
