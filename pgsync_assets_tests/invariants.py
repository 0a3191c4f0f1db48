"""What has to hold between runs, whatever happened: the checker that every fault test asks.

The numbers are those of the invariants in ARCHITECTURE.md. Nothing here knows how the engine does
its work; it reads tables and compares. `faults/test_the_checker.py` plants each kind of damage.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator

from psycopg import sql

from pgsync_assets.plan import Shape
from pgsync_assets.plan.digest import digest
from pgsync_assets.plan.keys import SEND_AGAIN

from .fix_databases import Side
from .fix_identities import wrong_sums_of
from .fix_syncs import Syncs

UNFINISHED = """
    select 'I7: run ' || id || ' is ' || status from hightouch_planner.runs
    where status in ('started', 'planned')
    union all
    select 'I7: a table is left: ' || relname from pg_class
    where relname ~ '^(plan|model|image|left|changed|gone|new|refused|part|sums|buckets)_[0-9]+$'
        and relnamespace = 'hightouch_planner'::regnamespace
        and not exists (select from hightouch_planner.runs
            where relname = 'plan_' || id and status = 'held')
    union all
    select 'I7: plan ' || id || ' is held without its rows' from hightouch_planner.runs
    where status = 'held' and to_regclass('hightouch_planner.plan_' || id) is null
"""
INSTALLATIONS = "select installation::text from hightouch_planner.states"
LEFT_BEHIND = """
    select 'I7: a session is left: ' || application_name || ', ' || coalesce(state, '')
    from pg_stat_activity where application_name like 'pgsync/%' and datname = current_database()
    union all
    select 'I7: an advisory lock is left' from pg_locks
    where locktype = 'advisory'
        and database = (select oid from pg_database where datname = current_database())
    union all
    select 'I7: a temporary table is left: ' || relname from pg_class
    where relpersistence = 't' and relkind = 'r'
"""
LOG_WRITES = """
    create table public.writes (operation text, row_id text);
    create function public.log_write() returns trigger language plpgsql security definer
        set search_path = public as $$
    begin
        insert into public.writes values (tg_op, coalesce(new.id, old.id)::text);
        return null;
    end $$;
    create trigger log_write after insert or update or delete on public.items
        for each row execute function public.log_write();
