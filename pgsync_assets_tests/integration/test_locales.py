"""Servers of other countries: money is spelled in their way, and arrives as the same amount."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pgsync_assets.embedded import Cluster, owner
from pgsync_assets.embedded.servers import DESTINATION_ROLE, PLATFORM_ROLE, SOURCE_ROLE
from pgsync_assets.outcome import Counts

from ..fix_databases import AUDIT_SCHEMA, LEDGER_SCHEMA, PLANNER_SCHEMA, Pair, Side, database
from ..fix_needs import program
from ..fix_servers import SETTINGS
from ..fix_syncs import ENGINES, Syncs

pytestmark = pytest.mark.needs("locales")
# A comma for a point, and a currency that has no hundredths.
GERMANY, JAPAN = "de_DE.utf8", "ja_JP.utf8"
AMOUNTS = ("0", "0.01", "-1234567.89", "92233720368547758.07", "-92233720368547758.08")


@pytest.fixture(scope="module")
def abroad(state_folder: Path) -> Iterator[Cluster]:
    """A server that knows both locales."""
    folder = state_folder / "locales"
    folder.mkdir()
    for name in (GERMANY, JAPAN):
        made = folder / name
        language = name.partition(".")[0]
        subprocess.run(
            [program("locales"), "-i", language, "-f", "UTF-8", made], check=True, timeout=60
        )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOCPATH", str(folder))
        patch.setattr(owner, "INHERITED", (*owner.INHERITED, "LOCPATH"))
        cluster = Cluster(state_folder / "abroad")
        cluster.start(SETTINGS)
    yield cluster
    cluster.stop("immediate")


def amounts(side: Side) -> list[tuple[Any, ...]]:
    """What is in the table, with the hundredths that it was filled with."""
    with side.connect() as connection:
        connection.execute("set lc_monetary = 'C'")
        query = "select id, price::numeric, prices::numeric[] from items order by id"
        return connection.execute(query).fetchall()


@pytest.mark.parametrize("engine", ENGINES)
def test_money_is_the_same_amount(abroad: Cluster, engine: str) -> None:
    with (
        database(abroad, SOURCE_ROLE, PLANNER_SCHEMA, AUDIT_SCHEMA) as source,
        database(abroad, DESTINATION_ROLE, LEDGER_SCHEMA) as destination,
        database(abroad, PLATFORM_ROLE, PLANNER_SCHEMA, AUDIT_SCHEMA) as platform,
    ):
        syncs = Syncs(Pair(source, destination), platform=platform, fields=ENGINES[engine])
        syncs.table("id integer primary key, price money, prices money[]")
        for number, amount in enumerate(AMOUNTS):
            value = f"'{amount}'::numeric::money"
            source.execute(f"insert into items values ({number}, {value}, array[{value}, null])")
        for side, locale in ((source, GERMANY), (destination, JAPAN)):
            name = side.database
            side.execute(f"alter database \"{name}\" set lc_monetary = '{locale}'")
        with source.connect() as connection:
            found = connection.execute("select price from items where id = 2").fetchone()
        assert found == ("-1.234.567,89 €",)
        full: dict[str, Any] = {"audit": "full", "batch_size": 2}
        assert syncs.run(**full).succeeded == Counts(added=len(AMOUNTS))
        assert amounts(destination) == amounts(source)
        assert syncs.run(**full).planned == Counts()
        source.execute("update items set price = price + 1::money where id = 0")
        assert syncs.run(**full).succeeded == Counts(changed=1)
        assert amounts(destination) == amounts(source)
        assert syncs.verify(values=True).in_step
