"""docs/networking.md, and docs/connections.md on reverse tunnels: YAML, command, figures hold."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from pgsync_assets.cli.invitation import Invitation
from pgsync_assets.config.component import CONNECTIONS_TYPE
from pgsync_assets.connect import gateway
from pgsync_assets.project import Project, read_project

DOCS = Path(__file__).parents[2] / "docs"
NETWORKS = (DOCS / "networking.md").read_text(encoding="utf-8")
REVERSE = (DOCS / "connections.md").read_text(encoding="utf-8").split("## Dialled in")[1]
REVERSE = REVERSE.split("\n## ")[0]
BLOCKS = re.findall(r"```yaml\n(.*?)```", NETWORKS + REVERSE, re.DOTALL)


def project_of(folder: Path, block: str) -> Project:
    attributes = yaml.safe_load(block)
    text = yaml.safe_dump({"type": CONNECTIONS_TYPE, "attributes": attributes})
    (folder / "defs.yaml").write_text(text, encoding="utf-8")
    return read_project(folder)


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_each_yaml_is_right(tmp_path: Path, block: str) -> None:
    assert project_of(tmp_path, block).connections
    assert len(BLOCKS) == 3


def test_the_command_is_the_one_that_is_printed(tmp_path: Path) -> None:
    (shown,) = re.findall(r"```bash\n(ssh .*?)\n```", REVERSE, re.DOTALL)
    project = project_of(tmp_path, BLOCKS[-1])
    tunnel, connection = project.reverse_tunnels["acme"], project.connections["acme_db"]
    assert isinstance(connection.host, str)
    database = (connection.host, 5432)
    invitation = Invitation(
        "acme", tunnel.port, tunnel.public_keys, "gw.example.com", 2222, "", database
    )
    assert shown == invitation.ssh


def test_the_figures_are_those_of_the_gateway() -> None:
    missed = gateway.KEEPALIVE_MISSED + 1
    for told in (
        f"dropped after {gateway.KEEPALIVE_S * missed:.0f} s, and runs",
        f"after {gateway.CHALLENGE_S * missed:.0f} s where somebody",
        f"no port for {gateway.WITHOUT_PORT_S:.0f} s",
        f"dropped after {gateway.LOGIN_S:.0f} s; of more than {gateway.MAX_LOGGING_IN} at once",
    ):
        assert told in REVERSE