"""


def log_writes(syncs: Syncs) -> None:
    """Lets the destination count what is written to each row of `items`, and is not undone."""
    syncs.pair.destination.execute(LOG_WRITES)


def writes(syncs: Syncs) -> Counter[tuple[str, str]]:
    """How often each operation reached each row."""
    return Counter(syncs.pair.destination.rows("select operation, row_id from public.writes"))


def violations(syncs: Syncs, refused: Iterable[str] = ()) -> list[str]:
    """Everything that is not as it has to be after a run of the sync `items`.

    Args:
        syncs: the databases; `public.items` on both sides; `id` alone tells its rows apart.
        refused: values of `id` that the destination does not take.

    Returns:
        One sentence per violation; empty where all is well.
    """
    return [
        *_rows(syncs, set(refused)),
        *_refusals(syncs, set(refused)),
        *_history(syncs),
        *(f"I4: {wrong}" for wrong in wrong_sums_of(syncs.keeper)),
        *(row[0] for row in syncs.keeper.rows(UNFINISHED)),
        *left_behind(syncs),
    ]


def _rows(syncs: Syncs, refused: set[str]) -> Iterator[str]:
    model = _table(syncs.pair.source, "public.items")
    there = _table(syncs.pair.destination, "public.items")
    for key in sorted((model.keys() | there.keys()) - refused):
        if model.get(key) != there.get(key):
            yield f"I1: row {key} of the destination is not what the model says"
    known, sent = _states(syncs, there)
    again = sent_again(syncs)
    for key in sorted(again - refused):
        yield f"I2: row {key} is to be sent again, and nobody refused it"
    for key in sorted((known.keys() | sent.keys()) - again):
        if known.get(key) != sent.get(key):
            yield f"I2: row {key} of the snapshot is not what the destination has"
    counted = "select coalesce(sum(row_count), 0) from hightouch_planner.states"
    if syncs.keeper.rows(counted) != [(len(known),)]:
        yield "I2: states.row_count is not the number of rows in the snapshots"


def _states(syncs: Syncs, there: dict[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """What the snapshots hold by key, and what the destination has in the same form."""
    known: dict[str, str] = {}
    states = "select id, shape from hightouch_planner.states where shape is not null"
    for state, shape in syncs.keeper.rows(states):
        name = f"hightouch_planner.snapshot_{state}"
        if shape["holds"] == "rows":
            known |= _table(syncs.keeper, name, _columns(syncs))
            continue
        known |= dict(syncs.keeper.rows(f"select id::text, _pgsync_digest::text from {name}"))  # noqa: S608
        there = _digests(syncs, Shape.from_json(shape))
    return known, there


def sent_again(syncs: Syncs) -> set[str]:
    """Rows that the destination has as they were under another mapping: the newest is refused."""
    states = "select id from hightouch_planner.states where shape is not null"
    query = "select id::text from hightouch_planner.snapshot_{} where _pgsync_op = {}"
    return {
        key
        for (state,) in syncs.keeper.rows(states)
        for (key,) in syncs.keeper.rows(query.format(state, f"'{SEND_AGAIN}'"))
    }


def _digests(syncs: Syncs, shape: Shape) -> dict[str, str]:
    typed = zip(shape.columns, shape.types, strict=True)
    query = sql.SQL("select id::text, {}::text from public.items as t").format(
        digest(typed, "t", shape.algorithm)
    )
    return dict(syncs.pair.destination.rows(query.as_string(None)))


def _refusals(syncs: Syncs, refused: set[str]) -> Iterator[str]:
    listed = syncs.keeper.rows(
        "select row_id, failure_reason from hightouch_audit.sync_snapshot where status = 'failed'"
    )
    for key in sorted(refused ^ {_id(row_id) for row_id, _ in listed}):
        yield f"I5: row {key} is refused or listed as failed, but not both"
    counted = syncs.keeper.rows("select row_id from hightouch_planner.refused_rows")
    named = refused - {"(null)"}  # which names no row
    for key in sorted(named ^ {_id(row_id) for (row_id,) in counted}):
        yield f"I5: row {key} is refused or its attempts are counted, but not both"
    for row_id, reason in listed:
        if not reason:
            yield f"I5: row {row_id} failed without a reason"


def _id(row_id: str) -> str:
    """The first column of a key: the audit has a JSON array where there are several."""
    return str(json.loads(row_id)[0]) if row_id.startswith("[") else row_id


def _history(syncs: Syncs) -> Iterator[str]:
    query = "select sync, partition, ledger_run from hightouch_planner.states where ledger_run > 0"
    planner = set(syncs.keeper.rows(query))
    ours = [name for (name,) in syncs.keeper.rows(INSTALLATIONS)]
    entries = syncs.pair.destination.rows(
        "select installation::text, sync, partition, run from pgsync_ledger.pgsync_ledger"
    )
    ledger = {tuple(entry) for name, *entry in entries if name in ours}
    if planner != ledger:
        yield "I4: planner and ledger do not know the same runs"


def sides(syncs: Syncs) -> tuple[Side, Side]:
    """The two databases of every sync."""
    return syncs.pair.source, syncs.pair.destination


def left_behind(syncs: Syncs, looks: int = 100) -> list[str]:
    """Sessions, locks and temporary tables of ours; a dead client's session may take a moment."""
    for _ in range(looks):
        found = [
            row[0]
            for side in {id(s): s for s in (*sides(syncs), syncs.keeper)}.values()
            for row in side.rows(LEFT_BEHIND)
        ]
        if not found:
            return []
        time.sleep(0.05)
    return found


def _columns(syncs: Syncs) -> str:
    names = syncs.pair.source.rows(
        "select quote_ident(attname) from pg_attribute where attrelid = 'public.items'::regclass"
        " and attnum > 0 and not attisdropped order by attnum"
    )
    return ", ".join(name for (name,) in names)


def _table(side: Side, name: str, columns: str = "*") -> dict[str, str]:
    """Rows as text by key."""
    query = f"select id::text, t::text from (select {columns} from {name}) as t"  # noqa: S608
    return dict(side.rows(query))
