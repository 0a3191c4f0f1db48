"""A destination table that is partitioned: its key has the partition key in it (trap 8)."""

from __future__ import annotations

from typing import Any

import pytest

from pgsync_assets.errors import DestinationError
from pgsync_assets.outcome import Counts

from ..fix_syncs import Syncs

KEY: dict[str, Any] = {
    "model": {"table": "public.items", "key": ["id", "day", "region"]},
    "guard": {"max_removed": "100%"},
}
MADE = [
    "create table items (id int, day date, region text, name text,"
    " primary key (id, day, region)) partition by range (day)",
    "create table items_2025 partition of items for values from ('2025-01-01') to ('2026-01-01')",
    "create table items_2026 partition of items for values from ('2026-01-01') to ('2027-01-01')"
    " partition by list (region)",
    "create table items_2026_eu partition of items_2026 for values in ('eu')",
    "create table items_2026_us partition of items_2026 for values in ('us')",
]
DEFAULT = "create table items_rest partition of items default"
PLACES = "select tableoid::regclass::text, id, name from items order by 1, 2"


@pytest.fixture
def items(syncs: Syncs) -> Syncs:
    """Five rows, each for another partition; nothing takes the last two."""
    syncs.pair.source.execute(
        "create table items (id int, day date, region text, name text,"
        " primary key (id, day, region))",
        "insert into items values (1, '2025-05-05', 'eu', 'a'), (2, '2026-05-05', 'eu', 'b'),"
        " (3, '2026-05-05', 'us', 'c'), (4, '2026-05-05', 'asia', 'd'),"
        " (5, '1999-01-01', 'eu', 'e')",
    )
    syncs.pair.destination.execute(*MADE)
    syncs.grant()
    syncs.fields = KEY
    return syncs


def test_rows_without_a_partition_are_refused_alone(items: Syncs) -> None:
    for _ in range(2):  # by COPY first, through the stage then
        outcome = items.run()
        assert {(one.sqlstate, one.reason) for one in outcome.rejections} == {
            ("23514", "the table has no partition for the row, or another one takes it")
        }
        assert outcome.failed == Counts(added=2)
    destination = items.pair.destination
    assert destination.rows(PLACES) == [
        ("items_2025", 1, "a"),
        ("items_2026_eu", 2, "b"),
        ("items_2026_us", 3, "c"),
    ]
    destination.execute(DEFAULT, "create table items_asia partition of items_2026 default")
    assert items.run().succeeded == Counts(added=2)
    assert items.verify().in_step
    assert items.run().planned.total == 0


@pytest.mark.parametrize(
    ("fields", "left"),
    [
        ({"mode": "upsert"}, 2),
        ({"mode": "mirror"}, 0),
        ({"delete": "soft_delete", "deleted_column": "gone"}, 2),
        ({"delete": "clear_fields"}, 2),
    ],
    ids=["upsert", "mirror", "soft_delete", "clear_fields"],
)
def test_a_row_that_moves_is_removed_and_inserted(
    items: Syncs, fields: dict[str, Any], left: int
) -> None:
    source, destination = items.pair.source, items.pair.destination
    destination.execute(DEFAULT, "create table items_asia partition of items_2026 default")
    if "deleted_column" in fields:
        destination.execute("alter table items add gone boolean")
    assert items.run(**fields).succeeded == Counts(added=5)
    source.execute(
        "update items set name = 'x' where id = 1",
        "update items set day = '2025-06-06' where id = 2",
        "update items set region = 'eu' where id = 3",
    )
    outcome = items.run(**fields)
    assert outcome.succeeded == Counts(added=2, changed=1, removed=2)
    assert destination.rows("select count(*) from items") == [(5 + left,)]
    moved = [row for row in destination.rows(PLACES) if row[1] in (2, 3) and row[2] in ("b", "c")]
    assert moved[0] == ("items_2025", 2, "b")
    assert ("items_2026_eu", 3, "c") in moved
    assert items.verify().in_step


def test_update_never_moves_a_row(items: Syncs) -> None:
    source, destination = items.pair.source, items.pair.destination
    destination.execute(
        "insert into items select n, '2026-05-05', 'eu' from generate_series(1, 5) n"
    )
    outcome = items.run(mode="update")
    assert outcome.succeeded == Counts(added=1)
    assert destination.rows("select id from items where name is not null") == [(2,)]
    source.execute("update items set name = 'x' where id = 2")
    assert items.run(mode="update").succeeded == Counts(changed=1)


def test_keys_that_are_equal_but_not_the_same_stay_where_they_are(syncs: Syncs) -> None:
    syncs.pair.source.execute(
        "create table items (id numeric primary key, name text)", "insert into items values (1.0)"
    )
    syncs.pair.destination.execute(
        "create table items (id numeric primary key, name text) partition by range (id)",
        "create table low partition of items for values from (0) to (1)",
        "create table high partition of items for values from (1) to (9)",
    )
    syncs.grant()
    syncs.run()
    syncs.pair.source.execute("update items set id = 1.00, name = 'x'")
    assert syncs.run().succeeded == Counts(changed=1)
    rows = syncs.pair.destination.rows("select tableoid::regclass::text, id::text from items")
    assert rows == [("high", "1.00")]


def test_a_key_without_the_partition_key_is_refused(items: Syncs) -> None:
    model = {"table": "public.items", "key": ["id"]}
    with pytest.raises(DestinationError, match=r"no unique index on \(id\)(?s:.*)id, day, region"):
        items.run(model=model)
    items.pair.destination.execute(
        "alter table items drop constraint items_pkey",
        "create unique index half on only items (id, day, region)",
    )
    with pytest.raises(DestinationError, match="half cannot be used, some partition has no index"):
        items.run()
    # Rows that are only inserted need no index: any partition key will do.
    items.pair.destination.execute(DEFAULT, "create table rest partition of items_2026 default")
    assert items.run(mode="insert", model=model).succeeded == Counts(added=5)
