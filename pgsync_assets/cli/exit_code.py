"""How a command ended, as a number for scripts."""

from __future__ import annotations

from enum import IntEnum

from ..errors import (
    AlreadyRunning,
    ConfigurationError,
    FencedOff,
    GuardError,
    PgsyncError,
    TransientError,
)


class ExitCode(IntEnum):
    """Exit codes of every command; `pgsync-assets --help` prints them from `MEANINGS`."""

    OK = 0
    FAILED = 1
    USAGE = 2
    ROWS_REJECTED = 3
    ALREADY_RUNNING = 4
    TRY_AGAIN = 5
    HELD = 6
    NOT_IN_STEP = 7
    LATE = 8
    INTERRUPTED = 130


MEANINGS = {
    ExitCode.OK: "all is well",
    ExitCode.FAILED: "failed: a retry changes nothing, somebody has to act",
    ExitCode.USAGE: "the command line or the configuration is wrong",
    ExitCode.ROWS_REJECTED: "finished, but some rows are rejected (`rejected SYNC` lists them)",
    ExitCode.ALREADY_RUNNING: "another run of this sync is on; nothing was touched",
    ExitCode.TRY_AGAIN: "failed for now: the same again may work",
    ExitCode.HELD: "a guard stopped the run before its first write; its plan is held",
    ExitCode.NOT_IN_STEP: "verify: the destination is not in step with the model",
    ExitCode.LATE: "status: a sync has not succeeded for longer than its `freshness` allows",
    ExitCode.INTERRUPTED: "interrupted by Ctrl-C",
}


def exit_code_of(error: PgsyncError) -> ExitCode:
    """The exit code that an error ends a command with."""
    if isinstance(error, ConfigurationError):
        return ExitCode.USAGE
    if isinstance(error, (AlreadyRunning, FencedOff)):
        return ExitCode.ALREADY_RUNNING
    if isinstance(error, GuardError):
        return ExitCode.HELD
    if isinstance(error, TransientError):
        return ExitCode.TRY_AGAIN
    return ExitCode.FAILED
