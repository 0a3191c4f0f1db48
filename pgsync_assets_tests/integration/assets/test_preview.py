"""The preview of a model in its asset: what is there, and what must not be."""

from __future__ import annotations

import base64
from typing import Any

import dagster as dg
import pytest

from pgsync_assets.preview import preview

from ...fix_syncs import Syncs
from .conftest import Project

CANARIES = ("canary-name", "4242424242", "2032-01-0", "canary-kind")


@pytest.fixture
def items(project: Project, syncs: Syncs) -> Project:
    """Items with values that may be seen or not, in rows, ends, frequent values and histograms."""
    syncs.table("id integer primary key, name text, price numeric, day date, kind text, odd text")
    syncs.pair.source.execute(
        "insert into items select n, 'canary-name' || n, 42424242420 + n, date '2031-12-31' + n,"
        " 'canary-kind', null from generate_series(1, 40) as n",
        "update items set odd = E'\\x1b[31m|<b>\\n' || chr(8238)",
    )
    return project


def preview_of(project: Project, **preview: Any) -> dict[str, Any]:
    """Metadata of the model's asset, as Dagster keeps it: plain JSON."""
    model = {"table": "public.items", "key": ["id"], **({"preview": preview} if preview else {})}
    project.sync(model=model)
    result = project.run("models/items")
    assert result.success
    told = "\n".join(str(event) for event in result.all_events)
    shown = dg.serialize_value(project.materializations("models/items")[-1]) + told
    found = project.metadata("models/items")
    picture = found.get("pgsync/distributions")
    drawn = "" if picture is None else picture.partition("base64,")[2].rstrip(")")
    found["drawn"] = base64.b64decode(drawn).decode()
    return {**found, "shown": shown + found["drawn"]}


def rows_of(table: Any) -> list[dict[str, Any]]:
    """The records of a table."""
    return [dict(record.data) for record in table.records]


def test_by_default_only_values_of_the_key_are_seen(items: Project) -> None:
    found = preview_of(items)
    assert [canary for canary in CANARIES if canary in found["shown"]] == []
    assert found["pgsync/preview"] == "Figures of all 40 rows."
    assert rows_of(found["pgsync/first_rows"])[:2] == [{"id": "1"}, {"id": "2"}]
    assert len(found["pgsync/first_rows"].records) == 10
    assert len(found["pgsync/sample"].records) == 10
    columns = {row["column"]: row for row in rows_of(found["pgsync/columns"])}
    assert columns["kind"] == {"column": "kind", "nulls": "0%", "distinct": "1", "type": "text"}
    assert list(columns) == ["id", "name", "price", "day", "kind", "odd"]


def test_what_a_sync_hides_in_its_audit_is_not_seen(
    items: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUDIT_KEY", "a key that nobody guesses")
    hidden = {"name": "hash", "price": "omit", "day": "omit"}
    items.syncs.fields = {"audit": {"values": hidden, "hash_key": "$AUDIT_KEY"}}
    found = preview_of(items, values="all")
    assert [canary for canary in CANARIES if canary in found["shown"]] == ["canary-kind"]


def test_null_shares_and_estimates_are_in_the_table(items: Project) -> None:
    items.pair.source.execute(
        "update items set kind = null where id > 30",
        "insert into items select n, md5((n % 900)::text) from generate_series(41, 120000) as n",
    )
    columns = {row["column"]: row for row in rows_of(preview_of(items)["pgsync/columns"])}
    assert columns["id"]["nulls"] == "0%"
    assert columns["name"]["distinct"].startswith("about ")
    items.pair.source.execute("delete from items where id > 40")
    columns = {row["column"]: row for row in rows_of(preview_of(items)["pgsync/columns"])}
    assert (columns["kind"]["nulls"], columns["kind"]["distinct"]) == ("25%", "1")


def test_a_picture_shows_ends_and_frequent_values(items: Project) -> None:
    drawn = preview_of(items, values="all")["drawn"]
    assert drawn.startswith("<svg")
    for shown in ("kind", "canary-kind", "price", "2032-01-01"):
        assert shown in drawn


def test_columns_that_are_named_are_seen_and_no_other(items: Project) -> None:
    found = preview_of(items, values=["name", "kind", "no_such"], rows=3)
    seen = [canary for canary in CANARIES if canary in found["shown"]]
    assert seen == ["canary-name", "canary-kind"]
    assert len(found["pgsync/first_rows"].records) == 3
    assert "the model has no column no_such" in found["pgsync/preview"]


def test_none_are_seen_not_even_keys_that_are_wrong(items: Project) -> None:
    items.pair.source.execute("alter table items drop constraint items_pkey")
    items.pair.source.execute("insert into items (id) values (987654), (987654)")
    found = preview_of(items, values="none")
    assert found["pgsync/rows_key_repeated"] == 2
    assert [canary for canary in (*CANARIES, "987654") if canary in found["shown"]] == []
    assert {"pgsync/first_rows", "pgsync/sample", "pgsync/distributions"}.isdisjoint(found)


def test_all_are_seen_harmless_and_small(items: Project) -> None:
    items.pair.source.execute("update items set name = repeat(name, 1000)")
    found = preview_of(items, values="all", rows=100)
    assert all(canary in found["shown"] for canary in CANARIES)
    assert rows_of(found["pgsync/first_rows"])[0]["odd"] == "\\x1b[31m|<b>\\n\\u202e"
    for character in ("\x1b", "\u202e"):
        assert character not in found["shown"]
    kept = items.materializations("models/items")[-1]
    assert len(dg.serialize_value(kept)) < 100_000


def test_a_failing_preview_is_a_note(items: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pgsync_assets.preview.sample.FEWEST_ROWS", "a defect of ours")
    found = preview_of(items)
    assert found["pgsync/preview"].startswith("No preview: unexpected TypeError in sample.py:")
    assert found["dagster/row_count"] == 40


def test_a_slow_preview_is_a_note(items: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    defaults = preview.__kwdefaults__
    assert defaults
    monkeypatch.setitem(defaults, "timeout_s", 0.1)
    items.pair.source.execute("create view slow as select id, pg_sleep(0.01)::text as z from items")
    items.pair.source.grant_table("slow")
    items.sync(model={"table": "public.slow", "key": ["id"]})
    assert items.run("models/items").success
    found = items.metadata("models/items")
    assert "figures of the columns: left out" in found["pgsync/preview"]
    assert found["dagster/row_count"] == 40
