"""docs/connections.md, "Through an SSH server": what it shows is right, and does what it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from pgsync_assets.cli import app
from pgsync_assets.config import ConnectionConfig, TunnelConfig
from pgsync_assets.connect.host_keys import host_key
from pgsync_assets.connect.tunnel_watch import ASK_AFTER, GIVE_UP_AFTER, TICK_S
from pgsync_assets.errors import AuthenticationError

from ..fix_databases import Pair
from ..fix_ssh import Bastion, Sshd
from ..fix_syncs import endpoint_of

PAGE = (Path(__file__).parents[2] / "docs" / "connections.md").read_text(encoding="utf-8")
SECTION = PAGE.split("## Through an SSH server\n")[1].split("\n## ")[0]


def blocks(kind: str) -> list[str]:
    """The code blocks of a kind; those in a list are moved to the left."""
    found = re.findall(rf"^( *)```{kind}\n(.*?)^ *```$", SECTION, re.MULTILINE | re.DOTALL)
    return [re.sub(rf"^{indent}", "", block, flags=re.MULTILINE) for indent, block in found]


@pytest.mark.parametrize("block", blocks("yaml"))
def test_each_example_is_a_connection(block: str) -> None:
    (written,) = yaml.safe_load(block).values()
    config = ConnectionConfig.model_validate(written)
    assert config.effective_sslmode(config.hosts) == "verify-full"
    assert isinstance(config.tunnel, TunnelConfig)
    if config.tunnel.host_key:
        host_key(config.tunnel.host_key, "docs")
    assert len(blocks("yaml")) == 3


def test_the_command_makes_a_key_for_the_first_example(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    connections = yaml.safe_load(blocks("yaml")[0])
    component = {
        "type": "pgsync_assets.PgConnectionsComponent",
        "attributes": {"connections": connections},
    }
    (tmp_path / "defs").mkdir()
    (tmp_path / "defs" / "defs.yaml").write_text(yaml.safe_dump(component))
    (command,) = blocks("sh")
    _, *arguments = command.split()
    result = CliRunner().invoke(app, [*arguments, "--defs", "defs"])
    assert result.exit_code == 0, result.output
    assert 'permitopen="db.internal:5432"' in result.stdout
    assert (tmp_path / connections["crm"]["tunnel"]["private_key_file"]).is_file()


def test_without_a_pin_the_error_has_the_line_to_write(
    database_pair: Pair, bastion: Bastion, private_key_file: Path
) -> None:
    tunnel = bastion.tunnel(private_key_file)
    del tunnel["host_key"]
    with pytest.raises(AuthenticationError) as caught:
        endpoint_of("crm", database_pair.source, tunnel=tunnel).session("one").__enter__()
    assert f"\nhost_key: '{bastion.host_key_line}'" in str(caught.value)


def test_the_seconds_are_those_of_the_watch() -> None:
    told = f"asked after {ASK_AFTER * TICK_S:.0f} s and given up after {GIVE_UP_AFTER * TICK_S:.0f}"
    assert told in SECTION


@pytest.mark.needs("sshd", "ssh")
def test_the_lines_of_sshd_config_do_what_they_say(
    database_pair: Pair, state_folder: Path, private_key_file: Path, tmp_path: Path
) -> None:
    (lines,) = (block for block in blocks("") if "Match User" in block)
    side = database_pair.source
    me = lines.replace("Match User pgsync", "Match User *")
    server = Sshd(
        state_folder / f"sshd_{tmp_path.name}",
        me.replace("db.internal:5432", f"{side.host}:{side.port}"),
    )
    try:
        tunnel = server.tunnel(private_key_file)
        with endpoint_of("crm", side, tunnel=tunnel, sslmode="disable").session("one"):
            pass
        elsewhere = database_pair.destination.port
        for options, command in (
            (["-N", "-R", "127.0.0.1:0:127.0.0.1:1"], ""),
            (["-N", "-R", f"{tmp_path}/socket:127.0.0.1:1"], ""),
            (["-W", f"127.0.0.1:{elsewhere}"], ""),
            ([], "echo reached"),
        ):
            ended = server.ssh(private_key_file, tmp_path, *options, command=command)
            assert ended.returncode != 0
            assert "reached" not in ended.stdout
            assert "Permission denied" not in ended.stderr
    finally:
        server.stop()
