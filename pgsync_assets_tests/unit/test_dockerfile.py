"""deploy/Dockerfile: what it copies is there, what it installs is locked, and it is not root."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatch
from pathlib import Path

import pytest
import yaml

from .test_compose import DEPLOY, SERVICES, TOP

TEXT = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
LINES = [line.split(None, 1) for line in TEXT.splitlines() if re.match(r"[A-Z]+ ", line)]
STAGES = [index for index, (word, _) in enumerate(LINES) if word == "FROM"]
BUILD, LAST = LINES[STAGES[0] : STAGES[1]], LINES[STAGES[1] :]
IGNORED = (TOP / ".dockerignore").read_text(encoding="utf-8").splitlines()


def only(lines: list[list[str]], word: str) -> str:
    (found,) = [rest for name, rest in lines if name == word]
    return found


def reaches_the_engine(path: str) -> bool:
    """Whether .dockerignore lets a file through: the last line that fits decides."""
    lets = True
    for line in IGNORED:
        pattern = line.removeprefix("!").removeprefix("**/")
        parts = [path, *(str(above) for above in Path(path).parents), *Path(path).parts]
        if line and not line.startswith("#") and any(fnmatch(part, pattern) for part in parts):
            lets = line.startswith("!")
    return lets


def test_the_base_is_pinned_once_for_both_stages() -> None:
    pinned = r"PYTHON_IMAGE=python:3\.\d+\.\d+-slim-bookworm@sha256:[0-9a-f]{64}"
    assert re.fullmatch(pinned, only(LINES, "ARG"))
    assert [LINES[index][1].split()[0] for index in STAGES] == ["${PYTHON_IMAGE}"] * 2


def test_what_is_copied_is_there_and_reaches_the_engine() -> None:
    copies = [rest.split()[:-1] for word, rest in LINES if word == "COPY"]
    sources = [name for names in copies if not names[0].startswith("--from") for name in names]
    assert len(sources) == 9
    for source in sources:
        assert (TOP / source).exists(), source
        assert reaches_the_engine(source), source


@pytest.mark.parametrize(
    "path",
    [
        ".git/config",
        ".env",
        "deploy/.env",
        "deploy/connections.env",
        "deploy/keys/bastion",
        ".pgsync/up.env",
        "pgsync_assets/defs/crm/defs.yaml",
        "pgsync_assets/.env",
        "pgsync_assets/cli/__pycache__/app.pyc",
        "docs/cli.md",
    ],
)
def test_what_may_be_secret_stays_outside(path: str) -> None:
    assert not reaches_the_engine(path)


def test_everything_that_is_installed_is_locked() -> None:
    installs = [rest for word, rest in BUILD if word == "RUN" and "pip install" in rest]
    locked = [re.findall(r"-r (\S+)", install) for install in installs]
    assert locked == [["requirements-image.lock"], ["requirements-build.lock"], []]
    assert all("--require-hashes --only-binary :all:" in install for install in installs[:2])
    assert "--no-deps --no-index" in installs[2]
    assert "--no-deps --no-build-isolation" in next(r for w, r in BUILD if "pip wheel" in r)


def test_the_last_stage_has_neither_pip_nor_compiler() -> None:
    commands = " ".join(rest for word, rest in LAST if word == "RUN")
    assert not re.search(r"\b(pip|gcc|build-essential|curl|wget)\b", commands)
    assert re.findall(r"--no-install-recommends ([\w -]*?) *&&", commands) == ["tini"]
    assert "pip uninstall --yes pip" in BUILD[-1][1]


def test_it_runs_as_nobody_special() -> None:
    assert only(LAST, "USER") == "10001:10001" == SERVICES["code"]["user"]
    words = [word for word, _ in LAST]
    assert "RUN" not in words[words.index("USER") :]
    assert not re.search(r"(?i)password|secret|token", TEXT.replace("no secret", ""))


def test_it_starts_as_the_services_do() -> None:
    assert json.loads(only(LAST, "ENTRYPOINT")) == ["tini", "--"]
    assert json.loads(only(LAST, "CMD")) == SERVICES["code"]["command"]
    check = json.loads(only(LAST, "HEALTHCHECK").partition("CMD ")[2])
    assert ["CMD", *check] == SERVICES["code"]["healthcheck"]["test"]


def test_folders_are_those_of_the_compose_file() -> None:
    variables = dict(re.findall(r"(\w+)=(\S+)", only(LAST, "ENV")))
    home, defs = variables["DAGSTER_HOME"], variables["PGSYNC_DEFS"]
    mounted = SERVICES["worker"]["volumes"]
    assert f"outputs:{home}/storage" in mounted
    assert [volume for volume in mounted if volume.endswith(f":{defs}:ro")]
    assert SERVICES["daemon"]["command"][-1] == f"{home}/workspace.yaml"
    assert f"deploy/dagster.yaml deploy/workspace.yaml {home}/" in TEXT
    values = yaml.safe_load((DEPLOY / "values.yaml").read_text(encoding="utf-8"))
    assert values["global"]["dagsterHome"] == home
