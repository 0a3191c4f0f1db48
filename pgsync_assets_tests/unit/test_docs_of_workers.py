"""docs/workers.md and dagster.celery.yaml: settings, figures, YAML and commands are the code's."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import dagster as dg
import pytest
import yaml

from pgsync_assets.assets.workers.beating import BEAT_S
from pgsync_assets.assets.workers.broker import VISIBLE_AGAIN_AFTER_S
from pgsync_assets.assets.workers.launcher import LOST_AFTER_S, WorkerRunLauncher
from pgsync_assets.assets.workers.watch import LOOKS
from pgsync_assets.cli import app
from pgsync_assets.config.component import CONNECTIONS_TYPE
from pgsync_assets.config.connection import ConnectionConfig
from pgsync_assets.connect.keepalives import keepalives
from pgsync_assets.embedded.dagster_dev import make_dagster_home
from pgsync_assets.project import read_project

TOP = Path(__file__).parents[2]
PAGE = (TOP / "docs" / "workers.md").read_text(encoding="utf-8")
SETTINGS = yaml.safe_load((TOP / "dagster.celery.yaml").read_text(encoding="utf-8"))
BLOCKS = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)]
COMMANDS = re.findall(r"^pgsync-assets (.*)$", PAGE, re.MULTILINE)


def test_the_settings_are_those_of_the_file() -> None:
    assert BLOCKS[0] == SETTINGS


def test_the_figures_are_those_of_the_code() -> None:
    monitoring = SETTINGS["run_monitoring"]
    poll_s = monitoring["poll_interval_seconds"]
    for told in (
        f"beats there every {BEAT_S:.0f} seconds. The daemon looks every {poll_s} seconds",
        f"not beaten for {LOST_AFTER_S} seconds, at three looks at least: **within a minute**",
    ):
        assert told in PAGE
    assert LOOKS == 3
    assert max(LOST_AFTER_S, LOOKS * poll_s) + 2 * poll_s + BEAT_S < 60
    assert monitoring["start_timeout_seconds"] == 60 * 60  # an hour
    assert VISIBLE_AGAIN_AFTER_S == 5 * 60


def test_locks_of_a_lost_machine_go_before_its_run_is_tried_again() -> None:
    probes = keepalives(ConnectionConfig.model_fields["network_timeout_s"].default)
    gone_after_s = probes.idle + probes.interval * probes.probes
    assert f"locks go after {gone_after_s} s (`network_timeout_s`)" in PAGE
    assert gone_after_s <= LOST_AFTER_S


def test_the_sync_is_right(tmp_path: Path) -> None:
    ends = {name: {"host": "h", "database": "d", "user": "u"} for name in ("shop", "crm")}
    connections = {"type": CONNECTIONS_TYPE, "attributes": {"connections": ends}}
    (tmp_path / "defs.yaml").write_text(yaml.safe_dump_all([connections, BLOCKS[1]]))
    (sync,) = read_project(tmp_path).syncs.values()
    assert sync.tags == {"dagster-celery/queue": "heavy"}


@pytest.mark.parametrize("shown", COMMANDS)
def test_each_command_has_such_options(shown: str) -> None:
    name, *options = shlex.split(shown)
    above = app.make_context("pgsync-assets", [name], resilient_parsing=True)
    command = app.commands[name]
    assert command.make_context(name, options, parent=above, resilient_parsing=True).params


@pytest.mark.parametrize("workers", [0, 3])
def test_dagster_takes_both_files_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    home = make_dagster_home(tmp_path, workers)
    merged = yaml.safe_load((home / "dagster.yaml").read_text())
    base = yaml.safe_load((TOP / "dagster.yaml").read_text())
    assert merged.keys() == base.keys()
    assert merged["storage"] == base["storage"]
    assert merged["run_retries"] == {**base["run_retries"], **SETTINGS["run_retries"]}
    del merged["storage"]  # of no server here
    (home / "dagster.yaml").write_text(yaml.safe_dump(merged))
    with dg.DagsterInstance.from_config(str(home)) as instance:
        assert isinstance(instance.run_launcher, WorkerRunLauncher)
        queue = instance.get_concurrency_config().run_queue_config
        assert queue is not None and queue.max_concurrent_runs == (workers or 8)
        assert instance.run_monitoring_poll_interval_seconds == 10
        assert not instance.run_launcher.supports_resume_run
        assert instance.run_monitoring_max_resume_run_attempts == 0
