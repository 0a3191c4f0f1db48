"""The scripts of `setup-sql` on PostgreSQL 12 to 18, run by who is no superuser."""

from __future__ import annotations

from typing import Any

import pytest

from pgsync_assets.embedded import Cluster
from pgsync_assets.errors import PrivilegeError
from pgsync_assets.grants import Ways
from pgsync_assets.outcome import Counts

from ..fix_administrators import Scripts, administered
from ..fix_databases import Pair
from ..fix_syncs import Syncs

pytestmark = pytest.mark.needs("npm")

FIELDS: dict[str, Any] = {
    "source": "crm",
    "model": {"sql": "select id, name from app.items", "key": ["id"]},
    "table": "app.copies",
    "mode": "mirror",
}


def test_a_role_comes_runs_and_goes(server: Cluster) -> None:
    with administered(server) as place:
        place.execute(
            "create schema app",
            "create table app.items (id int primary key, name text)",
            "create table app.copies (id int primary key, name text, n serial)",
            "insert into app.items values (1, 'a'), (2, 'b')",
        )
        syncs = Syncs(Pair(place.side, place.side), fields=FIELDS)
        ways = Ways(every_table=True, future=True)
        scripts = Scripts(place.side, "crm", (syncs.config(),), ways=ways)
        for _ in range(2):
            place.paste(scripts.setup())
        assert syncs.run().succeeded == Counts(added=2)
        place.execute("delete from app.items where id = 1", "update app.items set name = 'c'")
        assert syncs.run().succeeded == Counts(changed=1, removed=1)
        place.paste(scripts.revoke())
        with pytest.raises(PrivilegeError):
            syncs.run()
        for _ in range(2):
            place.paste(scripts.revoke(drops_role=True))
        ours = "select pg_get_userbyid(relowner) from pg_class where relname = 'pgsync_ledger'"
        assert place.side.rows(ours) == [(place.administrator.user,)]
