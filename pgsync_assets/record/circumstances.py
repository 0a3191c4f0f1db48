"""What is recorded of a run beside its rows: who ran it, on what, what it cost, and its error."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from .. import __version__
from ..errors import TerminalError

Error = TerminalError | str
"""Why a run ended early: what was raised, or a sentence of ours."""


@dataclass(frozen=True)
class Spent:
    """What a run has cost so far, in the process that settles it.

    Args:
        bytes: row data sent to the destination.
        bytes_read: read from the source by engine standard.
        seconds: by step; the one that is under way is among them.
    """

    bytes: int = 0
    bytes_read: int = 0
    seconds: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Circumstances:
    """The same for all that one process records of a sync; None: not known.

    Args:
        by: who runs it.
        code_version: of the sync as it was written.
        source_version: of the source's server, as in `16.4`.
        destination_version: of the destination's server.
        spent: what the run has cost so far; None where nobody counts.
    """

    by: str | None = None
    code_version: str | None = None
    source_version: str | None = None
    destination_version: str | None = None
    spent: Callable[[], Spent] | None = None

    def columns(self) -> dict[str, object]:
        """Columns of `sync_runs`, as they are now."""
        spent = self.spent() if self.spent else None
        seconds = {step: round(took, 3) for step, took in spent.seconds.items()} if spent else None
        return {
            "run_by": self.by,
            "code_version": self.code_version,
            "version": __version__,
            "source_version": self.source_version,
            "destination_version": self.destination_version,
            "seconds": json.dumps(seconds) if spent else None,
            "bytes": spent.bytes if spent else None,
            "bytes_read": spent.bytes_read if spent else None,
        }


NOT_KNOWN = Circumstances()


def error_columns(error: Error | None) -> dict[str, str | None]:
    """Columns of `sync_runs` about an error.

    Args:
        error: why the run ended early; None: it did not.
    """
    if not isinstance(error, TerminalError):
        return {"error": error, "error_type": None, "sqlstate": None}
    return {
        "error": error.message,
        "error_type": type(error).__name__,
        "sqlstate": error.sqlstate,
    }
