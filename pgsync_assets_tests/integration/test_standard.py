"""Engine standard: the source is only read, the state is elsewhere, the promises are the same."""

from __future__ import annotations

from typing import Any

import pytest

from pgsync_assets.errors import ConfigurationError
from pgsync_assets.outcome import Counts
from pgsync_assets.plan import across

from ..fix_syncs import Syncs
from ..invariants import log_writes, violations, writes

DELETES: dict[str, Any] = {"delete": "delete_row"}


@pytest.fixture
def filled(standard: Syncs) -> Syncs:
    """A hundred rows to send."""
    standard.table("id bigint primary key, name text, price numeric, doc jsonb")
    log_writes(standard)
    standard.pair.source.execute(
        "insert into items select n, 'item ' || n, n, '{}' from generate_series(1, 100) as n"
    )
    return standard


def test_a_role_with_nothing_but_select(filled: Syncs) -> None:
    first = filled.run(**DELETES, batch_size=30)
    assert (first.succeeded, first.row_count) == (Counts(added=100), 100)
    assert violations(filled) == []
    filled.pair.source.execute(
        "update items set doc = '{\"n\": 1}' where id in (1, 2)",
        "delete from items where id between 90 and 92",
        "insert into items values (101, 'new', 1, null)",
    )
    second = filled.run(**DELETES)
    assert second.succeeded == Counts(added=1, changed=2, removed=3)
    assert violations(filled) == []
    assert sum(writes(filled).values()) == 106
    assert filled.run(**DELETES).planned == Counts()


def test_the_source_is_left_as_it_was(filled: Syncs) -> None:
    query = "select count(*) from pg_class union all select count(*) from pg_namespace"
    before = filled.pair.source.rows(query)
    filled.run()
    filled.pair.source.execute("update items set price = price + 1")
    filled.run()
    assert filled.pair.source.rows(query) == before


def test_only_keys_and_digests_travel_where_little_has_changed(filled: Syncs) -> None:
    filled.pair.source.execute("update items set name = repeat('x', 100000)")
    filled.run()
    filled.pair.source.execute("update items set price = 0 where id <= 3")
    outcome = filled.run()
    assert outcome.succeeded == Counts(changed=3)
    assert outcome.bytes < 400_000


def test_without_a_platform_it_says_what_to_set(filled: Syncs) -> None:
    filled.platform = None
    with pytest.raises(ConfigurationError, match=r"(?s)platform.*PGSYNC_PLATFORM_HOST"):
        filled.run()


def test_a_query_with_bad_keys(filled: Syncs) -> None:
    model = {
        "sql": "select * from public.items union all select null, 'x', 1, null"
        " union all select 50, 'twice', 0, null",
        "key": ["id"],
    }
    outcome = filled.run(model=model)
    assert (outcome.succeeded, outcome.invalid) == (Counts(added=99), 3)
    filled.pair.source.execute("update items set price = 0 where id < 10")
    assert filled.run(model=model).succeeded == Counts(changed=9)
    assert violations(filled, {"50", "(null)"}) == []


def test_a_model_that_answers_differently_each_time_is_refused_row_by_row(filled: Syncs) -> None:
    model = {
        "sql": "select id, case when id <= 5 then random()::text else name end as name, price, doc"
        " from public.items",
        "key": ["id"],
    }
    assert filled.run(model=model).succeeded == Counts(added=100)
    outcome = filled.run(model=model)
    assert (outcome.planned, outcome.succeeded) == (Counts(changed=5), Counts())
    assert {row.reason for row in outcome.rejections} == {
        "the model returned another row, or none, when it was read again"
    }
    assert outcome.invalid == outcome.failed.total == 5


def test_it_keeps_no_rows(standard: Syncs) -> None:
    with pytest.raises(ValueError, match="engine standard"):
        standard.config(state="rows")


def test_much_has_changed(filled: Syncs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(across, "AT_ONCE", 7)
    filled.run(**DELETES)
    for changed in (6, 9, 40):  # one statement, and several
        filled.pair.source.execute(
            f"update items set price = price + 1 where id <= {changed}",
            f"delete from items where id = {100 - changed}",
        )
        assert filled.run(**DELETES).succeeded == Counts(changed=changed, removed=1)
        assert violations(filled) == []
    filled.pair.source.execute("update items set price = price + 1")  # a scan of everything
    assert filled.run(**DELETES).succeeded == Counts(changed=97)
    assert violations(filled) == []
