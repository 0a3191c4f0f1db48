"""Peers that pip brings, each in an environment of its own, and programs of the system."""

from __future__ import annotations

import os
import shutil
import subprocess  # noqa: S404 - pip
import sys
import venv
from pathlib import Path

from ..contender import NotToBeHad

CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "pgsync-bench"
INSTALL_SECONDS = 900
SAID = 160  # letters of what pip said last


def environment(name: str, *requirements: str) -> Path:
    """The folder of an environment with these packages, made once for each list of them.

    Args:
        name: of the peer.
        requirements: as pip reads them, versions included.

    Returns:
        The environment's folder; its programs are in `bin`.

    Raises:
        NotToBeHad: pip cannot bring them.
    """
    folder = CACHE / name
    done = folder / "installed.txt"
    wanted = "\n".join((*requirements, sys.version, ""))
    if done.exists() and done.read_text() == wanted:
        return folder
    try:
        venv.create(folder, clear=True, with_pip=True)
        answer = subprocess.run(  # noqa: S603 - pip of an environment of ours
            [folder / "bin" / "python", "-m", "pip", "install", "--quiet", *requirements],
            capture_output=True,
            text=True,
            timeout=INSTALL_SECONDS,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise NotToBeHad(f"its environment cannot be made ({type(error).__name__})") from None
    if answer.returncode:
        errors = [line for line in answer.stderr.splitlines() if line.startswith("ERROR")]
        said = (errors or ["no reason was given"])[-1].removeprefix("ERROR: ")
        raise NotToBeHad(f"pip cannot bring {requirements[0]}: {said[:SAID]}")
    done.write_text(wanted)
    return folder


def system_program(name: str) -> str:
    """A program of the system.

    Args:
        name: of the program, and of Debian's package.

    Raises:
        NotToBeHad: it is not installed.
    """
    found = shutil.which(name)
    if found is None:
        raise NotToBeHad(f"it is not installed (Debian: apt install {name})")
    return found


def version_of(program: str) -> str:
    """What `--version` says, its first line without the program's name."""
    answer = subprocess.run(  # noqa: S603 - a program that we chose
        [program, "--version"], capture_output=True, text=True
    )
    lines = (answer.stdout.strip() or answer.stderr.strip()).splitlines()
    return lines[0].split("version", 1)[-1].strip(' ":') if lines else "unknown"
