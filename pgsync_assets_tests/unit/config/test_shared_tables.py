"""Which syncs may overwrite each other."""

from __future__ import annotations

from typing import Any

import pytest

from pgsync_assets.config import SyncConfig, shared_tables


def a_sync(name: str, **fields: Any) -> SyncConfig:
    written: dict[str, Any] = {
        "name": name,
        "source": "shop",
        "model": {"table": f"public.{name}", "key": ["id"]},
        "destination": "crm",
        "table": "public.people",
    }
    return SyncConfig.model_validate(written | fields)


@pytest.mark.parametrize(
    ("one", "other", "columns"),
    [
        ({}, {}, ()),
        ({"columns": ["id", "name"]}, {}, ()),
        ({"columns": ["id", "name"]}, {"columns": ["id", "name", "city"]}, ("name",)),
        ({"columns": {"id": "id", "call": "name"}}, {"columns": ["id", "name"]}, ("name",)),
    ],
)
def test_two_syncs_that_write_the_same(
    one: dict[str, Any], other: dict[str, Any], columns: tuple[str, ...]
) -> None:
    (found,) = shared_tables([a_sync("a", **one), a_sync("b", **other), a_sync("c", table="x.y")])
    assert (found.destination, found.table) == ("crm", "public.people")
    assert (found.syncs, found.columns) == (("a", "b"), columns)
    assert found.sentence.startswith("a and b both write ")


@pytest.mark.parametrize(
    "other", [{"table": "public.others"}, {"destination": "erp"}, {"columns": ["id", "city"]}]
)
def test_two_that_do_not(other: dict[str, Any]) -> None:
    ours = a_sync("a", columns=["id", "name"])
    assert list(shared_tables([ours, a_sync("b", **other)])) == []
