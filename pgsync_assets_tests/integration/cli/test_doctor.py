"""`pgsync-assets doctor`: each thing that is wrong has its line, with what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml

from pgsync_assets.cli.exit_code import ExitCode
from pgsync_assets.embedded import Cluster
from pgsync_assets.embedded.dagster_dev import make_dagster_home

from ...canaries import canary
from ...storage import dagster_storage
from .conftest import CliProject

SECTIONS = ["this machine", "configuration", "Dagster", "connections", "syncs"]
PASSWORD = canary("of Dagster")


def examined(project: CliProject, code: ExitCode, *options: str) -> dict[str, dict[str, Any]]:
    """Lines by section and name."""
    ended = project.run("doctor", "--json", *options)
    assert ended.exit_code == code, ended.stdout + ended.stderr
    assert ended.document["passed"] is (code is ExitCode.OK)
    return {
        section: {line["name"]: line for line in lines}
        for section, lines in ended.document["sections"].items()
    }


@pytest.fixture
def home(project: CliProject, tmp_path: Path, destination_server: Cluster) -> Iterator[Path]:
    """Dagster's home with the project's settings, and an empty storage."""
    home = make_dagster_home(tmp_path)
    with dagster_storage(destination_server) as variables:
        project.environment |= {"DAGSTER_HOME": str(home), **variables}
        yield home


@contextmanager
def changed(file: Path, **changes: Any) -> Iterator[None]:
    """Settings with some others, None for none, for the length of the block."""
    before = file.read_text(encoding="utf-8")
    settings = yaml.safe_load(before) | changes
    written = {name: value for name, value in settings.items() if value is not None}
    file.write_text(yaml.safe_dump(written), encoding="utf-8")
    yield
    file.write_text(before, encoding="utf-8")


def test_all_is_well_but_the_daemon(project: CliProject, home: Path) -> None:
    found = examined(project, ExitCode.OK)
    assert list(found) == SECTIONS
    states = {n: line["state"] for lines in found.values() for n, line in lines.items()}
    assert {name for name, state in states.items() if state == "failed"} == set()
    assert "nothing ticks, no run is launched" in found["Dagster"]["daemon"]["detail"]
    assert found["Dagster"]["storage"]["detail"] == "PostgreSQL, 0 runs"
    assert found["Dagster"]["runs that die"]["detail"].startswith("LocalRunLauncher, ")
    assert found["Dagster"]["pools"]["detail"] == "4 runs to a destination, 8 runs in all"
    assert "schedules: 0" in found["Dagster"]["definitions in Dagster"]["detail"]
    assert found["connections"].keys() == {"shop", "crm"}
    assert found["syncs"]["orders"]["detail"].endswith("all well")
    said = project.run("doctor").stdout
    assert "Nothing to mend; " in said
    assert all(max(map(len, part.splitlines())) <= 80 for part in said.split("->")[:1])


def test_each_thing_that_is_wrong_has_its_line(project: CliProject, home: Path) -> None:
    user = project.pair.destination.user
    project.pair.destination.execute(f"revoke insert on orders from {user}")
    found = examined(project, ExitCode.FAILED)
    assert found["syncs"]["orders"]["state"] == "failed"
    assert found["syncs"]["orders"]["remedy"].endswith("pgsync-assets check orders")
    assert "INSERT" in found["syncs"]["orders"]["remedy"]
    project.environment["SHOP_PASSWORD"] = "wrong"
    found = examined(project, ExitCode.FAILED)
    assert "password authentication failed" in found["connections"]["shop"]["detail"]
    assert found["connections"]["shop"]["remedy"].endswith("pgsync-assets test-connection shop")
    assert found["syncs"]["orders"]["state"] == "skipped"
    assert found["syncs"]["orders"]["detail"] == "shop first"
    assert "to mend: shop" in project.run("doctor").stdout


def test_a_file_that_is_wrong_is_told_with_its_line(project: CliProject) -> None:
    project.sync(tabel="orders")
    found = examined(project, ExitCode.FAILED)
    assert list(found) == SECTIONS[:3]
    assert "orders/defs.yaml:" in found["configuration"]["definitions"]["detail"]
    assert "tabel" in found["configuration"]["definitions"]["detail"]
    assert found["Dagster"]["definitions in Dagster"]["state"] == "skipped"


def test_python_that_does_not_load_is_told_by_its_place(project: CliProject) -> None:
    file = project.folder / "own" / "assets.py"
    file.parent.mkdir()
    file.write_text("import dagster as dg\n\n@dg.definitions\ndef defs():\n    return 1 / 0\n")
    line = examined(project, ExitCode.FAILED, "--no-databases")["Dagster"]["definitions in Dagster"]
    assert line["detail"] == f"ZeroDivisionError in {file}:5"


def test_no_database_is_asked_where_none_is_to_be(project: CliProject) -> None:
    project.environment["SHOP_PASSWORD"] = "wrong"
    found = examined(project, ExitCode.OK, "--no-databases")
    assert list(found) == SECTIONS[:3]
    assert found["Dagster"]["Dagster's home"]["state"] == "warning"
    assert found["Dagster"]["storage"]["state"] == "skipped"


@pytest.mark.parametrize(
    ("change", "line", "said"),
    [
        ({"run_launcher": None}, "runs that die", "a run whose server died stays STARTED"),
        ({"run_retries": None}, "runs that die", "a run that died is not done again"),
        ({"storage": None}, "storage", "SqliteRunStorage: for one process at a time"),
        ({"concurrency": None}, "pools", "without a default_limit"),
    ],
)
def test_settings_that_lack_something_are_warned_of(
    project: CliProject, home: Path, change: dict[str, Any], line: str, said: str
) -> None:
    with changed(home / "dagster.yaml", **change):
        found = examined(project, ExitCode.OK, "--no-databases")["Dagster"][line]
    assert found["state"] == "warning"
    assert said in found["detail"]


def test_a_storage_that_is_down_or_old(
    project: CliProject, home: Path, destination_server: Cluster
) -> None:
    right = project.environment["DAGSTER_PG_PASSWORD"]
    project.environment["DAGSTER_PG_PASSWORD"] = "another"
    line = examined(project, ExitCode.FAILED, "--no-databases")["Dagster"]["storage"]
    assert "Dagster's storage cannot be used" in line["detail"]
    assert "password authentication failed" in line["detail"]
    project.environment["DAGSTER_PG_PASSWORD"] = right
    examined(project, ExitCode.OK, "--no-databases")  # makes its tables
    with destination_server.connect(project.environment["DAGSTER_PG_DB"] or "") as connection:
        connection.execute("update alembic_version set version_num = 'da7cd32b690d'")
    line = examined(project, ExitCode.FAILED, "--no-databases")["Dagster"]["schema of the storage"]
    assert "dagster instance migrate" in line["remedy"]


def test_a_home_that_is_not_there(project: CliProject, tmp_path: Path) -> None:
    project.environment["DAGSTER_HOME"] = str(tmp_path / "nowhere")
    found = examined(project, ExitCode.FAILED, "--no-databases")["Dagster"]
    assert "there is no folder" in found["Dagster's home"]["detail"]
    (tmp_path / "nowhere").mkdir()
    found = examined(project, ExitCode.FAILED, "--no-databases")["Dagster"]
    assert "Dagster keeps everything in SQLite then" in found["Dagster's home"]["detail"]
    assert (
        dg.__version__
        in examined(project, ExitCode.FAILED, "--no-databases")["this machine"]["packages"][
            "detail"
        ]
    )
