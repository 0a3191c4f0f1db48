"""`pgsync-assets prune`, and what `show` says of a run whose rows are not kept any longer."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from pgsync_assets.cli.exit_code import ExitCode
from pgsync_assets.config import FOR_EVER, RetentionConfig, SyncConfig
from pgsync_assets.project import read_project

from ..test_retention import age, logged
from .conftest import CliProject

PAGE = (Path(__file__).parents[3] / "docs" / "audit.md").read_text(encoding="utf-8")
SECTION = PAGE.partition("## Retention\n")[2].partition("\n## ")[0]


def test_prune(project: CliProject) -> None:
    source = project.pair.source
    project.pair.destination.execute("alter table orders add check (amount < 25)")
    project.sync()
    project.run("run", "orders")
    rows = len(logged(source))
    project.run("run", "orders", "--full-resync")
    assert project.run("prune").stdout.splitlines()[-2:] == [
        "0 rows deleted",
        "kept, where a sync does not say it: runs 400 days, changelog 90 days, statements 14 days",
    ]
    maintained(project, audit={"changelog": "2 weeks", "runs": -1})
    age(source, 15)
    found = project.run("prune", "--dry-run")
    assert (found.exit_code, found.stderr) == (ExitCode.OK, "")
    # Not the sum: `52 rows` has `2 rows` in it.
    assert re.search(rf"sync_changelog +{rows - 1} ", found.stdout)
    assert "runs for ever, changelog 14 days" in found.stdout
    assert len(logged(source)) == 2 * rows
    document = project.run("prune", "--json").document
    (shop,) = document["databases"]
    (log,) = [one for one in shop["pruned"]["tables"] if one["name"].endswith(".sync_changelog")]
    assert (shop["connection"], shop["error"], shop["pruned"]["is_done"]) == ("shop", None, True)
    assert (log["deleted"], log["left"]) == (rows - 1, rows + 1)
    assert len(logged(source)) == rows + 1  # with the one that is refused still
    assert "(retention); the counts stay" in project.run("show", "1").stdout


def test_what_is_wrong_is_told_with_its_line(project: CliProject) -> None:
    project.sync()
    file = maintained(project, audit={"changelog": "90"})
    told = project.run("check", "orders")
    assert told.exit_code == ExitCode.USAGE
    assert f"{file}:" in told.message and "'90' is not a time to keep something" in told.message
    maintained(project, audit={"changelog": -1})
    maintained(project, "again", audit={"changelog": -1})
    assert "one says how long audits are kept" in project.run("prune").message


def maintained(project: CliProject, name: str = "maintenance", **attributes: object) -> str:
    document = {
        "type": "pgsync_assets.PgMaintenanceComponent",
        "attributes": {"name": name, **attributes},
    }
    (project.folder / name).mkdir(exist_ok=True)
    file = project.folder / name / "defs.yaml"
    file.write_text(yaml.safe_dump(document))
    return f"{name}/{file.name}"


def test_what_the_docs_show(project: CliProject) -> None:
    maintenance, syncs = re.findall(r"^```yaml\n(.*?)^```", SECTION, re.MULTILINE | re.DOTALL)
    (project.folder / "maintenance").mkdir()
    (project.folder / "maintenance" / "defs.yaml").write_text(maintenance)
    project.sync()
    assert read_project(project.folder).retention == RetentionConfig()
    (sync,) = yaml.safe_load(syncs)["attributes"]["syncs"]
    assert SyncConfig.model_validate(sync).audit.keep.changelog == FOR_EVER
    project.run("run", "orders")
    (commands,) = re.findall(r"^```bash\n(.*?)^```", SECTION, re.MULTILINE | re.DOTALL)
    for command in re.findall(r"^pgsync-assets (.+?) *(?:#.*)?$", commands, re.MULTILINE):
        assert project.run(*command.split()).exit_code == ExitCode.OK
