"""deploy/compose.yaml: it is one, it names what the code knows, and it opens nothing by itself."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from pgsync_assets.assets.defs_folder import DEFS_VARIABLE
from pgsync_assets.connect.platform import VARIABLES as PLATFORM_VARIABLES
from pgsync_assets.embedded.dagster_dev import make_dagster_home

from ..fix_needs import program

TOP = Path(__file__).parents[2]
DEPLOY = TOP / "deploy"
TEXT = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load(TEXT)
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = ["code", "webserver", "daemon", "worker"]
OF_THE_IMAGE = {"POSTGRES_PASSWORD", "POSTGRES_INITDB_ARGS"}  # of PostgreSQL
OF_COMPOSE = {"PGSYNC_IMAGE", "PGSYNC_PORT", "PGSYNC_DEFS_FOLDER", "PGSYNC_KEYS_FOLDER"}
DAGSTER_YAML = yaml.safe_load((DEPLOY / "dagster.yaml").read_text(encoding="utf-8"))


def asked_for() -> set[str]:
    """Variables that Dagster's configuration reads."""
    fields = DAGSTER_YAML["storage"]["postgres"]["postgres_db"].values()
    return {field["env"] for field in fields if isinstance(field, dict)}


def examples(name: str) -> dict[str, str]:
    lines = (DEPLOY / name).read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_it_is_a_compose_file() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    subprocess.run([*command, str(DEPLOY / "compose.yaml")], check=True, capture_output=True)


@pytest.mark.needs("docker-compose")
def test_docker_compose_takes_it_and_asks_for_each_password(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(TEXT)
    (tmp_path / "connections.env").write_text("SHOP_PASSWORD=x\n")
    passwords = [name for name, value in examples(".env.example").items() if not value]
    assert len(passwords) == 3
    for left_out in [None, *passwords]:
        given = {name: "x" for name in passwords if name != left_out}
        answer = subprocess.run(
            [program("docker-compose"), "-f", str(tmp_path / "compose.yaml"), "config"],
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), **given},
            capture_output=True,
            text=True,
        )
        assert (answer.returncode == 0) == (left_out is None), answer.stderr
        if left_out:
            assert left_out in answer.stderr
            assert "set it in .env" in answer.stderr


def test_every_variable_is_one_that_somebody_reads() -> None:
    named = {name for service in SERVICES.values() for name in service.get("environment", {})}
    known = asked_for() | set(PLATFORM_VARIABLES.values())
    assert named - OF_THE_IMAGE <= known
    for name in OURS:
        assert asked_for() <= set(SERVICES[name]["environment"])
    filled = set(re.findall(r"\$\{(\w+)", TEXT))
    assert filled - OF_COMPOSE == set(examples(".env.example")) - {"COMPOSE_PROJECT_NAME"}
    assert filled & OF_COMPOSE == OF_COMPOSE


def test_no_password_is_written_down() -> None:
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            if "PASSWORD" in name:
                assert value == f"${{{name}:?set it in .env}}"
    for file in (".env.example", "connections.env.example"):
        given = {value for name, value in examples(file).items() if "PASSWORD" in name}
        assert given == {""}


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_may_do_no_more_than_it_has_to(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["user"] in ("10001:10001", "postgres")
    assert not {"privileged", "network_mode", "cap_add", "pid", "devices"} & set(service)
    assert not [volume for volume in service["volumes"] if "docker.sock" in volume]
    assert service["restart"] == "unless-stopped"
    assert {"cpus", "memory"} <= set(service["deploy"]["resources"]["limits"])
    assert service["logging"]["options"].keys() == {"max-size", "max-file"}
    assert "healthcheck" in service


def test_only_the_ui_is_published_and_on_loopback() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published == {"webserver": ["127.0.0.1:${PGSYNC_PORT:-3000}:3000"]}


def test_who_reaches_whom() -> None:
    members = {
        network: {name for name, service in SERVICES.items() if network in service["networks"]}
        for network in COMPOSE["networks"]
    }
    assert members == {
        "storage": set(SERVICES),
        "code": {"code", "webserver", "daemon", "worker"},
        "front": {"webserver"},
        "outside": {"code", "worker"},
    }
    internal = {name for name, network in COMPOSE["networks"].items() if network.get("internal")}
    assert internal == {"storage", "code"}


def test_only_who_loads_definitions_has_what_connections_read() -> None:
    assert [name for name in SERVICES if "env_file" in SERVICES[name]] == ["code", "worker"]
    mounting = [
        name for name in SERVICES if any("/etc/pgsync" in v for v in SERVICES[name]["volumes"])
    ]
    assert mounting == ["code", "worker"]


def test_everything_that_is_waited_for_says_when_it_is_ready() -> None:
    for service in SERVICES.values():
        for name, condition in service.get("depends_on", {}).items():
            assert condition == {"condition": "service_healthy"}
            assert "test" in SERVICES[name]["healthcheck"]


def test_volumes_and_networks_are_declared_and_files_are_there() -> None:
    for service in SERVICES.values():
        for volume in service["volumes"]:
            source = re.sub(r"\$\{\w+:-(.*?)\}", r"\1", volume).split(":")[0]
            if source == "./keys":
                continue  # whoever has keys makes it
            is_there = (DEPLOY / source).exists() if source.startswith(".") else None
            assert is_there or source in COMPOSE["volumes"], volume


def test_images_are_pinned() -> None:
    version = re.search(r'^version = "(.*)"', (TOP / "pyproject.toml").read_text(), re.MULTILINE)
    assert version
    images = {name: service["image"] for name, service in SERVICES.items()}
    assert re.fullmatch(r"postgres:17\.\d+-bookworm@sha256:[0-9a-f]{64}", images.pop("storage"))
    assert set(images.values()) == {f"${{PGSYNC_IMAGE:-pgsync-assets:{version[1]}}}"}


def test_its_dagster_is_that_of_the_project_with_workers(tmp_path: Path) -> None:
    replicas = SERVICES["worker"]["deploy"]["replicas"]
    assert SERVICES["worker"]["command"][-2:] == ["--count", "1"]
    made = make_dagster_home(tmp_path, workers=replicas) / "dagster.yaml"
    assert yaml.safe_load(made.read_text()) == DAGSTER_YAML


def test_its_workspace_is_that_of_the_project_with_a_server() -> None:
    def only(path: Path, kind: str) -> dict[str, Any]:
        (entry,) = yaml.safe_load(path.read_text(encoding="utf-8"))["load_from"]
        found: dict[str, Any] = entry[kind]
        return found

    served = only(DEPLOY / "workspace.yaml", "grpc_server")
    loaded = only(TOP / "workspace.yaml", "python_module")
    assert served["location_name"] == loaded["location_name"]
    assert served["host"] in SERVICES
    assert str(served["port"]) in SERVICES["code"]["command"]
    assert SERVICES["code"]["command"][-2:] == ["-m", loaded["module_name"]]
    assert DEFS_VARIABLE not in SERVICES["code"]["environment"]  # the image has it
