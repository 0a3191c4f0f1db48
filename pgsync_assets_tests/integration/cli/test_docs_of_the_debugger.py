"""docs/audit.md, The debugger: its commands and statements run, and its columns are there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from pgsync_assets.cli.exit_code import ExitCode

from .conftest import CliProject

PAGE = (Path(__file__).parents[3] / "docs" / "audit.md").read_text(encoding="utf-8")

RUN = 2  # that of the page is 7


def section() -> str:
    found = re.search(r"^## The debugger\n(.*?)(?=^##+ |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found
    return found[1]


def blocks(kind: str) -> list[str]:
    found = re.findall(r"^```(\w*)\n(.*?)^```$", section(), re.MULTILINE | re.DOTALL)
    return [text.replace("= 7", f"= {RUN}") for language, text in found if language == kind]


def test_what_it_shows_runs(project: CliProject) -> None:
    project.sync(batch_size=20)
    project.pair.source.execute(
        "insert into orders select n, 'a', 1 from generate_series(1000, 1219) as n"
    )
    project.pair.destination.execute("alter table orders add check (amount >= 0)")
    assert project.run("run", "orders").exit_code == ExitCode.OK
    project.pair.source.execute(
        "update orders set customer = 'b', amount = case id when 1101 then -1 else 2 end"
    )
    assert project.run("run", "orders").exit_code == ExitCode.ROWS_REJECTED
    (commands,) = blocks("bash")
    said = {}
    for line in commands.splitlines():
        program, command, run, *options = shlex.split(line, comments=True)
        assert (program, run) == ("pgsync-assets", "7")
        ended = project.run(command, str(RUN), *options)
        assert ended.exit_code == ExitCode.OK, ended.stderr
        said[" ".join([command, *options])] = ended.stdout
    (picture,) = blocks("")
    headings = [line for line in picture.splitlines() if line.startswith(("batch", "step  "))]
    real = [" ".join(line.split()) for line in said["show --batch 11"].splitlines()]
    assert {" ".join(line.split()) for line in headings} <= set(real)
    (queries,) = blocks("sql")
    for query in queries.split(";")[:-1]:
        assert project.pair.source.rows(query)
    tables = re.findall(r"^\| `(\w+)` \|", section(), re.MULTILINE)
    for name in tables:
        assert project.pair.source.rows(f"select from hightouch_audit.{name} limit 1")  # noqa: S608
    assert len(tables) == 3
