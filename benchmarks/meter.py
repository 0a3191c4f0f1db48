"""What a job takes: seconds, CPU of its processes and of the machine, memory, bytes on loopback.

Linux tells all of it (`/proc`); elsewhere only seconds and CPU of the processes are there.
"""

from __future__ import annotations

import os
import signal
import subprocess  # noqa: S404 - measures child processes
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from .contender import Job

PAUSE_SECONDS = 0.05  # between two looks at the memory: a look takes about 0.1 ms
BUSY = ("user", "nice", "system", "irq", "softirq")
NAMES = ("user", "nice", "system", "idle", "iowait", "irq", "softirq")
MB = 1e6


@dataclass
class Taken:
    """What a job took.

    Args:
        seconds: from its start to its end.
        client_cpu: seconds of CPU of its processes.
        machine_cpu: seconds of CPU that the machine was busy, with both servers.
        rss_mb: most memory of its processes together, sampled, in MB; None: not known.
        wire_mb: on the loopback device, both ends and headers, in MB; None: not known.
        code: of its end; 0: all is well.
        output: of the last command.
        said: last line that it wrote to stderr, or to stdout.
    """

    seconds: float = 0.0
    client_cpu: float = 0.0
    machine_cpu: float | None = None
    rss_mb: float | None = None
    wire_mb: float | None = None
    code: int = 0
    output: bytes = b""
    said: str = ""


def take(job: Job, folder: Path, most_seconds: float) -> Taken:
    """Runs a job and measures it.

    Args:
        job: what to run.
        folder: where it runs.
        most_seconds: after which it is killed; its code is then that of the signal.
    """
    taken = Taken()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as error:
        busy, wire = _busy(), _loopback()
        began = time.perf_counter()
        with _started(job, folder, out, error) as children, _watched(children, most_seconds) as rss:
            for child in children:
                _, status, usage = os.wait4(child.pid, 0)
                child.returncode = os.waitstatus_to_exitcode(status)
                taken.client_cpu += usage.ru_utime + usage.ru_stime
                taken.code = taken.code or child.returncode
        taken.seconds = time.perf_counter() - began
        taken.machine_cpu = _difference(busy, _busy())
        taken.wire_mb = _difference(wire, _loopback())
        taken.rss_mb = rss.most / MB if rss.most else None
        out.seek(0)
        error.seek(0)
        taken.output, complaint = out.read(), error.read()
    lines = (complaint.strip() or taken.output.strip()).decode("utf-8", "replace").splitlines()
    taken.said = lines[-1].strip() if lines else ""
    return taken


@contextmanager
def _started(
    job: Job, folder: Path, out: IO[bytes], error: IO[bytes]
) -> Iterator[list[subprocess.Popen[bytes]]]:
    """The processes of a job, each the leader of a group; none of them outlives the block."""
    children: list[subprocess.Popen[bytes]] = []
    environments = job.environments * (len(job.commands) // len(job.environments))
    try:
        for number, command in enumerate(job.commands):
            is_last = number == len(job.commands) - 1
            children.append(
                subprocess.Popen(  # noqa: S603 - programs that we chose
                    command,
                    cwd=folder,
                    env=environments[number],
                    stdin=children[-1].stdout if children else subprocess.DEVNULL,
                    stdout=out if is_last else subprocess.PIPE,
                    stderr=error,
                    start_new_session=True,
                )
            )
            if len(children) > 1 and (pipe := children[-2].stdout):
                pipe.close()  # or a writer whose reader died would wait for ever
        yield children
    finally:
        for child in children:
            _kill(child)


def _kill(child: subprocess.Popen[bytes]) -> None:
    """Ends a process and what it started, whether it has ended by itself or not."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    if child.returncode is None:
        with suppress(ChildProcessError):
            child.wait()


@dataclass
class _Memory:
    most: int = 0
    ended: threading.Event = field(default_factory=threading.Event)


@contextmanager
def _watched(children: list[subprocess.Popen[bytes]], most_seconds: float) -> Iterator[_Memory]:
    """Looks at the memory of processes, and ends them when their time is over."""
    memory = _Memory()
    until = time.monotonic() + most_seconds

    def look() -> None:
        while not memory.ended.wait(PAUSE_SECONDS):
            trees = [pid for child in children for pid in tree(child.pid)]
            memory.most = max(memory.most, sum(map(_rss, trees)))
            if time.monotonic() > until:
                for child in children:
                    with suppress(ProcessLookupError, PermissionError):
                        os.killpg(child.pid, signal.SIGKILL)

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield memory
    finally:
        memory.ended.set()
        thread.join()


def tree(pid: int) -> Iterator[int]:
    """A process and all that descend from it and live.

    Args:
        pid: of the process.
    """
    yield pid
    for listed in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            for child in listed.read_text().split():
                yield from tree(int(child))


def _rss(pid: int) -> int:
    """Resident bytes of a process."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0


def _busy() -> float | None:
    """Seconds of CPU that the machine was busy since it started."""
    try:
        ticks = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    except OSError:
        return None
    known = dict(zip(NAMES, map(int, ticks), strict=False))
    return sum(known[name] for name in BUSY) / os.sysconf("SC_CLK_TCK")


def _loopback() -> float | None:
    """Megabytes that the loopback device has carried: what the servers and their client say."""
    try:
        lines = Path("/proc/net/dev").read_text().splitlines()
    except OSError:
        return None
    received = [line.split()[1] for line in lines if line.split()[0] == "lo:"]
    return int(received[0]) / MB if received else None


def _difference(before: float | None, after: float | None) -> float | None:
    return None if before is None or after is None else after - before
