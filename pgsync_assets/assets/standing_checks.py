"""The checks of a run, evaluated without one: from the books, and a look at both ends."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import dagster as dg

from ..config import ConnectionConfig, SyncConfig
from ..errors import ConfigurationError, DestinationError, ModelError, PgsyncError, TerminalError
from .checks import (
    SCHEMA_DRIFT,
    Verdict,
    drift_alone,
    drift_of_failure,
    drift_undescribed,
    recorded_verdicts,
)
from .frame_rows import with_newest
from .writer import platform_of

if TYPE_CHECKING:
    from ..connect import Endpoint
    from ..drift import Drift

MAY_BE_DRIFT = {error.__name__ for error in (ConfigurationError, DestinationError, ModelError)}
"""Errors of a run whose cause may be a column that came, went or has another type."""


@dataclass(frozen=True)
class StandingChecks:
    """The checks of a sync by what is known of it.

    Args:
        sync: the sync.
        source: where the model is read.
        destination: where the table is.
        platform: where engine standard keeps its state; None: as the environment says.
    """

    sync: SyncConfig
    source: Endpoint
    destination: Endpoint
    platform: ConnectionConfig | None

    def verdicts(self, names: Collection[str]) -> Iterator[Verdict]:
        """What they say now.

        Args:
            names: of the checks that are asked for.

        Raises:
            AlreadyRunning: a run is under way.
            PgsyncError: a database cannot be reached or read.
        """
        from .. import sync as engine  # here: loading definitions needs no database driver

        if {*names} - {SCHEMA_DRIFT}:
            ends, platform = (self.source, self.destination), platform_of(self.platform)
            found = engine.standing(self.sync, *ends, platform=platform)
            yield from (one for one in recorded_verdicts(found) if one.name in names)
        if SCHEMA_DRIFT in names:
            try:
                yield drift_alone(self._drift())
            except TerminalError as error:
                yield drift_undescribed(str(error))

    def behind(self, ended: dg.Failure) -> Verdict | None:
        """What is said of both ends where a run failed; None where they are not the cause.

        Args:
            ended: why it failed. Whatever is wrong with looking at them costs the verdict alone.
        """
        kind = ended.metadata.get("pgsync/error")
        if kind is None or kind.value not in MAY_BE_DRIFT:
            return None
        told = ended.description or ""
        try:
            return drift_of_failure(self._drift(), told)
        except TerminalError as error:
            return drift_undescribed(str(error)) if isinstance(error, ModelError) else None
        except PgsyncError:
            return None

    def _drift(self) -> Drift:
        from .. import sync as engine

        sync = with_newest(self.sync, self.platform, is_needed=False)
        platform = platform_of(self.platform)
        return engine.drift_now(sync, self.source, self.destination, platform=platform)
