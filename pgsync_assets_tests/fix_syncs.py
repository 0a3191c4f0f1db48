"""A sync between the two databases of a test, and the checks that hold after every run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pytest

from pgsync_assets import sync as engine
from pgsync_assets.config import ConnectionConfig, Partition, SyncConfig
from pgsync_assets.connect import Endpoint
from pgsync_assets.outcome import Change, Outcome, PlanPreview
from pgsync_assets.verification import Verification

from .fix_databases import Pair, Side, keep, put_back

T = TypeVar("T")


def connection_of(side: Side, **more: Any) -> ConnectionConfig:
    """The configuration of one side, as a user would write it."""
    written: dict[str, Any] = {
        "host": side.host,
        "port": side.port,
        "database": side.database,
        "user": side.user,
        "password": "$TEST_PASSWORD",
    }
    return ConnectionConfig.model_validate(written | more)


def endpoint_of(name: str, side: Side, **more: Any) -> Endpoint:
    """One side, ready to be opened."""
    return Endpoint(name, connection_of(side, **more), {"TEST_PASSWORD": side.password})


@dataclass
class Syncs:
    """Runs syncs between the databases of a pair, as their least-privilege roles.

    `source`, `destination` and `at_platform` hold what a test adds to the configuration of the
    connections, `fields` what it adds to that of the sync.
    """

    pair: Pair
    source: dict[str, Any] = field(default_factory=dict)
    destination: dict[str, Any] = field(default_factory=dict)
    platform: Side | None = None
    fields: dict[str, Any] = field(default_factory=dict)
    at_platform: dict[str, Any] = field(default_factory=dict)
    _begun: list[Any] = field(default_factory=list)

    def begin(self, make: Callable[[], T]) -> T:
        """The databases as `make` leaves them, at the beginning of every round of a test.

        Args:
            make: is called in the first round; later ones have copies of what it made, which takes
                the servers a fraction of the time, and is the same to the byte.

        Returns:
            What `make` has returned.
        """
        sides = {side.database: side for side in (*vars(self.pair).values(), self.keeper)}.values()
        for side in sides if self._begun else ():
            put_back(side)
        if not self._begun:
            self._begun.append(make())
            for side in sides:
                keep(side)
        found: T = self._begun[0]
        return found

    @property
    def keeper(self) -> Side:
        """The database that holds planner and audit, by the engine in `fields`."""
        is_standard = self.fields.get("engine") == "standard"
        return self.platform if is_standard and self.platform else self.pair.source

    @property
    def platform_endpoint(self) -> Endpoint | None:
        """The platform, where the test has one."""
        side = self.platform
        return endpoint_of("platform", side, **self.at_platform) if side else None

    def config(self, **fields: Any) -> SyncConfig:
        """A sync named `items` from and to `public.items`, with what a test changes."""
        written: dict[str, Any] = {
            "name": "items",
            "source": "shop",
            "destination": "crm",
            "model": {"table": "public.items", "key": ["id"]},
            "table": "public.items",
        }
        return SyncConfig.model_validate(written | self.fields | fields)

    @property
    def endpoints(self) -> tuple[Endpoint, Endpoint]:
        """Source and destination."""
        return (
            endpoint_of("shop", self.pair.source, **self.source),
            endpoint_of("crm", self.pair.destination, **self.destination),
        )

    def run(
        self,
        partition: Partition | str | None = None,
        full_resync: bool = False,
        *,
        row_limit: int | None = None,
        only_rejected: bool = False,
        **fields: Any,
    ) -> Outcome:
        """Runs the sync once; or one partition, by its name where its `partitions` have it."""
        config = self.config(**fields)
        if isinstance(partition, str):
            partition = config.partition_named(partition)
        return engine.run(
            config,
            *self.endpoints,
            platform=self.platform_endpoint,
            partition=partition,
            full_resync=full_resync,
            row_limit=row_limit,
            only_rejected=only_rejected,
            by="ada",
        )

    def plan(
        self,
        limit: int = 20,
        partition: Partition | None = None,
        full_resync: bool = False,
        row_limit: int | None = None,
        **fields: Any,
    ) -> PlanPreview:
        """Plans the sync without writing."""
        return engine.plan(
            self.config(**fields),
            *self.endpoints,
            platform=self.platform_endpoint,
            partition=partition,
            full_resync=full_resync,
            row_limit=row_limit,
            limit=limit,
        )

    def apply(self, number: int, partition: Partition | None = None, **fields: Any) -> Outcome:
        """Writes a plan that is held."""
        return engine.apply(
            self.config(**fields),
            *self.endpoints,
            number,
            platform=self.platform_endpoint,
            partition=partition,
            by="ada",
        )

    def discard(self, number: int, partition: Partition | None = None, **fields: Any) -> None:
        """Drops a plan that is held."""
        engine.discard(
            self.config(**fields),
            *self.endpoints,
            number,
            platform=self.platform_endpoint,
            partition=partition,
            by="ada",
        )

    def changes(self, number: int, limit: int | None = None, **fields: Any) -> list[Change]:
        """The changes of a held plan, as it is shown."""
        with engine.show_plan(
            self.config(**fields), *self.endpoints, number, platform=self.platform_endpoint
        ) as shown:
            return list(shown.changes(limit))

    def verify(
        self,
        partition: Partition | None = None,
        *,
        limit: int = 1000,
        values: bool = False,
        **fields: Any,
    ) -> Verification:
        """Compares the destination with the model."""
        return engine.verify(
            self.config(**fields),
            *self.endpoints,
            platform=self.platform_endpoint,
            partition=partition,
            limit=limit,
            values=values,
        )

    def table(self, definition: str, name: str = "items") -> None:
        """Creates the same table on both sides, with the rights a sync needs."""
        for side in (self.pair.source, self.pair.destination):
            side.execute(f"create table public.{name} ({definition})")
        self.grant(name)

    def grant(self, name: str = "items") -> None:
        """The rights a sync needs on both tables."""
        self.pair.source.grant_table(name)
        self.pair.destination.grant_table(name, "select", "insert", "update", "delete")

    def same(self, name: str = "items", columns: str = "*") -> bool:
        """Whether both tables hold the same rows, compared as text."""
        query = f"select t::text from (select {columns} from public.{name}) as t order by 1"  # noqa: S608
        source, destination = self.pair.source.rows(query), self.pair.destination.rows(query)
        return source == destination


@pytest.fixture
def syncs(database_pair: Pair) -> Syncs:
    """Syncs between two fresh databases."""
    return Syncs(database_pair)


ENGINES: dict[str, dict[str, str]] = {
    "lightning": {"engine": "lightning"},
    "digest": {"engine": "lightning", "state": "digest"},
    "standard": {"engine": "standard"},
}


@pytest.fixture(params=["lightning", "standard"])
def either(request: pytest.FixtureRequest, database_pair: Pair, platform_side: Side) -> Syncs:
    """Syncs of one engine and of the other."""
    return Syncs(database_pair, platform=platform_side, fields=ENGINES[request.param])


@pytest.fixture(params=list(ENGINES))
def every(request: pytest.FixtureRequest, database_pair: Pair, platform_side: Side) -> Syncs:
    """Syncs of every engine and form of its state."""
    return Syncs(database_pair, platform=platform_side, fields=ENGINES[request.param])


@pytest.fixture
def standard(reader_pair: Pair, platform_side: Side) -> Syncs:
    """Syncs of engine standard; the source's role may do nothing but SELECT."""
    return Syncs(reader_pair, platform=platform_side, fields=ENGINES["standard"])
