"""What a sync does at the destination beside writing rows: statements of its owner, and stamps."""

from __future__ import annotations

from typing import Any

import pytest

from pgsync_assets import failpoints
from pgsync_assets.errors import ConfigurationError, DestinationError, TerminalError
from pgsync_assets.outcome import Counts

from ..fix_syncs import Syncs

FILL = "insert into items select n, 'item ' || n from generate_series(1, 5) as n"
STAMPS: dict[str, Any] = {"stamps": {"synced_at": "_synced_at", "run_id": "_sync_run_id"}}
HOOKS: dict[str, Any] = {
    "hooks": {
        "before": ["insert into public.told values ('before; %', now())"],
        "after": [
            "insert into public.told select 'after', max(at) from public.told",
            "insert into public.told select 'rows ' || count(*), now() from public.items",
        ],
    }
}


@pytest.fixture
def items(either: Syncs) -> Syncs:
    """Five rows; the destination has columns for stamps, and a table that hooks write."""
    either.pair.source.execute("create table items (id int primary key, name text)", FILL)
    destination = either.pair.destination
    destination.execute(
        "create table items (id int primary key, name text, gone bool, _synced_at timestamptz"
        " not null, _sync_run_id bigint not null)",
        "create table told (what text, at timestamptz)",
    )
    either.grant()
    destination.grant_table("told", "select", "insert")
    return either


def told(syncs: Syncs) -> list[str]:
    """What the hooks have written, in their order."""
    rows = syncs.pair.destination.rows("select what from told order by at, ctid")
    return [what for (what,) in rows]


def stamps(syncs: Syncs) -> list[tuple[Any, ...]]:
    """Of each row: its key, the run that wrote it, and whether that was just now."""
    return syncs.pair.destination.rows(
        "select id, _sync_run_id, _synced_at between now() - interval '1 hour' and now()"
        " from items order by id"
    )


@pytest.mark.parametrize("mode", ["upsert", "insert"])
def test_rows_say_when_and_by_which_run(items: Syncs, mode: str) -> None:
    first = items.run(mode=mode, **STAMPS).run_id
    assert stamps(items) == [(n, first, True) for n in range(1, 6)]
    items.pair.source.execute(
        "update items set name = 'newer' where id = 1", "insert into items values (6, 'six')"
    )
    second = items.run(mode=mode, **STAMPS).run_id
    newer = second if mode == "upsert" else first
    assert stamps(items)[0] == (1, newer, True)
    assert stamps(items)[1:] == [*((n, first, True) for n in range(2, 6)), (6, second, True)]
    assert items.verify(mode=mode, **STAMPS).differs == 0


@pytest.mark.parametrize(
    "delete", [{"delete": "soft_delete", "deleted_column": "gone"}, {"delete": "clear_fields"}]
)
def test_a_removal_is_stamped(items: Syncs, delete: dict[str, Any]) -> None:
    first = items.run(**STAMPS, **delete).run_id
    items.pair.source.execute("delete from items where id = 1")
    second = items.run(**STAMPS, **delete).run_id
    assert [row[1] for row in stamps(items)] == [second, first, first, first, first]


def test_stamps_in_mode_update(items: Syncs) -> None:
    items.pair.destination.execute("insert into items values (1, 'old', false, '2020-01-01', 0)")
    outcome = items.run(mode="update", **STAMPS)
    assert (outcome.succeeded, stamps(items)) == (Counts(added=1), [(1, outcome.run_id, True)])


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ({"stamps": {"synced_at": "at"}}, r"(?s)no such column.*ADD COLUMN \"at\" timestamptz"),
        ({"stamps": {"run_id": "name"}}, "gets something else there"),
        ({"stamps": {"run_id": "gone"}}, r"is boolean; stamps.run_id is int8"),
        (
            {"stamps": {"run_id": "gone"}, "delete": "soft_delete", "deleted_column": "gone"},
            "gets something else there",
        ),
    ],
)
def test_columns_that_cannot_be_stamped(syncs: Syncs, fields: dict[str, Any], what: str) -> None:
    syncs.pair.source.execute("create table items (id int primary key, name text)")
    syncs.pair.destination.execute("create table items (id int primary key, name text, gone bool)")
    syncs.grant()
    with pytest.raises((ConfigurationError, DestinationError), match=what):
        syncs.run(**fields)


def test_hooks_run_around_what_is_written(items: Syncs) -> None:
    fields = STAMPS | HOOKS
    items.run(**fields, batch_size=2)
    assert told(items) == ["before; %", "after", "rows 5"]
    items.run(**fields)  # nothing to write: nothing to do before or after
    assert len(told(items)) == 3


def test_a_hook_before_that_fails_stops_the_run(items: Syncs) -> None:
    hooks = {"before": ["insert into told values ('first', now())", "select 1 / 0 as secret"]}
    with pytest.raises(TerminalError, match=r"hooks.before: .*SQLSTATE 22012"):
        items.run(hooks=hooks, **STAMPS)
    assert (told(items), stamps(items)) == ([], [])
    assert items.run(**STAMPS).succeeded == Counts(added=5)


def test_a_hook_after_that_fails_loses_no_row(items: Syncs) -> None:
    hooks = {"after": ["insert into told values ('first', now())", "drop table items"]}
    with pytest.raises(TerminalError, match=r"hooks.after: .*must be owner"):
        items.run(hooks=hooks, **STAMPS)
    assert (told(items), len(stamps(items))) == ([], 5)
    assert items.run(**STAMPS).planned == Counts()


def test_one_statement_each(items: Syncs) -> None:
    hooks = {"before": ["select 1; drop table told"]}
    with pytest.raises(TerminalError, match="42601"):
        items.run(hooks=hooks, **STAMPS)


@pytest.mark.parametrize("point", ["hooks before", "batch committed", "hooks after"])
def test_a_run_that_is_interrupted_runs_its_hooks_all_the_same(
    items: Syncs, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    with monkeypatch.context() as patch:
        patch.setenv(failpoints.VARIABLE, f"{point}:raise")
        with pytest.raises(failpoints.FailpointReached):
            items.run(**STAMPS, **HOOKS)
    items.run(**STAMPS, **HOOKS)
    assert told(items)[-2:] == ["after", "rows 5"]
    assert told(items).count("before; %") == 2
