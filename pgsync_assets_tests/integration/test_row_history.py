"""A row is found by its key in whatever spelling, in each engine, and wherever it stands."""

from __future__ import annotations

from typing import Any

import pytest

from pgsync_assets import operations
from pgsync_assets.errors import ConfigurationError
from pgsync_assets.record import RowHistory, row_history, run_page
from pgsync_assets.steps.ends import Ends
from pgsync_assets.steps.row_now import row_now

from ..fix_syncs import Syncs, endpoint_of

UUID = "0a0b0c0d-0000-4000-8000-00000000000f"


def history(syncs: Syncs, *given: str, **fields: Any) -> RowHistory:
    """What is known of a row."""
    with endpoint_of("keeper", syncs.keeper).session("pgsync/test") as session:
        return row_history(session, syncs.config(**fields), given)


def test_every_spelling_of_a_key_finds_its_row(either: Syncs) -> None:
    either.table(
        "region text, id uuid, amount numeric(10, 2), at timestamptz, note text,"
        " primary key (region, id, amount, at)"
    )
    either.pair.source.execute(
        f"insert into items values ('say \"a=b\", ü', '{UUID}', 1, '2024-01-01 12:00+00', 'x')"
    )
    key = ["region", "id", "amount", "at"]
    fields: dict[str, Any] = {"model": {"table": "public.items", "key": key}, "audit": "full"}
    either.run(**fields)
    keeper = either.keeper
    ((listed,),) = keeper.rows("select row_id from hightouch_audit.sync_changelog")
    region = 'say "a=b", ü'
    spelled = [
        [listed],
        [region, UUID.upper(), "1", "2024-01-01 13:00+01"],
        ["at=2024-01-01 12:00Z", "amount=1.00", f"id={{{UUID}}}", f"region={region}"],
    ]
    found = [history(either, *given, **fields) for given in spelled]
    assert [one.row_id for one in found] == [listed] * 3
    assert [len(one.versions) for one in found] == [1] * 3
    assert [bool(one.sent) for one in found] == [True] * 3
    now = row_now(
        either.config(**fields), Ends(*either.endpoints, either.platform_endpoint), found[0].key
    )
    assert now.in_model and now.in_destination and not now.differs
    assert now.model == now.destination and now.model and now.model["note"] == "x"
    other = history(either, region, UUID, "2", "2024-01-01 12:00+00", **fields)
    assert not other.is_known and other.log_begins
    for wrong in ("1.005", "one"):
        with pytest.raises(ConfigurationError, match=r"'amount' is of type numeric\(10,2\)"):
            history(either, region, UUID, wrong, "2024-01-01 12:00+00", **fields)


def test_it_tells_what_is_planned_and_what_waits(syncs: Syncs) -> None:
    syncs.table("id integer primary key, note text")
    syncs.pair.source.execute("insert into items values (1, 'a'), (2, 'b')")
    syncs.run(audit="failures_only")
    (sent,) = history(syncs, "1").sent
    assert not history(syncs, "1").versions and not sent.is_sent_again
    syncs.pair.source.execute("update items set note = 'c' where id = 1")
    plan = syncs.plan(audit="full")
    (planned,) = history(syncs, "1").plans
    assert (planned.run, planned.status, planned.operation) == (plan.run_id, "held", "changed")
    assert not history(syncs, "2").plans


def test_a_renamed_sync_has_the_rows_of_its_former_name(syncs: Syncs) -> None:
    syncs.table("id integer primary key, note text")
    syncs.pair.source.execute("insert into items values (1, 'a')")
    syncs.run(audit="full")
    renamed = syncs.config(name="goods", audit="full")
    operations.move("items", renamed, *syncs.endpoints)
    syncs.pair.source.execute("update items set note = 'b'")
    syncs.run(name="goods", audit="full")
    found = history(syncs, "1", name="goods", audit="full")
    assert [(one.sync, one.operation) for one in found.versions] == [
        ("items", "added"),
        ("goods", "changed"),
    ]
    assert found.versions[1].before == {"id": "1", "note": "a"}
    # Another sync of the former name has none of it.
    assert not history(syncs, "1", name="items").versions


def test_a_hashed_key_finds_the_row_as_its_hash_does(
    syncs: Syncs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HASH_KEY", "0123456789abcdef0123")
    policy = {"level": "full", "hash_key": "$HASH_KEY", "values": {"id": "hash", "note": "omit"}}
    fields: dict[str, Any] = {"model": {"table": "public.items", "key": ["kind", "id"]}}
    syncs.table("kind text, id integer, note text check (note <> 'c'), primary key (kind, id)")
    syncs.pair.source.execute("alter table items drop constraint items_note_check")
    syncs.pair.source.execute("insert into items values ('a', 7, 'a')")
    syncs.run(audit="full", **fields)
    fields["audit"] = policy
    for note in "bc":
        syncs.pair.source.execute(f"update items set note = '{note}'")
        syncs.run(**fields)
    plain = history(syncs, "kind=a", "id=7", **fields)
    assert [one.status for one in plain.versions] == ["succeeded", "succeeded", "failed"]
    assert plain.versions[-1].after is not None and "note" not in plain.versions[-1].after
    assert plain.sent and plain.refused and plain.row_id != '["a", 7]'
    public = history(syncs, plain.row_id, **fields)
    assert public.by_public_name and public.refused and not public.sent
    assert [one.run_id for one in public.versions] == [2, 3]  # the first run had no policy
    with endpoint_of("keeper", syncs.keeper).session("pgsync/test") as session:
        ours = {"items": syncs.config(**fields)}
        page, unknown = (run_page(session, 3, known, 20) for known in (ours, {}))
    assert page and [list(one.sample) for one in page.reasons] == [[plain.row_id]]
    assert unknown and [list(one.sample) for one in unknown.reasons] == [[]]


def test_values_are_shown_as_the_policy_is_now(syncs: Syncs) -> None:
    syncs.table("id integer primary key, name text, phone text, note text")
    syncs.pair.source.execute("insert into items values (1, 'Ada', '555', 'a')")
    syncs.run(audit="full")
    policy = {"level": "full", "hash_key": "$KEY", "values": {"name": "hash", "phone": "omit"}}
    (version,) = history(syncs, "1", audit=policy).versions
    assert version.after == {"id": "1", "name": "(not shown)", "phone": "(not shown)", "note": "a"}
    (version,) = history(syncs, "1", audit="keys").versions
    assert not version.has_values
