"""Everything that Dagster keeps of runs, good and failed ones: no secret in any table or file.

With the `dagster.yaml` that users have: storage in PostgreSQL, logs of steps in files.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from pgsync_assets.embedded import Servers

from ..canaries import canary, is_shown
from ..fix_syncs import Syncs, connection_of
from ..integration.assets.conftest import Project, made

TOP = Path(__file__).parents[2]
TABLES = "select schemaname, tablename from pg_tables where schemaname = 'public' order by 2"
RUNS = """
import sys
import dagster as dg
from pathlib import Path
from pgsync_assets.assets.defs_folder import load_folder

job = load_folder(Path(sys.argv[1])).resolve_implicit_global_asset_job_def()
with dg.DagsterInstance.get() as instance:
    for key in ("crm/public/items", "nobody/public/items"):
        job_result = job.execute_in_process(
            instance=instance, asset_selection=[dg.AssetKey.from_user_string(key)],
            raise_on_error=False,
        )
        print("success" if job_result.success else "failure")
"""


@pytest.fixture
def project(syncs: Syncs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """A sync that ends well, with a refused row, and one whose server refuses the password."""
    with made(syncs, tmp_path, monkeypatch) as found:
        syncs.table("id integer primary key, note text check (note <> 'bad')")
        syncs.pair.source.execute("alter table items drop constraint items_note_check")
        syncs.pair.source.execute("insert into items values (1, 'good'), (2, 'bad')")
        wrong = connection_of(syncs.pair.destination).model_dump(mode="json", exclude_unset=True)
        found.write(
            "nobody",
            "PgConnectionsComponent",
            connections={"nobody": wrong | {"password": "$WRONG"}},
        )
        found.sync()
        other = syncs.config(name="others", destination="nobody", table="public.items")
        written = other.model_dump(mode="json", exclude_unset=True)
        found.write("others", "PgSyncComponent", syncs=[written])
        yield found


@pytest.mark.nightly(
    "starts a platform of its own; by day every event and answer is looked at as it comes"
)
def test_no_table_and_no_file_holds_one(
    project: Project, state_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "dagster_home"
    home.mkdir()
    (home / "dagster.yaml").write_text((TOP / "dagster.yaml").read_text())
    monkeypatch.setenv("WRONG", canary("wrong"))
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    script = tmp_path / "runs.py"
    script.write_text(RUNS)
    with Servers(state_folder / "kept", demo=False, environment={}) as servers:
        for name, value in servers.environment().items():
            monkeypatch.setenv(name, value)
        ended = subprocess.run(
            [sys.executable, str(script), str(project.folder)],
            capture_output=True,
            text=True,
            check=True,
        )
        with servers.platform.connect("dagster") as connection:
            stored = rows(connection)
    assert ended.stdout.split() == ["success", "failure"]
    assert stored["event_logs"].count("STEP_FAILURE") >= 1
    assert "pgsync/rows_rejected" in stored["event_logs"]
    assert "password authentication failed" in stored["event_logs"]
    assert [name for name, text in stored.items() if is_shown(text)] == []
    files = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
    assert any(path.suffix in (".err", ".out") for path in files)
    assert [path for path, text in files.items() if is_shown(text.decode(errors="replace"))] == []


def rows(connection: psycopg.Connection[tuple[str, ...]]) -> dict[str, str]:
    """All that the tables of Dagster hold, as text."""
    found = {}
    for schema, table in connection.execute(TABLES).fetchall():
        query = sql.SQL("select t::text from {} as t").format(sql.Identifier(schema, table))
        found[table] = "\n".join(row[0] for row in connection.execute(query).fetchall())
    return found
