"""A pass of retention over all databases of a project: each audit once, with the planner beside it.

A database that cannot be reached costs its own part; the others are done.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from ..config import PLATFORM, RetentionConfig, SyncConfig
from ..connect import Endpoint, is_migrated
from ..errors import ConfigurationError, PgsyncError, PrivilegeError
from ..log import prune as prune_log
from ..plan import prepare
from ..record import Place, Pruned, Say, place_of, prune

APPLICATION = "pgsync/prune"


@dataclass(frozen=True)
class DatabasePass:
    """What was done in one database.

    Args:
        connection: that leads there.
        pruned: what went; None where it could not be done, or no audit is there.
        error: why it could not be done.
        log_deleted: rows that went from the log which a destination keeps for itself.
    """

    connection: str
    pruned: Pruned | None = None
    error: PgsyncError | None = None
    log_deleted: int = 0


@dataclass
class Retention:
    """A pass over databases.

    Args:
        syncs: of the project.
        default: what holds where a sync says nothing, and how long the pass takes.
        say: is told how far it is.
        dry_run: nothing is deleted; the counts are what would be.
    """

    syncs: Sequence[SyncConfig]
    default: RetentionConfig
    say: Say
    dry_run: bool = False
    _done: set[Place] = field(default_factory=set)

    def over(self, endpoints: Iterable[Endpoint]) -> Iterator[DatabasePass]:
        """Each database that has an audit, as it is done. Each gets its share of the time.

        Args:
            endpoints: every connection of the project, the platform's too.
        """
        deadline = time.monotonic() + self.default.at_most.total_seconds()
        homes = {PLATFORM, *(sync.source for sync in self.syncs)}
        # Those with which syncs write there go first: another connection may lead there as well.
        ordered = sorted(endpoints, key=lambda one: one.name not in homes)
        for position, endpoint in enumerate(ordered):
            now = time.monotonic()
            until = now + (deadline - now) / (len(ordered) - position)
            try:
                pruned = self._pass(endpoint, until, is_home=endpoint.name in homes)
                from_log = self._log(endpoint, until)
            except PgsyncError as error:
                if isinstance(error, PrivilegeError) and endpoint.name not in homes:
                    continue  # it writes no audit; who may not see one has none to prune
                yield DatabasePass(endpoint.name, error=error)
            else:
                if pruned is not None or from_log:
                    yield DatabasePass(endpoint.name, pruned, log_deleted=from_log)

    def _pass(self, endpoint: Endpoint, until: float, *, is_home: bool) -> Pruned | None:
        schemas = endpoint.config.schemas
        with endpoint.session(APPLICATION) as session:
            if not is_migrated(session, schemas.audit):
                return None
            place = place_of(session, schemas.audit)
            if place in self._done or not (is_home or place.may_delete):
                return None
            self._done.add(place)
            if not is_migrated(session, schemas.planner):
                raise ConfigurationError(
                    f"{endpoint.name}: schema {schemas.audit} is an audit, and there is no planner "
                    f"{schemas.planner} beside it that says what is needed still; nothing was "
                    "deleted",
                    "write under `schemas:` of the connection which planner belongs to it",
                )
            return prune(
                prepare(session, schemas.planner),
                schemas.audit,
                {sync.name: sync.audit.keep for sync in self.syncs},
                self.default,
                until=until,
                dry_run=self.dry_run,
                say=self.say,
            )

    def _log(self, endpoint: Endpoint, until: float) -> int:
        """Rows that went from the log of a destination; it is kept as long as runs are."""
        schema, kept = endpoint.config.schemas.log, self.default.runs
        if schema is None or not isinstance(kept, dt.timedelta) or self.dry_run:
            return 0
        with endpoint.session(APPLICATION) as session:
            return prune_log(session, schema, kept, until=until)
