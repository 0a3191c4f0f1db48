"""The steps of deploy/Dockerfile, in a folder: no engine runs them, but what they make starts."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from ..unit.test_compose import DEPLOY, TOP
from ..unit.test_dockerfile import BUILD, reaches_the_engine

IMPORTS = "import dagster_celery.launcher, dagster_k8s, dagster_webserver, pyarrow, slack_sdk"


def copied(sources: list[str], target: Path) -> None:
    """Does what COPY does, with what .dockerignore lets through."""
    for source in sources:
        files = [TOP / source] if (TOP / source).is_file() else sorted((TOP / source).rglob("*"))
        for file in files:
            path = file.relative_to(TOP)
            if file.is_file() and reaches_the_engine(str(path)):
                (target / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(file, target / path)


@pytest.mark.nightly("it installs every package of the image: a minute, and from the internet")
def test_its_steps_make_an_environment_that_starts(tmp_path: Path) -> None:
    places = {"/opt/pgsync": str(tmp_path / "opt"), "/src": str(tmp_path / "src")}
    environment = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "HOME": str(tmp_path)}
    environment.pop("PYTHONPATH", None)
    (tmp_path / "src").mkdir()
    for word, rest in BUILD:
        if word == "COPY":
            copied(rest.split()[:-1], tmp_path / "src")
        if word == "RUN":
            for there, here in places.items():
                rest = rest.replace(there, here)
            subprocess.run(["sh", "-c", rest], cwd=tmp_path / "src", env=environment, check=True)

    binaries = tmp_path / "opt" / "venv" / "bin"
    (tmp_path / "opt" / "defs").mkdir()
    version = yaml.safe_load((DEPLOY / "values.yaml").read_text())["dagsterDaemon"]["image"]["tag"]

    def said(*command: str) -> str:
        ran = subprocess.run(
            [binaries / command[0], *command[1:]],
            cwd=tmp_path,
            env={
                "HOME": str(tmp_path),
                "PATH": f"{binaries}:/usr/bin:/bin",
                "PGSYNC_DEFS": str(tmp_path / "opt" / "defs"),
            },
            check=True,
            capture_output=True,
            text=True,
        )
        return ran.stdout

    assert said("pgsync-assets", "--version").strip().endswith(version)
    assert "dagster" in said("dagster", "--version")
    said("python", "-c", IMPORTS)
    said("python", "-c", "import pgsync_assets.definitions")
    assert not (binaries / "pip").exists()
    installed = next((tmp_path / "opt" / "venv").glob("lib/*/site-packages/pgsync_assets"))
    assert not (installed / "defs").exists()
    assert list(installed.rglob("*.sql"))
