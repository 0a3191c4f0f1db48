"""A small project to click on: two databases, three syncs, a schedule, and what may go wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..definitions import component, connections
from ..fix_databases import Pair, Side

DAYS = ["2024-01-01", "2024-01-02", "2024-01-03"]
ROWS_A_DAY = 10
CUSTOMERS = 20
YOUNG = 2
"""Customers that the destination refuses."""
WINDOW = {"column": "day", "every": "day", "start": DAYS[0], "end": "2024-01-04"}
ORDERS = "day date, id integer, amount numeric(10, 2), primary key (day, id)"
MULTI_RUN = {"backfill_policy": {"type": "multi_run", "max_partitions_per_run": 1}}
# An error that no sync takes for a row's: the run stops there.
BREAK = """
    create or replace function break() returns trigger language plpgsql as $$
    begin raise exception 'the table is being repaired' using errcode = 'XX000'; end $$;
    create trigger break before insert on orders_by_run for each row
    when (new.day = '2024-01-02') execute function break()
"""
MEND = "drop trigger break on orders_by_run"
# A customer takes a while: a run of them can be seen, and ended, on its way.
SLOW = """
    create or replace function slow() returns trigger language plpgsql as $$
    begin perform pg_sleep(2); return new; end $$;
    create trigger slow before insert or update on slowly for each row execute function slow()
"""


class Shop:
    """The project and its databases.

    Args:
        folder: of the definitions; is made.
        pair: the databases `shop` and `crm`.

    Attributes:
        url: of its UI, once it is served.
    """

    def __init__(self, folder: Path, pair: Pair) -> None:
        self.folder = folder
        self.pair = pair
        self.url = ""
        self._fill()
        self._write()

    @property
    def environment(self) -> dict[str, str]:
        """Variables that the project reads."""
        return {f"{name.upper()}_PASSWORD": side.password for name, side in self._ends.items()}

    @property
    def _ends(self) -> dict[str, Side]:
        return {"shop": self.pair.source, "crm": self.pair.destination}

    def rows_by_day(self, table: str) -> dict[str, int]:
        """How many rows of each day the destination has."""
        query = f"select day::text, count(*)::int from {table} group by 1 order by 1"
        return dict(self.pair.destination.rows(query))

    def _fill(self) -> None:
        source, destination = self.pair.source, self.pair.destination
        source.execute(
            f"create table orders ({ORDERS})",
            "insert into orders select date '2024-01-01' + day, id, 10 * id"
            f" from generate_series(0, 2) as day, generate_series(1, {ROWS_A_DAY}) as id",
            "create table customers (id integer primary key, name text, age integer)",
            "insert into customers select n, 'c' || n, n"
            f" from generate_series(1, {CUSTOMERS}) as n",
        )
        destination.execute(
            f"create table orders ({ORDERS})",
            f"create table orders_by_run ({ORDERS})",
            "create table customers (id integer primary key, name text,"
            " age integer constraint adults_only check (age >= 3))",
            "create table slowly (id integer primary key, name text, age integer)",
            SLOW,
        )
        for table in ("orders", "customers"):
            source.grant_table(table)
        for table in ("orders", "orders_by_run", "customers", "slowly"):
            destination.grant_table(table, "select", "insert", "update", "delete")

    def _write(self) -> None:
        ends = connections(self._ends)
        component(self.folder, "connections", "PgConnectionsComponent", connections=ends)
        by_day = {"table": "public.orders", "key": ["day", "id"]}
        customers = {"table": "public.customers", "key": ["id"]}
        component(
            self.folder,
            "crm",
            "PgSyncComponent",
            syncs=[
                _sync("orders", by_day, partitions=WINDOW),
                _sync("customers", customers),
                _sync("slowly", customers | {"name": "slow_customers"}, batch_size=2),
            ],
        )
        runs = _sync("orders_by_run", by_day | {"name": "orders_by_run"}, partitions=WINDOW)
        component(self.folder, "by_run", "PgSyncComponent", syncs=[runs], op=MULTI_RUN)
        component(
            self.folder,
            "nightly",
            "PgScheduleComponent",
            name="nightly",
            schedule={"cron": "0 3 1 1 *"},
            syncs=["customers"],
        )


def _sync(name: str, model: dict[str, Any], **more: Any) -> dict[str, Any]:
    ends = {"source": "shop", "destination": "crm"}
    return {"name": name, **ends, "model": model, "table": f"public.{name}", **more}
