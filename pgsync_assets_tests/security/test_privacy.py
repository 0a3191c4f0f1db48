"""What a sync hashes or leaves out is in no error, log, message, audit or statement."""

from __future__ import annotations

import traceback
from typing import Any

import pytest

from pgsync_assets.errors import PgsyncError
from pgsync_assets.privacy import Privacy
from pgsync_assets.record.row_names import RowNames

from ..canaries import canary
from ..fix_syncs import Syncs, endpoint_of
from .test_no_secret_is_shown import logged

PERSON, NAME = "lovelace@example.org", "Lovelace-7d1c"
LEVELS = ("off", "failures_only", "keys", "full")
POLICY = {"values": {"mail": "hash", "name": "omit", "again": "hash"}, "hash_key": "$AUDIT_KEY"}
AUDIT = ("sync_runs", "sync_changelog", "sync_snapshot", "row_names", "forgotten")


@pytest.fixture
def people(syncs: Syncs, monkeypatch: pytest.MonkeyPatch) -> Syncs:
    """A person, whom the destination refuses; the name stands there already."""
    monkeypatch.setenv("AUDIT_KEY", canary())
    for side in (syncs.pair.source, syncs.pair.destination):
        side.execute("create table items (mail text, name text, again text)")
    syncs.grant()
    syncs.pair.destination.execute(
        "alter table items add unique (mail), add unique (name)",
        f"insert into items values ('other', '{NAME}')",
    )
    syncs.pair.source.execute(f"insert into items values ('{PERSON}', '{NAME}', '{NAME}')")
    syncs.fields = {"model": {"table": "public.items", "key": ["mail"]}}
    return syncs


@pytest.mark.parametrize("level", LEVELS)
def test_no_level_shows_what_the_policy_hides(
    people: Syncs, level: str, capfd: pytest.CaptureFixture[str]
) -> None:
    fields: dict[str, Any] = {"audit": {"level": level, **POLICY}}
    seen: list[object] = []
    with logged() as lines:
        outcome = people.run(**fields)
        assert outcome.rejected == 1
        preview = people.plan(full_resync=True, **fields)
        assert preview.counts.added == 1
        found = people.verify(values=True, **fields)
        seen += [outcome, preview, people.changes(preview.run_id, **fields), found]
        assert found.differences
        people.pair.source.execute("insert into items select * from items")
        for more in ({"on_duplicate_key": "fail"}, {"max_rejected_rows": 0}, {"table": "no.such"}):
            with pytest.raises(PgsyncError) as caught:
                people.run(**fields, **more)
            seen += ["".join(traceback.format_exception(caught.value))]
    tables = [people.pair.source.rows(f"select * from hightouch_audit.{name}") for name in AUDIT]  # noqa: S608
    rejects = people.pair.destination.rows("select * from pgsync_ledger.pgsync_rejects")
    seen += [*lines, *capfd.readouterr(), *tables, rejects]
    assert [text for text in map(str, seen) if PERSON in text or NAME in text] == []


def test_the_key_of_the_hash_is_in_no_statement(people: Syncs) -> None:
    config = people.config(audit={"level": "full", **POLICY})
    names = RowNames(Privacy.of(config), "hightouch_audit")
    people.run(audit=config.audit.model_dump(exclude={"keep"}))
    side = people.pair.source
    asked = "select query from pg_stat_activity where application_name like 'pgsync/who%'"
    with (
        endpoint_of("shop", side).session("pgsync/who") as session,
        session.transaction("hashing") as connection,
    ):
        names.bind(connection)
        ((query,),) = side.rows(asked)
        assert "pgsync.hash_inner" in query and "$1" in query
        inner, outer = (pad.hex() for pad in names.privacy.pads)
        assert inner not in query and outer not in query
        answer = connection.execute("select hightouch_audit.hashed('a')").fetchone()
    assert answer == (names.privacy.hashed("a"),)
    assert canary() not in repr(names.privacy) and canary() not in repr(config)
