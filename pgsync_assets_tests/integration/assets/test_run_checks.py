"""The checks of a run: what each says of a run, of one that failed, and executed alone."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import dagster as dg
import pytest

from pgsync_assets.assets.checks import (
    CHECKS_OF_A_RUN,
    COUNTS_AGREE,
    NO_REJECTED_ROWS,
    NOTHING_ABSORBED,
    SCHEMA_DRIFT,
)
from pgsync_assets.steps.ends import Ends
from pgsync_assets.steps.progress import Reporter, silent
from pgsync_assets.steps.work import opened

from .conftest import Project

KEY = dg.AssetKey(["crm", "public", "items"])
ABSORBS = """
    create function absorb() returns trigger language plpgsql as
        'begin if new.name = ''lost'' then return null; end if; return new; end';
    create trigger absorb before insert or update on items
        for each row execute function absorb()
"""
WARN, ERROR = dg.AssetCheckSeverity.WARN, dg.AssetCheckSeverity.ERROR


@pytest.fixture
def items(project: Project) -> Project:
    """Three rows, not sent yet."""
    project.syncs.table("id integer, name text, unique (id)")
    project.pair.source.execute("insert into items values (1, 'a'), (2, 'b'), (3, 'c')")
    project.sync()
    return project


def said(result: dg.ExecuteInProcessResult) -> dict[str, dg.AssetCheckEvaluation]:
    return {found.check_name: found for found in result.get_asset_check_evaluations()}


def failed(result: dg.ExecuteInProcessResult) -> dict[str, dg.AssetCheckSeverity]:
    """The checks that did not pass."""
    return {name: found.severity for name, found in said(result).items() if not found.passed}


def alone(project: Project, names: Collection[str] = CHECKS_OF_A_RUN) -> dg.ExecuteInProcessResult:
    """Executes checks and nothing else, as their button in the UI does."""
    job = project.definitions.resolve_implicit_global_asset_job_def()
    chosen = {dg.AssetCheckKey(KEY, name) for name in names}
    subset = job.get_subset(asset_selection=set(), asset_check_selection=chosen)
    return subset.execute_in_process(instance=project.instance, raise_on_error=False)


def values(found: dg.AssetCheckEvaluation) -> dict[str, Any]:
    return {name: value.value for name, value in found.metadata.items()}


def test_a_row_that_a_trigger_absorbs_is_no_success(items: Project) -> None:
    items.pair.destination.execute(ABSORBS)
    items.pair.source.execute("update items set name = 'lost' where id = 2")
    ran = items.run()
    assert ran.success
    assert failed(ran) == {NO_REJECTED_ROWS: WARN, NOTHING_ABSORBED: WARN}
    metadata = values(said(ran)[NOTHING_ABSORBED])
    assert metadata == {"pgsync/rows_absorbed": 1, "pgsync/rows_applied": 2}
    assert failed(alone(items)) == failed(ran)
    items.pair.destination.execute("drop trigger absorb on items")
    assert failed(items.run()) == failed(alone(items)) == {}


def test_a_changed_column_is_a_warning_with_a_table(items: Project) -> None:
    assert failed(items.run()) == {}
    items.pair.destination.execute("alter table items add column note text")
    assert failed(alone(items)) == {SCHEMA_DRIFT: WARN}
    ran = items.run()
    found = said(ran)[SCHEMA_DRIFT]
    assert (failed(ran), found.description) == (
        {SCHEMA_DRIFT: WARN},
        "other than at the last run: table note (added)",
    )
    metadata = values(found)
    assert (metadata["pgsync/columns_changed"], metadata["pgsync/columns_not_written"]) == (
        1,
        "note",
    )
    (row,) = metadata["pgsync/drift"].records
    assert row.data == {
        "end": "table",
        "column": "note",
        "change": "added",
        "before": "",
        "after": "text",
        "fate": "not written",
    }
    assert failed(items.run()) == failed(alone(items)) == {}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("alter table items add column email text", "there is no column 'email'"),
        ("alter table items alter column name type bytea using name::bytea", "name"),
        ("alter table items rename to gone", "does not exist"),
    ],
)
def test_a_run_that_fails_for_it_fails_the_check(items: Project, change: str, told: str) -> None:
    assert items.run().success
    items.pair.source.execute(change)
    ran = items.run()
    assert not ran.success
    assert failed(ran) == {SCHEMA_DRIFT: ERROR}
    assert told in (said(ran)[SCHEMA_DRIFT].description or "")
    assert SCHEMA_DRIFT in failed(alone(items))


def test_a_run_that_fails_for_something_else_says_nothing_of_columns(items: Project) -> None:
    assert items.run().success
    items.sync(mode="insert")
    config = {"ops": {"sync_items": {"config": {"full_resync": True}}}}
    ran = items.run(run_config=config)
    assert (ran.success, said(ran)) == (False, {})


def test_alone_they_tell_how_the_last_run_left_it(items: Project) -> None:
    items.pair.source.execute("insert into items values (null, 'no key')")
    assert failed(items.run()) == {NO_REJECTED_ROWS: WARN}
    result = alone(items)
    assert result.success
    assert failed(result) == {NO_REJECTED_ROWS: WARN}
    assert values(said(result)[NO_REJECTED_ROWS])["pgsync/rows_rejected"] == 1
    metadata = values(said(result)[COUNTS_AGREE])
    assert (metadata["pgsync/rows_planned"], metadata["pgsync/rows_applied"]) == (4, 3)
    assert len(items.materializations("crm/public/items")) == 1
    items.pair.source.execute("insert into items values (4, 'd')")
    assert set(said(alone(items, [COUNTS_AGREE]))) == {COUNTS_AGREE}
    assert items.pair.destination.rows("select count(*) from items") == [(3,)]


def test_alone_books_that_do_not_agree_fail(items: Project) -> None:
    assert items.run().success
    items.pair.destination.execute("update pgsync_ledger.pgsync_ledger set applied = 7")
    result = alone(items)
    assert failed(result) == {COUNTS_AGREE: ERROR}
    told = said(result)[COUNTS_AGREE].description or ""
    assert "ledger counted 7 rows, sync_runs says 3" in told


def test_what_never_ran_passes_nothing(items: Project) -> None:
    result = alone(items)
    assert result.success
    assert failed(result) == dict.fromkeys(CHECKS_OF_A_RUN, WARN)
    told = {found.description for found in said(result).values()}
    assert told == {"there is no run to judge: materialize the destination table"}


def test_beside_a_run_nothing_is_said(items: Project) -> None:
    assert items.run().success
    ends = Ends(*items.syncs.endpoints)
    with opened(items.syncs.config(), ends, None, Reporter("items", None, silent)):
        result = alone(items, [NO_REJECTED_ROWS])
    assert (result.success, said(result)) == (True, {})


def test_all_partitions_are_judged_together(project: Project) -> None:
    project.syncs.table("at date, id integer, name text, primary key (at, id)")
    project.pair.destination.execute(ABSORBS)
    project.pair.source.execute(
        "insert into items select '2024-01-01'::date + n % 2, n, case n when 3 then 'lost' end"
        " from generate_series(0, 9) as n"
    )
    window = {"column": "at", "every": "day", "start": "2024-01-01", "end": "2024-01-03"}
    project.sync(model={"table": "public.items", "key": ["at", "id"]}, partitions=window)
    for day in ("2024-01-01", "2024-01-02"):
        assert project.run(partition=day).success
    result = alone(project)
    assert failed(result) == {NO_REJECTED_ROWS: WARN, NOTHING_ABSORBED: WARN}
    metadata = values(said(result)[COUNTS_AGREE])
    assert (metadata["pgsync/rows_planned"], metadata["pgsync/rows_applied"]) == (10, 9)
