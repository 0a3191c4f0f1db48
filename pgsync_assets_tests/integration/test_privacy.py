"""What the audit, messages and metadata show of rows: by `audit: values:` of the sync."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import pytest

from pgsync_assets.errors import ConfigurationError, InvalidKeysError
from pgsync_assets.plan import Chosen, refused_rows
from pgsync_assets.privacy import Privacy
from pgsync_assets.record import row_history

from ..canaries import canary
from ..fix_identities import wrong_sums_of
from ..fix_syncs import Syncs

KEY = canary()  # no statement, error or log may show it
OTHER_KEY = canary("another one")
PERSON = "eve@example.org"
HASHED = {"level": "full", "values": {"mail": "hash"}, "hash_key": "$AUDIT_KEY"}


def hashed(text: str, key: str = KEY) -> str:
    """As anybody would who has the key."""
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()


@pytest.fixture(autouse=True)
def hash_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """The key of the hash, in the environment."""
    monkeypatch.setenv("AUDIT_KEY", KEY)


def rows(syncs: Syncs, what: str, table: str = "sync_changelog") -> list[tuple[Any, ...]]:
    """Columns of a table of the audit."""
    return syncs.keeper.rows(f"select {what} from hightouch_audit.{table} order by 1")  # noqa: S608


def test_values_are_hashed_left_out_or_kept(either: Syncs) -> None:
    either.table('id int primary key, "100%" text, born date, note text')
    either.pair.source.execute(
        "insert into items values (1, 'eve', '1980-01-01', 'x'), (2, null, null, null)"
    )
    policy = {
        "level": "full",
        "values": {"100%": "hash", "born": "hash", "note": "omit"},
        "hash_key": "$AUDIT_KEY",
    }
    either.run(audit=policy)
    eve, nobody = (
        {"id": 1, "100%": hashed("eve"), "born": hashed("1980-01-01")},
        {"id": 2, "100%": None, "born": None},
    )
    assert rows(either, "row_id, fields") == [("1", eve), ("2", nobody)]
    assert rows(either, "row_id, fields", "sync_snapshot") == [("1", eve), ("2", nobody)]
    either.pair.source.execute("update items set note = 'y' where id = 1")
    either.run(audit=policy)
    told = [fields for key, fields in rows(either, "row_id, fields") if key == "1"]
    assert told == [eve, eve]  # equal values hash equal: only what was left out has changed


@pytest.fixture
def people(either: Syncs) -> Syncs:
    """Three people found by their mail; the destination refuses one of them."""
    either.table("mail text primary key, age int")
    either.pair.destination.execute("alter table items add constraint old_enough check (age > 3)")
    either.pair.source.execute(f"insert into items values ('{PERSON}', 3), ('b', 4), ('c', 5)")
    either.fields = either.fields | {"model": {"table": "public.items", "key": ["mail"]}}
    return either


def everything(syncs: Syncs) -> str:
    """What the audit holds, as text."""
    tables = ("sync_runs", "sync_changelog", "sync_snapshot", "row_names")
    return str([rows(syncs, "*", table) for table in tables])


def test_a_hashed_key_names_its_row_by_the_hash_everywhere(people: Syncs) -> None:
    outcome = people.run(audit=HASHED)
    assert [row.row_id for row in outcome.rejections] == [hashed(PERSON)]
    assert PERSON not in everything(people) and hashed(PERSON) in everything(people)
    people.pair.source.execute("update items set age = 2")
    preview = people.plan(audit=HASHED)
    shown = people.changes(preview.run_id, audit=HASHED)
    assert {change.row_id for change in shown} == {*map(hashed, (PERSON, "b", "c"))}
    assert {change.after["mail"] for change in shown if change.after} == {
        *map(hashed, (PERSON, "b", "c"))
    }
    config = people.config(audit=HASHED)
    is_here = people.keeper is people.pair.source
    home = people.endpoints[0] if is_here else people.platform_endpoint
    assert home is not None
    with home.session("history") as session:
        history = row_history(session, config, [PERSON])
        ((reason,), _) = refused_rows(
            session, "hightouch_planner", Privacy.of(config), Chosen(keys=[hashed(PERSON)]), 9
        )
    assert (history.row_id, len(history.versions)) == (hashed(PERSON), 1)
    assert history.logged and history.refused[0].row_id == hashed(PERSON)
    assert tuple(reason.sample) == (hashed(PERSON),)
    verified = people.verify(audit=HASHED, values=True)
    assert verified.differences
    assert PERSON not in str((outcome, preview, shown, verified))
    assert rows(people, "sum((status = 'failed')::int)") == [(1,)]
    assert wrong_sums_of(people.keeper) == []


def test_of_a_key_of_several_columns_only_the_hashed_one_is_hidden(either: Syncs) -> None:
    columns = "at timestamp, mail text, price numeric, primary key (at, mail, price)"
    either.table(columns)
    either.pair.destination.execute("alter table items add constraint cheap check (price < 9)")
    either.pair.source.execute(
        "insert into items values ('2024-05-06 07:08:09', E'\"o\\\\\u0001\u007f\u00fc', 1.50),"
        " ('2024-05-06 07:08:09', 'e', 10)"
    )
    model = {"table": "public.items", "key": ["at", "mail", "price"]}
    plain = either.run(model=model)
    was = {row_id for (row_id,) in rows(either, "row_id")}
    policy = HASHED | {"values": {"at": "hash", "mail": "hash", "price": "hash"}}
    for hidden in (["mail"], ["at", "price"]):
        policy = HASHED | {"values": dict.fromkeys(hidden, "hash")}
        outcome = either.run(model=model, audit=policy, full_resync=True)
        privacy = Privacy.of(either.config(model=model, audit=policy))
        expected = {privacy.name(row_id) for row_id in was}
        assert expected == {row_id for (row_id,) in rows(either, "row_id", "sync_snapshot")}
        ((last,),) = rows(either, "max(sync_run_id)", "sync_runs")
        log = rows(either, "row_id, sync_run_id")
        assert expected == {row_id for row_id, run in log if run == last}
        assert outcome.rejections[0].row_id == privacy.name(plain.rejections[0].row_id)
    stamp = "2024-05-06T07:08:09"
    assert f'["{hashed(stamp)}", "e", "{hashed("10")}"]' in expected


def test_repeated_and_missing_keys_are_told_by_their_hash(syncs: Syncs) -> None:
    for side in (syncs.pair.source, syncs.pair.destination):
        side.execute("create table items (mail text, age int)")
    syncs.grant()
    syncs.pair.destination.execute("create unique index on items (mail)")
    syncs.pair.source.execute(
        f"insert into items values ('{PERSON}', 1), ('{PERSON}', 2), (null, 3)"
    )
    model = {"table": "public.items", "key": ["mail"]}
    outcome = syncs.run(model=model, audit=HASHED)
    assert [key.columns["mail"] for key in outcome.invalid_keys.sample] == [None, hashed(PERSON)]
    with pytest.raises(InvalidKeysError) as caught:
        syncs.run(model=model, audit=HASHED, on_duplicate_key="fail")
    assert PERSON not in caught.value.message and hashed(PERSON)[:40] in caught.value.message
    assert PERSON not in everything(syncs)
    names = {row_id for (row_id,) in rows(syncs, "row_id", "sync_snapshot")}
    assert names == {"(null)", hashed(PERSON)}


def test_a_policy_that_changes_loses_no_row_and_doubles_none(
    people: Syncs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def standing() -> set[tuple[str, str]]:
        return set(rows(people, "row_id, status", "sync_snapshot"))

    def named(*names: str) -> set[tuple[str, str]]:
        failed, *others = names
        return {(failed, "failed"), *((name, "succeeded") for name in others)}

    parks = people.keeper is people.pair.source  # of one engine or the other
    more: dict[str, Any] = {"retry_rejected": not parks}
    people.run(**more)
    assert standing() == named(PERSON, "b", "c")
    people.run(audit=HASHED, **more)  # nothing has changed but the policy
    assert standing() == named(*map(hashed, (PERSON, "b", "c")))
    monkeypatch.setenv("AUDIT_KEY", OTHER_KEY)
    people.pair.source.execute("update items set age = 6 where mail = 'c'")
    outcome = people.run(audit=HASHED, **more)
    assert (outcome.parked, outcome.rejected) == ((1, 0) if parks else (0, 1))
    assert standing() == named(*(hashed(name, OTHER_KEY) for name in (PERSON, "b", "c")))
    people.run(**more)
    assert standing() == named(PERSON, "b", "c")
    people.pair.source.execute(f"delete from items where mail = '{PERSON}'")
    people.run(audit=HASHED, **more)
    left = {(hashed(name, OTHER_KEY), "succeeded") for name in ("b", "c")}
    assert standing() == left
    assert wrong_sums_of(people.keeper) == []
    assert people.keeper.rows("select * from hightouch_planner.refused_rows") == []


def test_a_plan_from_before_another_policy_is_logged_by_the_new_names(syncs: Syncs) -> None:
    syncs.table("mail text primary key, age int")
    syncs.pair.source.execute("insert into items values ('b', 4), ('c', 5)")
    syncs.fields = {"model": {"table": "public.items", "key": ["mail"]}}
    syncs.run()
    syncs.pair.source.execute("update items set age = 6 where mail = 'c'")
    plan = syncs.plan().run_id
    syncs.pair.source.execute("update items set age = 5 where mail = 'c'")
    newer = syncs.run(audit=HASHED)  # nothing to do: the plan waits on
    assert newer.planned.total == 0 and newer.run_id > plan
    syncs.apply(plan, audit=HASHED)
    standing = {(hashed("b"), "added", 1), (hashed("c"), "changed", plan)}
    assert set(rows(syncs, "row_id, op_type, sync_run_id", "sync_snapshot")) == standing


def test_a_key_in_another_spelling_is_one_row_under_its_hash(syncs: Syncs) -> None:
    syncs.table("price numeric primary key, note text")
    syncs.pair.source.execute("insert into items values (1.0, 'a')")
    policy = HASHED | {"values": {"price": "hash"}}
    model = {"table": "public.items", "key": ["price"]}
    fields: dict[str, Any] = {"model": model, "audit": policy}
    syncs.run(**fields)
    syncs.pair.source.execute("update items set price = 1.00")
    syncs.run(**fields)
    assert rows(syncs, "row_id", "sync_snapshot") == [(hashed("1.00"),)]


def test_a_computed_column_is_shown_as_what_it_is_made_of(syncs: Syncs) -> None:
    syncs.pair.source.execute("create table items (id int primary key, mail text)")
    syncs.pair.destination.execute("create table items (id int primary key, mail text, copy text)")
    syncs.grant()
    syncs.pair.source.execute(f"insert into items values (1, '{PERSON}')")
    values = {"mail": {"column": "mail", "cast": "text"}, "copy": {"column": "mail"}}
    syncs.run(columns=["id"], values=values, audit=HASHED)
    ((fields,),) = rows(syncs, "fields")
    assert PERSON not in str(fields) and hashed(PERSON) in str(fields)


def test_a_policy_that_cannot_be_kept_to_stops_before_anything_is_written(
    syncs: Syncs, monkeypatch: pytest.MonkeyPatch
) -> None:
    syncs.table("id int primary key, mail text")
    with pytest.raises(ConfigurationError, match="the model has no column 'mial'"):
        syncs.run(audit=HASHED | {"values": {"mial": "hash"}})
    for secret, told in ((None, "AUDIT_KEY is not set"), ("", "0 bytes"), ("x" * 15, "15 bytes")):
        monkeypatch.delenv("AUDIT_KEY", raising=False)
        if secret is not None:
            monkeypatch.setenv("AUDIT_KEY", secret)
        with pytest.raises(ConfigurationError, match=told):
            syncs.run(audit=HASHED)
    assert syncs.pair.source.rows("select 1 from pg_tables where tablename like 'snapshot_%'") == []


DETAILS = {
    "23505": (
        "alter table items add unique (mail)",
        f"; the server: Key (mail)=({PERSON}) already",
    ),
    "23514": (f"alter table items add check (mail <> '{PERSON}')", None),
    "23502": ("alter table items add other text not null default 'secret'", None),
}


@pytest.mark.parametrize("state", DETAILS)
@pytest.mark.parametrize("detail", [True, False])
def test_what_the_server_says_is_told_where_it_is_asked_for(
    syncs: Syncs, state: str, detail: bool
) -> None:
    syncs.table("id int primary key, mail text, age int")
    statement, expected = DETAILS[state]
    syncs.pair.destination.execute(
        statement,
        "alter table items alter age set not null",
        f"insert into items values (9, '{PERSON}', 1)" if state == "23505" else "select",
    )
    age = "null" if state == "23502" else "1"
    syncs.pair.source.execute(f"insert into items values (1, '{PERSON}', {age})")  # noqa: S608
    outcome = syncs.run(audit={"level": "full", "server_detail": detail})
    (reason,) = {row.reason for row in outcome.rejections}
    assert outcome.rejections[0].sqlstate == state
    if detail and expected:
        assert expected in reason
    else:
        assert PERSON not in reason and "secret" not in reason
