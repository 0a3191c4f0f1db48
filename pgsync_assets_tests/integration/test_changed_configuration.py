"""A changed configuration: nothing is skipped, nothing is forgotten."""

from __future__ import annotations

from typing import Any

import pytest

from pgsync_assets import failpoints
from pgsync_assets.errors import ConfigurationError
from pgsync_assets.outcome import Counts

from ..fix_syncs import Syncs
from ..invariants import log_writes, violations, writes

TWO: dict[str, Any] = {"columns": ["id", "name"], "delete": "delete_row"}
ALL: dict[str, Any] = {"delete": "delete_row"}


@pytest.fixture
def syncs(either: Syncs) -> Syncs:
    """Syncs of one engine and of the other."""
    return either


@pytest.fixture
def filled(syncs: Syncs) -> Syncs:
    """Nine rows to send."""
    syncs.table("id int primary key, name text, price numeric")
    log_writes(syncs)
    syncs.pair.source.execute(
        "insert into items select n, 'item ' || n, n from generate_series(1, 9) as n"
    )
    return syncs


def test_a_column_more_is_sent_once_for_every_row(filled: Syncs) -> None:
    filled.run(**TWO)
    assert filled.same(columns="id, name")
    filled.pair.source.execute("delete from items where id in (1, 2)")
    outcome = filled.run(**ALL)
    assert outcome.succeeded == Counts(changed=7, removed=2)
    assert violations(filled) == []
    assert filled.run(**ALL).planned == Counts()


def test_a_column_less_is_no_reason_to_touch_it(filled: Syncs) -> None:
    filled.run(**ALL)
    filled.run(**TWO)
    filled.pair.source.execute("update items set price = 0")
    assert filled.run(**TWO).planned == Counts()
    assert filled.pair.destination.rows("select count(*) from items where price > 0") == [(9,)]


def test_another_target_column_is_filled_for_every_row(filled: Syncs) -> None:
    filled.run(**ALL)
    filled.pair.destination.execute("alter table items add label text")
    filled.run(columns={"id": "id", "name": "label", "price": "price"})
    assert filled.pair.destination.rows("select count(*) from items where label = name") == [(9,)]


def test_a_refused_row_survives_a_changed_mapping(filled: Syncs) -> None:
    filled.run(**TWO)
    filled.pair.destination.execute("alter table items add constraint odd check (price <> 4)")
    assert filled.run(**ALL).failed == Counts(changed=1)
    assert filled.pair.destination.rows("select price from items where id = 4") == [(None,)]
    assert filled.run(**ALL).failed == Counts(changed=1)  # again: it is not forgotten
    filled.pair.destination.execute("alter table items drop constraint odd")
    assert filled.run(**ALL).succeeded == Counts(changed=1)
    assert violations(filled) == []


def test_a_row_that_is_refused_under_a_new_mapping_can_still_be_removed(filled: Syncs) -> None:
    filled.run(**TWO)
    filled.pair.destination.execute("alter table items add constraint odd check (price <> 4)")
    filled.run(**ALL)
    filled.pair.source.execute("delete from items where id = 4")
    assert filled.run(**ALL).succeeded == Counts(removed=1)
    assert violations(filled) == []


def test_another_type_of_a_column_is_sent_anew(filled: Syncs) -> None:
    filled.run(**ALL)
    for side in (filled.pair.source, filled.pair.destination):
        side.execute("alter table items alter price type text")
    assert filled.run(**ALL).succeeded == Counts(changed=9)
    assert violations(filled) == []


OTHER_KEY = {"model": {"table": "public.items", "key": ["name"]}}
OTHER_TABLE = {"table": "public.others"}


@pytest.mark.parametrize("other", [OTHER_KEY, OTHER_TABLE], ids=["key", "table"])
def test_another_key_or_table_needs_a_word(filled: Syncs, other: dict[str, Any]) -> None:
    filled.pair.destination.execute(
        "create table others (like items including all)", "create unique index on items (name)"
    )
    filled.grant()
    filled.pair.destination.grant_table("others", "select", "insert", "update", "delete")
    filled.run()
    before = writes(filled)
    with pytest.raises(ConfigurationError, match=r"public\.items.*\bid\b.*--full-resync"):
        with_dots(lambda: filled.run(**other))
    assert writes(filled) == before
    assert filled.run(full_resync=True, **other).succeeded.total == 9
    assert filled.run(**other).planned == Counts()
    table = other.get("table", "public.items")
    assert filled.pair.destination.rows(f"select count(*) from {table}") == [(9,)]  # noqa: S608


def with_dots(run: Any) -> None:
    """Puts message and remedy of an error on one line."""
    try:
        run()
    except ConfigurationError as error:
        raise ConfigurationError(" ".join(str(error).split())) from None


@pytest.mark.parametrize("first_sync", [True, False])
def test_what_an_interrupted_run_wrote_is_settled_before_a_new_mapping(
    monkeypatch: pytest.MonkeyPatch, filled: Syncs, first_sync: bool
) -> None:
    if not first_sync:
        filled.run(**TWO)
        filled.pair.source.execute(
            "update items set name = name || '!'", "delete from items where id = 1"
        )
    with monkeypatch.context() as patch:
        patch.setattr(failpoints, "_reached", 0)
        patch.setenv(failpoints.VARIABLE, "batch committed:raise")
        with pytest.raises(failpoints.FailpointReached):
            filled.run(batch_size=4, **TWO)
    outcome = filled.run(batch_size=4, **ALL)
    assert outcome.recovered is not None
    assert (outcome.recovered.status, outcome.recovered.attempted.total) == ("failed", 4)
    assert violations(filled) == []
    if first_sync:
        assert outcome.succeeded == Counts(added=5, changed=4)
    told = "select status, error like 'the configuration changed%' from hightouch_audit.sync_runs"
    assert ("failed", True) in filled.keeper.rows(told)
