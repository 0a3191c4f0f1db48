"""Texts that a collation calls equal are different texts (a server with ICU)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pgsync_assets.embedded import Cluster
from pgsync_assets.embedded.binaries import Binaries
from pgsync_assets.embedded.servers import DESTINATION_ROLE, SOURCE_ROLE
from pgsync_assets.outcome import Counts

from ..fix_databases import AUDIT_SCHEMA, LEDGER_SCHEMA, PLANNER_SCHEMA, Pair, database
from ..fix_needs import program
from ..fix_servers import running
from ..fix_syncs import Syncs

pytestmark = pytest.mark.needs("tls-server")
LOOSE = """
    create collation public.loose
    (provider = icu, locale = 'und-u-ks-level2', deterministic = false)
"""


@pytest.fixture(scope="session")
def icu_server(state_folder: Path) -> Iterator[Cluster]:
    """A server of the system's own packages, which has ICU."""
    yield from running(state_folder / "icu", Binaries(program("tls-server"), "system"))


@pytest.fixture
def database_pair(icu_server: Cluster) -> Iterator[Pair]:
    """Two databases with a collation that does not tell upper case from lower."""
    with (
        database(icu_server, SOURCE_ROLE, PLANNER_SCHEMA, AUDIT_SCHEMA) as source,
        database(icu_server, DESTINATION_ROLE, LEDGER_SCHEMA) as destination,
    ):
        for side in (source, destination):
            side.execute(LOOSE)
        yield Pair(source, destination)


def test_a_collation_hides_no_change(every: Syncs) -> None:
    every.table("id integer primary key, name text collate public.loose, label varchar(9)")
    every.pair.source.execute("insert into items values (1, 'Bob', ''), (2, 'x', null)")
    every.run()
    every.pair.source.execute(
        "update items set name = 'bob' where id = 1", "update items set label = '' where id = 2"
    )
    assert every.run().succeeded == Counts(changed=2)
    assert every.same()
