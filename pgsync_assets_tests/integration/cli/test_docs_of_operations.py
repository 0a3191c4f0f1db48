"""docs/operations.md: each query answers where it is said to, each error of ours has its line."""

from __future__ import annotations

import ast
import datetime as dt
import re
from pathlib import Path

import dagster as dg
import pytest
import yaml
from dagster._daemon.types import DaemonHeartbeat
from dagster._time import get_current_timestamp
from pydantic import ByteSize, TypeAdapter

from pgsync_assets import errors
from pgsync_assets.config import ConnectionConfig, SyncConfig
from pgsync_assets.config.history import HistoryConfig
from pgsync_assets.config.retention import RetentionConfig
from pgsync_assets.embedded import Cluster

from ...fix_platform import PASSWORD, storage_of_the_page
from .conftest import CliProject

TOP = Path(__file__).parents[3]
PAGE = (TOP / "docs" / "operations.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (.*)\n((?:(?!^## ).*\n)*)", PAGE, re.MULTILINE))
PLANNER, _, REST = SECTIONS["Monitoring"].partition("At the destination")
DESTINATION, _, STORAGE = REST.partition("In Dagster's storage")
NIGHT = SECTIONS["At 3 a.m."]
INNER = {"RowRefused"}  # never leaves the writer
FAMILIES = {"PgsyncError", "TerminalError", "TransientError"}


def queries(text: str) -> list[str]:
    return re.findall(r"^```sql\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


@pytest.fixture
def ran(project: CliProject) -> CliProject:
    """A run that was refused a row, and one that failed."""
    project.pair.destination.execute("alter table orders add check (amount < 25)")
    project.run("run", "orders")
    project.pair.source.execute("alter table orders rename to gone")
    project.run("run", "orders")
    return project


def test_each_query_answers(ran: CliProject) -> None:
    found = [ran.pair.source.rows(query) for query in queries(PLANNER)]
    _, space, refused, failed, held, age = found
    assert [row[:3] for row in space] == [("orders", "", 2)]
    assert [(row[0], row[1], row[3]) for row in refused] == [("orders", "23514", 1)]
    assert [(row[0], row[2], row[4]) for row in failed] == [("orders", "failed", "ModelError")]
    assert held == []
    assert [(row[0], row[2] is not None) for row in age] == [("orders", True)]
    (ledger,) = (ran.pair.destination.rows(query) for query in queries(DESTINATION))
    assert [row[:3] for row in ledger] == [("orders", "", 1)]


def test_a_plan_that_waits_is_seen(ran: CliProject) -> None:
    ran.pair.source.execute("alter table gone rename to orders", "delete from orders")
    ran.sync(delete="delete_row")
    ended = ran.run("run", "orders")
    assert "show 3" in ended.message
    ((sync, _, plan, *_, removed, reason),) = ran.pair.source.rows(queries(PLANNER)[4])
    assert (sync, plan, removed) == ("orders", 3, 2)
    assert reason


def test_the_queries_of_dagsters_storage_answer(
    storage_primary: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On tables as the installed Dagster makes them; the names of both are its own."""
    address = f"postgresql+psycopg2://dagster:{PASSWORD}@{storage_primary.host}"
    monkeypatch.setenv("DAGSTER_PG_URL", f"{address}:{storage_primary.port}/dagster")
    (tmp_path / "dagster.yaml").write_text(yaml.safe_dump(storage_of_the_page()))
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        instance.create_run_for_job(_nothing)
        now = get_current_timestamp()
        instance.add_daemon_heartbeat(DaemonHeartbeat(now, "SENSOR", "one", None))
        daemons, runs, space = queries(STORAGE)
        with storage_primary.connect("dagster") as connection:
            ((daemon, ago),) = connection.execute(daemons.encode()).fetchall()
            assert daemon == "SENSOR" and dt.timedelta(0) <= ago < dt.timedelta(minutes=5)
            ((status, count, _),) = connection.execute(runs.encode()).fetchall()
            assert (status, count) == ("NOT_STARTED", 1)
            assert "event_logs" in {name for name, _ in connection.execute(space.encode())}


@dg.job
def _nothing() -> None:
    """Has no step."""


def test_each_error_has_its_line() -> None:
    """Those of every file: one that is defined anywhere else has to be told, too."""
    told = re.findall(
        r"`(\w+)`",
        "".join(line.split("|")[1] for line in NIGHT.splitlines() if line.startswith("| `")),
    )
    ours = {name for name in error_classes() if not name.startswith("_")}
    assert ours <= {*vars(errors)}
    assert sorted(told) == sorted(ours - FAMILIES - INNER)


def error_classes() -> set[str]:
    """Names of all classes of the package whose bases lead to `PgsyncError`."""
    bases: dict[str, set[str]] = {}
    for file in (TOP / "pgsync_assets").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                bases.setdefault(node.name, set()).update(map(ast.unparse, node.bases))
    found = {errors.PgsyncError.__name__}
    while more := {name for name, of in bases.items() if of & found} - found:
        found |= more
    return found


def rows(section: str) -> list[list[str]]:
    """Cells of the lines of a table."""
    lines = [line for line in SECTIONS[section].splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def test_each_limit_is_what_the_code_has() -> None:
    told = {
        key: value
        for keys, values, *_ in rows("Pools and limits")
        if keys.startswith("`")
        for key, value in zip(re.findall(r"`(\w+)`", keys), values.split(", "), strict=True)
    }
    fields = {**ConnectionConfig.model_fields, **SyncConfig.model_fields}
    fields["lock_timeout_s"] = ConnectionConfig.model_fields["lock_timeout_s"]
    settings = yaml.safe_load((TOP / "dagster.yaml").read_text(encoding="utf-8"))["concurrency"]
    assert told.pop("max_runs") == str(settings["pools"]["default_limit"])
    for key, value in told.items():
        said = None if value == "none" else TypeAdapter(ByteSize).validate_python(value)
        assert said == fields[key].default, key
    assert len(told) == 8
    assert rows("Pools and limits")[1][1] == str(settings["runs"]["max_concurrent_runs"])


def test_each_time_of_the_retention_is_what_the_code_has() -> None:
    settings = yaml.safe_load((TOP / "dagster.yaml").read_text(encoding="utf-8"))["retention"]
    defaults = {"audit": RetentionConfig(), "dagster": HistoryConfig()}
    told = rows("Retention")[1:]
    for _, days, key in told[:-1]:
        ((part, name),) = re.findall(r"^`(\w+): (\w+)`$", key)
        assert getattr(defaults[part], name) == dt.timedelta(days=int(days.split()[0])), key
    times = settings["sensor"]["purge_after_days"].values()
    schedules = settings["schedule"]["purge_after_days"]
    expected = f"{schedules} days of schedules, {min(times)} to {max(times)} of sensors"
    assert told[-1][1] == expected
