"""pgcopydb and pgloader: programs of the system that copy a database once."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

from pgsync_assets.embedded.binaries import locate

from ..contender import FIRST, Contender, Ends, Job
from ..servers import address
from .installed import system_program, version_of


def pgcopydb() -> list[Contender]:
    """A clone with two jobs; pg_dump is that of the servers.

    Raises:
        NotToBeHad: it is not installed.
    """
    program = system_program("pgcopydb")
    note = "clone, 2 table jobs, 2 index jobs"
    job = partial(_pgcopydb, program)
    version = version_of(program)
    return [Contender("pgcopydb", job, (FIRST,), makes_table=True, version=version, note=note)]


def _pgcopydb(program: str, ends: Ends, _: str) -> Job:
    # Both want a home folder of their own, and pg_dump has to be as new as the server.
    programs = f"{locate().directory}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return Job(
        ((program, "clone", "--table-jobs", "2", "--index-jobs", "2", "--no-owner"),),
        (
            os.environ
            | {
                "PATH": programs,
                "PGCOPYDB_SOURCE_PGURI": address(ends.source),
                "PGCOPYDB_TARGET_PGURI": address(ends.destination),
                "TMPDIR": str(ends.folder),
                "XDG_DATA_HOME": str(ends.folder),
                "HOME": str(ends.folder),
            },
        ),
    )


def pgloader() -> list[Contender]:
    """A load of the whole database.

    Raises:
        NotToBeHad: it is not installed.
    """
    program = system_program("pgloader")
    note = "load database from pgsql, as it comes"
    job = partial(_pgloader, program)
    version = version_of(program)
    return [Contender("pgloader", job, (FIRST,), makes_table=True, version=version, note=note)]


def _pgloader(program: str, ends: Ends, _: str) -> Job:
    # Only its own file can keep the passwords out of the arguments of a process.
    load = Path(ends.folder, "bench.load")
    load.write_text(
        f"LOAD DATABASE FROM {address(ends.source)}\n"
        f"INTO {address(ends.destination)}\n"
        "WITH include drop, create tables, create indexes, reset sequences;\n"
    )
    load.chmod(0o600)
    kept = str(ends.folder / "kept")
    return Job(((program, "--root-dir", kept, str(load)),), (os.environ,))
