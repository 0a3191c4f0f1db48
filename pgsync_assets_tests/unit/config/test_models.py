"""Models by themselves, and syncs that name them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from pydantic import ValidationError

from pgsync_assets.config import (
    PLATFORM,
    ModelConfig,
    ParameterConfig,
    SyncConfig,
    bases_of,
    placed,
    resolved_models,
)
from pgsync_assets.config.model_kind import WITH_FILES
from pgsync_assets.config.models import Misplaced
from pgsync_assets.model.files import READERS

ORDERS: dict[str, Any] = {"source": "shop", "table": "public.orders", "key": ["id"]}


def _models(**written: dict[str, Any]) -> dict[str, ModelConfig]:
    return {name: ModelConfig.model_validate(model) for name, model in written.items()}


def _right(**written: dict[str, Any]) -> dict[str, ModelConfig]:
    found, wrong = resolved_models(_models(**written))
    assert wrong == {}
    return found


def _wrong(**written: dict[str, Any]) -> dict[str, str]:
    _, wrong = resolved_models(_models(**written))
    return {name: message for name, (_, message) in wrong.items()}


def _sync(model: Any, **more: Any) -> SyncConfig:
    fields = {"name": "to_crm", "destination": "crm", "table": "app.orders", "model": model}
    return SyncConfig.model_validate(fields | more)


def test_a_sync_gets_the_model_and_the_source_that_it_names() -> None:
    found = placed(_sync("orders"), _right(orders=ORDERS))
    assert (found.source, found.model_name, found.model.table) == (
        "shop",
        "orders",
        "public.orders",
    )
    assert placed(found, {}) == found


def test_an_unknown_model_is_told_with_the_nearest_name() -> None:
    with pytest.raises(Misplaced, match="did you mean 'orders'") as caught:
        placed(_sync("order"), _right(orders=ORDERS))
    assert caught.value.location == ("model",)


def test_another_source_than_the_model_has_is_refused() -> None:
    with pytest.raises(Misplaced, match="read from 'shop'"):
        placed(_sync("orders", source="crm"), _right(orders=ORDERS))


def test_what_depends_on_the_key_is_looked_at_when_it_is_known() -> None:
    named = _sync("orders", lossy=["id"])
    with pytest.raises(Misplaced, match="two keys could become one"):
        placed(named, _right(orders=ORDERS))


def test_a_model_of_the_syncs_own_needs_a_source() -> None:
    with pytest.raises(ValidationError, match="source is missing"):
        _sync({"table": "public.orders", "key": ["id"]})


@pytest.mark.parametrize(
    "model",
    [
        {"file": "orders.csv", "key": ["id"]},
        {"python": "shop.frames:orders", "key": ["id"]},
        {"asset": "analytics/orders", "key": ["id"]},
    ],
    ids=lambda model: next(iter(model)),
)
def test_rows_that_are_loaded_are_read_on_the_platform(model: dict[str, Any]) -> None:
    found = placed(_sync(model), {})
    assert (found.source, found.engine) == (PLATFORM, "standard")
    with pytest.raises(Misplaced, match="engine: standard"):
        placed(_sync(model, engine="lightning"), {})
    with pytest.raises(Misplaced, match="leave it out"):
        placed(_sync(model, source="shop"), {})


def test_a_model_may_use_models_which_use_models() -> None:
    found = _right(
        orders=ORDERS,
        paid=dict(ORDERS, table=None, sql="SELECT * FROM orders", uses=["orders"]),
        late=dict(ORDERS, table=None, sql="SELECT * FROM paid", uses=["paid"]),
    )
    (paid,) = bases_of(found["late"])
    assert paid.name == "paid"
    assert [base.name for base in bases_of(paid)] == ["orders"]
    own = {"sql": "SELECT * FROM late", "uses": ["late"], "key": ["id"]}
    sync = placed(_sync(own, source="shop"), found)
    assert [base.name for base in bases_of(sync.model)] == ["late"]


def test_what_a_model_asks_changes_with_its_bases() -> None:
    late = dict(ORDERS, table=None, sql="SELECT * FROM orders", uses=["orders"])
    before = _right(orders=ORDERS, late=late)["late"]
    after = _right(orders=dict(ORDERS, where="paid"), late=late)["late"]
    assert before.asked != after.asked


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no source": ({"a": dict(ORDERS, source=None)}, "source is missing"),
    "a circle": (
        {
            "a": dict(ORDERS, table=None, sql="SELECT 1", uses=["b"]),
            "b": dict(ORDERS, table=None, sql="SELECT 1", uses=["a"]),
        },
        "a -> b -> a goes in a circle",
    ),
    "itself": ({"a": dict(ORDERS, table=None, sql="SELECT 1", uses=["a"])}, "a -> a"),
    "an unknown base": ({"a": dict(ORDERS, table=None, sql="SELECT 1", uses=["x"])}, "no model"),
    "another database": (
        {
            "a": dict(ORDERS, table=None, sql="SELECT 1", uses=["b"]),
            "b": dict(ORDERS, source="crm"),
        },
        "one query is read from one database",
    ),
    "a name only": ({"a": {"ref": "b"}}, "described here"),
    "another name": ({"a": dict(ORDERS, name="b")}, "named 'a' already"),
    "a file with a source": (
        {"a": {"source": "shop", "file": "a.csv", "key": ["id"]}},
        "leave it out",
    ),
}


@pytest.mark.parametrize(("written", "message"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_model_is_told(written: dict[str, Any], message: str) -> None:
    assert message in _wrong(**written)["a"]


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "columns of a query": ({"sql": "SELECT 1 AS id", "columns": ["id"]}, "not for a query"),
    "uses of a table": ({"table": "a.b", "uses": ["c"]}, "not for a table"),
    "types of a table": ({"table": "a.b", "types": {"id": "text"}}, "not for a table"),
    "columns without the key": ({"table": "a.b", "columns": ["name"]}, "the key's id is not"),
    "a function without a module": ({"python": "orders"}, "package.module:function"),
    "a tag of ours": ({"table": "a.b", "tags": {"pgsync/sync": "x"}}, "are not yours"),
    "a tag of no shape": ({"table": "a.b", "tags": {"a b": "x"}}, "63 letters"),
    "an owner of no shape": ({"table": "a.b", "owners": ["ada"]}, "team:NAME"),
    "a group of no shape": ({"table": "a.b", "group": "my group"}, "letters, digits and _"),
    "a list without a type": ({"table": "a.b", "parameters": {"a": [1]}}, "needs a type"),
    "a parameter without value": (
        {"table": "a.b", "parameters": {"a": {"type": "date"}}},
        "Field required",
    ),
    "a parameter of no name": ({"table": "a.b", "parameters": {"a-b": 1}}, "is not a name"),
    "no place of a dbt model": ({"dbt": {"model": "orders"}}, "or its `manifest`"),
}


@pytest.mark.parametrize(("written", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_what_does_not_go_together_is_refused(written: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        ModelConfig.model_validate({"key": ["id"]} | written)


@pytest.mark.parametrize(
    ("written", "kind", "value"),
    [
        (True, "boolean", True),
        (7, "bigint", 7),
        (0.5, "double precision", 0.5),
        ("paid", "text", "paid"),
        (dt.date(2013, 1, 1), "date", "2013-01-01"),
        ({"type": "text[]", "value": ["a"]}, "text[]", ["a"]),
        ({"type": "date", "value": None}, "date", None),
        ({"value": 7}, "bigint", 7),
    ],
)
def test_a_parameter_has_a_type(written: Any, kind: str, value: Any) -> None:
    found = ParameterConfig.model_validate(written)
    assert (found.type, found.value) == (kind, value)


def test_what_is_read_from_files_is_known_without_a_driver() -> None:
    assert READERS.keys() == WITH_FILES
