"""The last step fails for good, after every row is in: nothing is written again afterwards."""

from __future__ import annotations

import pytest

from pgsync_assets.errors import PgsyncError
from pgsync_assets.outcome import Counts

from ..fix_syncs import Syncs

REFUSE = (
    "create function public.refuse() returns trigger language plpgsql"
    " as $$ begin raise exception 'no audit today'; end $$",
    "create trigger refuse before insert on hightouch_audit.sync_runs"
    " for each row execute function public.refuse()",
)
WRITES = "select count(*) from public.writes"


def test_the_next_run_settles_what_is_in(syncs: Syncs) -> None:
    syncs.table("id bigint primary key, name text")
    syncs.run()
    syncs.pair.destination.execute(
        "create table writes (id bigint)",
        "create function count_write() returns trigger language plpgsql security definer"
        " as $$ begin insert into public.writes values (new.id); return new; end $$",
        "create trigger count_write after insert or update on items"
        " for each row execute function count_write()",
    )
    syncs.pair.source.execute("insert into items select n, 'x' from generate_series(1, 10) n")
    syncs.pair.source.execute(*REFUSE)
    for _ in range(2):
        with pytest.raises(PgsyncError):
            syncs.run(batch_size=4)
    syncs.pair.source.execute("drop trigger refuse on hightouch_audit.sync_runs")
    outcome = syncs.run(batch_size=4)
    assert outcome.planned == Counts()
    assert outcome.recovered is not None
    assert outcome.recovered.succeeded == Counts(added=10)
    assert syncs.pair.destination.rows(WRITES) == [(10,)]
    assert syncs.same()
