"""Programs of others as children of ours: started so that they can be stopped, with all of theirs.

A child of a shell's background job inherits an ignored SIGINT, and Dagster then ignores SIGTERM
too. A child gets a session of its own, so that Ctrl-C reaches us alone and we stop it in good
order, with everything it started.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

PR_SET_PDEATHSIG = 1
STOP_TIMEOUT_S = 20.0
_LIBC = ctypes.CDLL(None)


def start(
    command: Sequence[str],
    environment: Mapping[str, str],
    log: Path | None,
    when_we_are_gone: signal.Signals = signal.SIGINT,
) -> subprocess.Popen[bytes]:
    """Starts a program in a session of its own.

    Args:
        command: of our own interpreter, no shell.
        environment: all of it.
        log: takes its output; None: it says it where we do.
        when_we_are_gone: the signal that it gets then, be it by kill -9 (Linux).
    """

    def prepare() -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        if sys.platform == "linux":
            _LIBC.prctl(PR_SET_PDEATHSIG, when_we_are_gone)

    output = log.open("ab") if log else None
    try:
        return subprocess.Popen(  # noqa: S603 - our own interpreter, no shell
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT if output else None,
            start_new_session=True,
            preexec_fn=prepare,
        )
    finally:
        if output:
            output.close()


def stop(
    child: subprocess.Popen[bytes],
    signals: Iterable[signal.Signals] = (signal.SIGINT, signal.SIGTERM),
) -> None:
    """Ends a child: asks it by each signal in turn, then kills its whole session.

    Args:
        child: that `start` has started.
        signals: the polite ones.
    """
    for number in signals:
        if child.poll() is None:
            child.send_signal(number)
            try:
                child.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                continue
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        return  # nobody of them is left
    child.wait()
