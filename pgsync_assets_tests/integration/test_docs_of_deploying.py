"""docs/deploying.md: commands name what is there, YAML is right, figures are those of the files."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import dagster as dg
import pytest

from ..fix_needs import program
from ..unit.test_chart_values import CODE, LAUNCHER, VALUES
from ..unit.test_compose import DAGSTER_YAML, DEPLOY, SERVICES, TOP
from .test_docs_of_networks import project_of

PAGE = (TOP / "docs" / "deploying.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
COMMANDS = [
    line.split("#")[0].strip()
    for block in re.findall(r"```bash\n(.*?)```", PAGE, re.DOTALL)
    for line in block.splitlines()
]


@pytest.mark.parametrize("block", SHOWN, ids=range(len(SHOWN)))
def test_each_yaml_is_right(tmp_path: Path, block: str) -> None:
    assert project_of(tmp_path, block).connections
    assert len(SHOWN) == 2


@pytest.mark.needs("docker-compose")
def test_the_commands_of_compose_are_what_it_takes(tmp_path: Path) -> None:
    shutil.copytree(DEPLOY, tmp_path / "deploy", ignore=shutil.ignore_patterns("*.env"))
    prepare = [line for line in COMMANDS if line.startswith(("cp ", "chmod "))]
    assert len(prepare) == 3
    for line in prepare:
        subprocess.run(line.split(), cwd=tmp_path, check=True)
    file = tmp_path / "deploy" / ".env"
    assert file.stat().st_mode & 0o077 == 0
    file.write_text(file.read_text().replace("=\n", "=x\n"))
    started = [line for line in COMMANDS if line.startswith("docker compose ")]
    assert [line.rsplit("deploy/.env ", 1)[1] for line in started] == ["up --detach", "ps"]
    for line in started:
        words = line.removeprefix("docker compose ").split("deploy/.env ")[0].split()
        subprocess.run(
            [program("docker-compose"), *words, "deploy/.env", "config"],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
            check=True,
            capture_output=True,
        )


def test_the_image_is_built_as_the_files_name_it() -> None:
    (built,) = [line for line in COMMANDS if line.startswith("docker build")]
    file, tag = re.findall(r"-f (\S+) -t (\S+) \.$", built)[0]
    assert (TOP / file).is_file()
    assert f"${{PGSYNC_IMAGE:-{tag}}}" == SERVICES["code"]["image"]
    assert f"FROM {tag}\n" in PAGE
    assert tag in (TOP / file).read_text()


def test_what_is_made_for_the_chart_is_what_the_values_name() -> None:
    made = set(re.findall(r"create (?:secret generic|configmap) (\S+)", "\n".join(COMMANDS)))
    named = {VALUES["global"]["postgresqlSecretName"], CODE["envSecrets"][0]["name"]}
    for volume in CODE["volumes"]:
        source = {**volume.get("configMap", {}), **volume.get("secret", {})}
        named |= {source[key] for key in ("name", "secretName") if key in source}
    assert made == named - {"pgsync-defs"}
    assert "--from-file=postgresql-password=" in PAGE  # the key that the chart reads
    assert "--from-file=ca.pem=" in PAGE
    assert VALUES["postgresql"]["postgresqlParams"]["sslrootcert"].endswith("/storage/ca.pem")


def test_the_chart_is_installed_as_the_values_expect_it() -> None:
    (install,) = [line for line in COMMANDS if line.startswith("helm upgrade")]
    assert f"--install dagster dagster/dagster --version {dg.__version__} " in install
    assert (TOP / install.split("-f ")[1]).is_file()
    assert VALUES["global"]["dagsterInstanceConfigMap"] == "dagster-instance"
    port = VALUES["dagsterWebserver"]["service"]["port"]
    assert f"service/dagster-dagster-webserver 3000:{port}" in PAGE


def test_figures_are_those_of_the_files() -> None:
    worker, monitoring = SERVICES["worker"], VALUES["dagsterDaemon"]["runMonitoring"]
    assert worker["deploy"]["replicas"] == 4
    assert "one at a time each; four of them" in PAGE
    assert worker["stop_grace_period"] == "10m"
    assert "for 10 minutes at most" in PAGE
    assert f"looked at every {monitoring['pollIntervalSeconds']} s" in PAGE
    assert VALUES["dagsterDaemon"]["runRetries"]["maxRetries"] == 3
    assert DAGSTER_YAML["run_retries"]["max_retries"] == 3
    assert LAUNCHER["runK8sConfig"]["jobSpecConfig"]["ttlSecondsAfterFinished"] == 24 * 3600
    assert "removed after a day" in PAGE
