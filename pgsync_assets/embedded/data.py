"""The data directory of a cluster: made once, and what its lock file says."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from pgsync_assets.embedded.binaries import Binaries
from pgsync_assets.embedded.owner import Owner
from pgsync_assets.embedded.state import write_private
from pgsync_assets.errors import EmbeddedError

SUPERUSER = "postgres"
# PostgreSQL's own C.UTF-8, the same on every system; older servers take the system's.
PORTABLE_LOCALE = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")
SYSTEM_LOCALE = ("--locale=C.UTF-8",)
PORTABLE_SINCE = 17


@dataclass(frozen=True)
class LockFile:
    """The part of `postmaster.pid` that says which process serves the data, and where."""

    pid: int
    port: int


def make(data: Path, owner: Owner, binaries: Binaries, password: str, *, sync: bool) -> None:
    """Run `initdb`; a data directory appears complete or not at all.

    Args:
        data: where the data directory goes; its parent exists.
        owner: the user who runs the server.
        binaries: the programs of the server.
        password: of the superuser; travels in a file, never in the arguments.
        sync: wait until the files are on disk.

    Raises:
        EmbeddedError: `initdb` failed.
    """
    unfinished = data.with_name("data.init")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    owner.give(unfinished)
    password_file = data.with_name("password.init")
    write_private(password_file, password)
    owner.give(password_file)
    try:
        answer = owner.run(
            _initdb(binaries, unfinished, password_file, sync=sync),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
    finally:
        password_file.unlink()
    if answer.returncode != 0:
        raise EmbeddedError(
            f"initdb could not make a database cluster in {data}: {_last_line(answer.stderr)}",
            "Check free space and rights there, or use --dir with another folder.",
        )
    unfinished.rename(data)


def require_same_major(data: Path, binaries: Binaries) -> None:
    """Refuse data that another major version of PostgreSQL wrote.

    Raises:
        EmbeddedError: the versions differ.
    """
    written_by = (data / "PG_VERSION").read_text(encoding="ascii").strip()
    if written_by != str(major(binaries)):
        raise EmbeddedError(
            f"The data in {data} is of PostgreSQL {written_by}, the programs in "
            f"{binaries.directory} are of PostgreSQL {binaries.version}",
            "Move the folder away for a fresh start, or set PGSYNC_PG_BIN to a server of "
            f"version {written_by}.",
        )


def read_lock_file(data: Path) -> LockFile | None:
    """Return the content of `postmaster.pid`; None where there is none to read, or half of one."""
    try:
        lines = (data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        return LockFile(pid=int(lines[0]), port=int(lines[3]))
    except (OSError, IndexError, ValueError):
        return None


def is_alive(pid: int) -> bool:
    """Say whether a process with this id exists, whoever owns it."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def disown_lock_file(data: Path) -> None:
    """Let go of a lock file whose process id now belongs to another program, or to a zombie.

    After a crash of a container small process ids are soon in use again, and PostgreSQL, which
    only asks whether the process exists, would refuse to start (or `pg_ctl stop` would signal a
    stranger). The file is not removed: it also names the shared memory by which PostgreSQL
    notices processes of the dead server that still write. Only its process id is replaced, by
    one that has just ended. Needs `/proc`; where there is none the file stays as it is.
    """
    lock = read_lock_file(data)
    if lock is None or not is_alive(lock.pid):
        return
    try:
        command = Path(f"/proc/{lock.pid}/cmdline").read_bytes()
    except OSError:
        return
    if b"postgres" not in command.split(b"\0")[0]:
        path = data / "postmaster.pid"
        _, rest = path.read_text(encoding="utf-8").split("\n", 1)
        path.write_text(f"{_ended_process()}\n{rest}", encoding="utf-8")


def major(binaries: Binaries) -> int:
    """Major version of the server programs, such as 18."""
    digits = binaries.version.split(".")[0]
    return int(digits) if digits.isdecimal() else 0


def _ended_process() -> int:
    with subprocess.Popen(["/bin/sh", "-c", ":"]) as process:
        return process.pid


def _initdb(binaries: Binaries, data: Path, password_file: Path, *, sync: bool) -> list[str]:
    locale = PORTABLE_LOCALE if major(binaries) >= PORTABLE_SINCE else SYSTEM_LOCALE
    return [
        binaries.program("initdb"),
        f"--pgdata={data}",
        f"--username={SUPERUSER}",
        f"--pwfile={password_file}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        *locale,
        *(() if sync else ("--no-sync",)),
    ]


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if "error" in line.lower()] or text.splitlines()
    return lines[-1].strip() if lines else "no message"
