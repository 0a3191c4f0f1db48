"""The code version changes with what is sent, and with nothing else: field by field."""

from __future__ import annotations

from typing import Any

import pytest

from pgsync_assets.config import ModelConfig, SyncConfig
from pgsync_assets.config.code_version import (
    ASKED_BESIDE,
    NOT_ASKED,
    NOT_SENT,
    SENT,
    code_version,
)
from pgsync_assets.config.model_kind import MODEL_KINDS, OF_SOME_KINDS

TABLE: dict[str, Any] = {"table": "public.orders", "key": ["id"]}
SQL: dict[str, Any] = {"sql": "SELECT * FROM orders", "key": ["id"]}
SYNC: dict[str, Any] = {
    "name": "orders",
    "source": "shop",
    "model": TABLE,
    "destination": "crm",
    "table": "app.orders",
}

OTHER_SYNCS: dict[str, dict[str, Any]] = {
    "name": {"name": "sales", "model": TABLE | {"name": "orders"}},
    "source": {"source": "erp"},
    "model": {"model": TABLE | {"where": "paid"}},
    "destination": {"destination": "app"},
    "table": {"table": "app.sales"},
    "create_table": {"create_table": True},
    "drift": {"drift": "ignore"},
    "engine": {"engine": "standard"},
    "state": {"state": "digest"},
    "mode": {"mode": "update"},
    "delete": {"delete": "delete_row"},
    "deleted_column": {"delete": "soft_delete", "deleted_column": "gone"},
    "columns": {"columns": {"id": "number"}},
    "values": {"values": {"shop": {"value": "Berlin"}}},
    "lossy": {"lossy": ["total"]},
    "batch_size": {"batch_size": 10},
    "batch_bytes": {"batch_bytes": "1MiB"},
    "max_row_bytes": {"max_row_bytes": "1MiB"},
    "statement_timeout_s": {"statement_timeout_s": 9},
    "lock_timeout_s": {"lock_timeout_s": 9},
    "sleep_ms": {"sleep_ms": 9},
    "max_rejected_rows": {"max_rejected_rows": 9},
    "retry_rejected": {"retry_rejected": False},
    "on_duplicate_key": {"on_duplicate_key": "fail"},
    "audit": {"audit": "full"},
    "guard": {"guard": {"max_removed": "9%"}},
    "cursor": {"cursor": {"column": "at", "lag": "1 hour"}},
    "partitions": {"partitions": {"hash": 4}},
    "hooks": {"hooks": {"after": ["ANALYZE app.orders"]}},
    "stamps": {"stamps": {"synced_at": "at"}},
    "schedule": {"schedule": {"every": "1 hour"}},
    "freshness": {"freshness": {"within": "2 hours"}},
    "description": {"description": "All of them."},
    "tags": {"tags": {"tier": "one"}},
    "owners": {"owners": ["team:crm"]},
    "group": {"group": "sales"},
}
"""What a sync has that differs in one field."""

OTHER_MODELS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "name": (TABLE, {"name": "all_orders"}),
    "source": (TABLE, {"source": "shop"}),
    "table": (TABLE, {"table": "public.sales"}),
    "sql": (SQL, {"sql": "SELECT 1 AS id"}),
    "sql_file": ({"sql_file": "a.sql", "key": ["id"]}, {"sql_file": "b.sql"}),
    "dbt": ({"dbt": {"model": "a"}, "key": ["id"]}, {"dbt": {"model": "b"}}),
    "asset": ({"asset": "a", "key": ["id"]}, {"asset": "b"}),
    "python": ({"python": "a:b", "key": ["id"]}, {"python": "a:c"}),
    "file": ({"file": "a.csv", "key": ["id"]}, {"file": "b.csv"}),
    "columns": (TABLE, {"columns": ["id", "total"]}),
    "where": (TABLE, {"where": "paid"}),
    "parameters": (
        SQL | {"sql": "SELECT :n AS id", "parameters": {"n": {"type": "int", "value": 1}}},
        {"parameters": {"n": {"type": "int", "value": 2}}},
    ),
    "uses": (SQL, {"uses": ["orders"]}),
    "types": ({"asset": "a", "key": ["id"]}, {"types": {"id": "bigint"}}),
    "key": (TABLE, {"key": ["id", "line"]}),
    "depends_on": (TABLE, {"depends_on": ["raw/orders"]}),
    "description": (TABLE, {"description": "All of them."}),
    "column_descriptions": (TABLE, {"column_descriptions": {"id": "Its number."}}),
    "tags": (TABLE, {"tags": {"tier": "one"}}),
    "owners": (TABLE, {"owners": ["team:crm"]}),
    "group": (TABLE, {"group": "sales"}),
    "preview": (TABLE, {"preview": {"rows": 3}}),
}
"""A model, and what another one has that differs in one field. `ref` is no model of its own."""

READ_AWAY = {"dbt"}
"""What the loader has put something else in the place of: the relation that dbt builds."""


def sync(**other: Any) -> SyncConfig:
    return SyncConfig.model_validate(SYNC | other)


def model(**fields: Any) -> ModelConfig:
    return ModelConfig.model_validate(fields)


def test_each_field_of_a_sync_is_decided_about() -> None:
    assert not SENT & NOT_SENT
    assert set(SyncConfig.model_fields) == SENT | NOT_SENT == set(OTHER_SYNCS)


@pytest.mark.parametrize("field", sorted(SyncConfig.model_fields))
def test_a_sync_is_another_one_where_something_else_is_sent(field: str) -> None:
    is_other = code_version(sync(**OTHER_SYNCS[field])) != code_version(sync())
    assert is_other == (field in SENT)


def test_each_field_of_a_model_is_decided_about() -> None:
    asked = {*MODEL_KINDS, *OF_SOME_KINDS, *ASKED_BESIDE} - {"ref"}
    assert not asked & NOT_ASKED
    assert set(ModelConfig.model_fields) == asked | NOT_ASKED == {*OTHER_MODELS, "ref"}


@pytest.mark.parametrize("field", sorted(set(ModelConfig.model_fields) - {"ref"} - READ_AWAY))
def test_a_model_is_another_one_where_it_has_other_rows(field: str) -> None:
    fields, other = OTHER_MODELS[field]
    is_other = code_version(model(**fields | other)) != code_version(model(**fields))
    assert is_other == (field not in NOT_ASKED)


def test_a_sync_is_another_one_with_its_model() -> None:
    other, described = model(**TABLE, where="paid"), model(**TABLE, description="All of them.")
    assert code_version(sync(model=other)) != code_version(sync())
    assert code_version(sync(model=described)) == code_version(sync())


def test_it_does_not_matter_how_a_thing_is_written() -> None:
    assert code_version(sync(mode="upsert", delete="do_nothing")) == code_version(sync())
    listed, mapped = sync(columns=["id", "total"]), sync(columns={"total": "total", "id": "id"})
    assert code_version(listed) == code_version(mapped)
