"""Unique indexes that rows cannot be matched by are refused with the reason and the candidates."""

from __future__ import annotations

import psycopg
import pytest

from pgsync_assets import sync as engine
from pgsync_assets.errors import DestinationError

from ..fix_syncs import Syncs

UNIQUE = "create unique index refused on items"
CONSTRAINT = "alter table items add constraint refused"
REFUSED = {
    f"{CONSTRAINT} unique (name) deferrable": "its constraint is deferrable",
    f"{CONSTRAINT} exclude (name with =)": "it is an exclusion constraint",
    f"{UNIQUE} (lower(name))": "it is on an expression",
    f"{UNIQUE} (lower(name)) where id > 0": "it is on an expression",
    f"{UNIQUE} (name, id)": "",
    f"{UNIQUE} (name) where items is not null": "its predicate reads the whole row",
    f"{UNIQUE} (name text_ops)": "its operator class has another equality than its column",
    f"{UNIQUE} (name text_ops) where id > 0": "its operator class has another equality",
}


def refused(syncs: Syncs, *key: str) -> DestinationError:
    """What a run says of a sync that finds rows by a key; a check says the same."""
    config = syncs.config(model={"table": "public.items", "key": key or ["name"]})
    checks = engine.check(config, *syncs.endpoints)
    said = [(check.detail, check.remedy) for check in checks if not check.passed]
    with pytest.raises(DestinationError) as caught:
        engine.run(config, *syncs.endpoints)
    assert said == [(caught.value.message, caught.value.remedy)]
    return caught.value


def test_what_rows_cannot_be_matched_by(syncs: Syncs) -> None:
    for side in (syncs.pair.source, syncs.pair.destination):
        side.execute("create extension citext")
    syncs.table("id int primary key, name citext")
    destination = syncs.pair.destination
    destination.execute("insert into items values (1, 'a'), (2, 'a')")
    with pytest.raises(psycopg.errors.UniqueViolation):
        destination.execute("create unique index concurrently refused on items (name)")
    assert "refused cannot be used, it is not valid" in refused(syncs).message
    destination.execute("drop index refused", "delete from items")
    for made, why in REFUSED.items():
        destination.execute(made)
        error = refused(syncs)
        assert f"refused cannot be used, {why}" in error.message or not why, made
        assert "usable: (id)" in (error.remedy or ""), made
        constraint = made.startswith(CONSTRAINT)
        drop = "alter table items drop constraint refused" if constraint else "drop index refused"
        destination.execute(drop)
