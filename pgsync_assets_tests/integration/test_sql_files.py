"""Every `.sql` file runs in psql as it is: what a person tries there is what we run."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pgsync_assets

from ..fix_administrators import psql
from ..fix_databases import Pair, Side
from ..fix_syncs import Syncs

TOP = Path(pgsync_assets.__file__).parent
FILES = sorted(str(path.relative_to(TOP)) for path in TOP.rglob("*.sql"))
VARIABLE = re.compile(r""":["'](\w+)["']""")
SOME_UUID = "00000000-0000-0000-0000-000000000001"

# Variables by name; numbers of a run are larger than those of the run that filled the tables.
VALUES = {
    "statuses": "{planned,held}",
    "afters": "{0}",
    "after": "0",
    "idle": "10",
    "interval": "5",
    "probes": "4",
    "changelog": "changelog_rows",
    "dead": "{}",
    "deletes": "false",
    "is_gone": "false",
    "keep": "{}",
    "is_streamed": "false",
    "keeps": "{1 day}",
    "needed": "{1}",
    "owners": "{items}",
    "row": "0",
    "up_to": "10",
    "untils": "{1000}",
    "kept": "2",
    "path": "{public}",
    "plan": "items",
    "models": "{}",
    "added": "1",
    "applied": "1",
    "audit": "hightouch_audit",
    "base_run": "1",
    "batch": "1",
    "batch_ends": "{1}",
    "batch_size": "1000",
    "batches": "1",
    "because": "another one is there",
    "by": "ada",
    "changed": "1",
    "cause": "23514",
    "collation": "C",
    "collations": "{0,100}",
    "column": "note",
    "columns": "[]",
    "constraint": "small",
    "content": "1:42",
    "cursor": "2024-01-01",
    "data": "{}",
    "delete_behavior": "do_nothing",
    "delivery": "monday",
    "each": "{SELECT}",
    "destination_table": "public.items",
    "bytes": "1",
    "engine": "lightning",
    "epoch": "1",
    "ended": "[]",
    "error": "none",
    "events": "[]",
    "every": "1 day",
    "fence": "1",
    "fingerprint": "f",
    "installation": SOME_UUID,
    "invalid": "0",
    "is_exact": "true",
    "is_full": "true",
    "is_shared": "true",
    "is_whole": "true",
    "hashed": "{}",
    "inner": "00",
    "is_anew": "true",
    "keeps_succeeded": "true",
    "key_columns": "1",
    "key": "{id}",
    "keys": "{1}",
    "kind": "sync",
    "ledger": "pgsync_ledger",
    "log": "pgsync_log",
    "left": "0",
    "left_over": "{0,0,0}",
    "limits": "{10}",
    "ledger_run": "1",
    "limit": "10",
    "mark": "[1] 00",
    "outer": "00",
    "lock_timeout": "1s",
    "time_zone": "UTC",
    "application_name": "pgsync/items",
    "ledger_batch": "1",
    "statement_timeout": "0",
    "days": "7",
    "run_by": "ada",
    "seconds": "{}",
    "bytes_read": "0",
    "error_type": "ModelError",
    "audit_level": "keys",
    "code_version": "c0ffee",
    "version": "0.1.0",
    "source_version": "16.4",
    "destination_version": "12.1",
    "missing": "a key column is NULL",
    "mode": "upsert",
    "model": "items",
    "modifier": "14",
    "modifiers": "{-1,14}",
    "name": "001_planner.sql",
    "names": "{items}",
    "number": "999",
    "numbers": "{1}",
    "oid": "100",
    "partition": "",
    "parked": "0",
    "parks": "true",
    "plan_row": "1",
    "pid": "0",
    "backend_pid": "0",
    "planned": "1",
    "planner": "hightouch_planner",
    "primary_key": "id",
    "reason": "because",
    "reasons": "{because}",
    "rejected": "1",
    "relations": "{1259}",
    "removed": "1",
    "row_ids": "{1}",
    "said": "; the server: ",
    "pattern": "id=1",
    "plan_rows": "{1}",
    "rows": "1",
    "repeated": "the key occurs more than once in the model",
    "rights": "SELECT",
    "round": "1",
    "row_count": "1",
    "row_count_of": "",
    "run": "1000",
    "runs": "{1000}",
    "schema": "public",
    "schemas": "{public}",
    "search_path": "public",
    "shape": "{}",
    "source": "shop",
    "since": "{0}",
    "spelled": '"C"',
    "sqlstate": "23514",
    "staging": "public",
    "started_at": "2024-01-01 00:00+00",
    "state": "1",
    "status": "failed",
    "steps": "[]",
    "sync": "items",
    "syncs": "{items}",
    "table": "items",
    "table_name": "items",
    "table_schema": "public",
    "texts": "[]",
    "tables": "{items}",
    "type": "23",
    "types": "{23,1043}",
    "written": "1",
    "until": "{1}",
} | {
    f"{what}_{verb}": "0"
    for what in ("planned", "attempted", "succeeded", "failed")
    for verb in ("add", "change", "remove")
}
DEMO_SOURCE = ("demo/source_tables.sql",)
DEMO_APP = ("demo/app_owner.sql", "demo/destination_tables.sql")
AT_DESTINATION = ("write/", "log/", *DEMO_APP, "demo/roles_destination.sql")
OWN_NAMES = "write/migrations/002_own_names.sql"
BEFORE = {
    OWN_NAMES: ("connect/migrations_table.sql", "write/migrations/001_ledger.sql"),
    "write/migrations/003_deliveries.sql": ("write/baseline/002_ledger.sql",),
    "demo/source_keys.sql": DEMO_SOURCE,
    "demo/roles_source.sql": DEMO_SOURCE,
    "demo/defs/carriers/carriers.sql": DEMO_SOURCE,
    "demo/destination_tables.sql": DEMO_APP[:1],
    "demo/roles_destination.sql": DEMO_APP,
}

OWN_VALUES = {
    "log": {"runs": "[]", "columns": "{id,note}", "kept": "1 day"},
    "write/copied_types.sql": {"columns": "{id,note}"},
    "write/same_table.sql": {"columns": "{id,note}", "table": "1259", "target": "public.items"},
    "model/collation_twins.sql": {"schema": "pg_catalog"},
    "plan/sorting.sql": {"sorting": "off"},
    "plan/settled.sql": {"ledger": SOME_UUID},
}
"""What some files are asked with, where it is not what the others are."""


def database_of(file: str, pair: Pair) -> Side:
    """Where a file runs: what is written is at the destination, all else at the source."""
    at_destination = file.startswith(("write/", "log/")) or file in (
        *DEMO_APP,
        "demo/roles_destination.sql",
    )
    return pair.destination if at_destination else pair.source


def values_of(file: str, side: Side) -> dict[str, str]:
    """The variables of a file."""
    found = set(VARIABLE.findall((TOP / file).read_text()))
    own: dict[str, str] = {"database": side.database, "role": side.user}
    if file.startswith("connect/migrations") or file == "plan/number_runs.sql":
        own["schema"] = "hightouch_planner"
    if "/migrations/" in file or "/baseline/" in file or file == "connect/migrations_table.sql":
        own["schema"] = "fresh"
    if file.startswith("connect/migrations") or file == OWN_NAMES:
        own["table"] = "migrations"
        found.add("table")  # of the file before it
    own |= OWN_VALUES.get(file.partition("/")[0] if file.startswith("log/") else file, {})
    if "relation" in found:
        own["relation"] = str(side.rows("select 'items'::regclass::oid")[0][0])
    return {name: own.get(name) or VALUES[name] for name in sorted(found)}


def as_superuser(side: Side) -> Side:
    """A side as its superuser sees it."""
    return replace(side, user=side.cluster.superuser, password=side.cluster.password)


def earlier(file: str) -> tuple[str, ...]:
    """The migrations before a migration."""
    folder = Path(file).parent
    is_one = folder.name == "migrations"
    return tuple(name for name in FILES if is_one and Path(name).parent == folder and name < file)


def said_of(file: str, pair: Pair) -> str:
    """What psql says of a file, in a transaction that is rolled back; empty where it runs."""
    side = database_of(file, pair)
    before = BEFORE.get(file, DEMO_SOURCE if file.startswith("demo/round/") else earlier(file))
    answer = psql(
        as_superuser(side),
        *(f"--set={name}={value}" for name, value in values_of(file, side).items()),
        "--command=begin",
        "--command=set local client_min_messages = warning; create schema fresh",
        *(f"--file={TOP / name}" for name in before),
        f"--file={TOP / file}",
        "--command=rollback",
    )
    return answer.stderr if answer.stderr or answer.returncode == 0 else "stopped"


def test_every_file_runs_in_psql(syncs: Syncs) -> None:
    syncs.table("id integer primary key, note text")
    syncs.pair.source.execute("insert into items values (1, 'a')")
    syncs.pair.destination.execute(
        f"create schema pgsync_log authorization {syncs.pair.destination.user}"
    )
    syncs.destination = {"schemas": {"log": "pgsync_log"}}
    syncs.run(audit="full")
    assert len(FILES) > 50
    said = {file: said_of(file, syncs.pair) for file in FILES}
    assert {file: text for file, text in said.items() if text} == {}


def test_psql_stops_at_a_mistake_in_a_file(database_pair: Pair, tmp_path: Path) -> None:
    """The test above can fail."""
    (tmp_path / "wrong.sql").write_text("select no_such_column;")
    answer = psql(as_superuser(database_pair.source), f"--file={tmp_path / 'wrong.sql'}")
    assert "no_such_column" in answer.stderr
    assert answer.returncode != 0
