"""What a cluster remembers is private and survives being read back."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from pgsync_assets.embedded import data
from pgsync_assets.embedded.cluster import Cluster
from pgsync_assets.embedded.state import State, load, save
from pgsync_assets.errors import EmbeddedError


def test_a_state_is_read_back_as_it_was_saved(tmp_path: Path) -> None:
    state = State().with_port(5433)
    save(tmp_path / "state.json", state)
    assert load(tmp_path / "state.json") == state


def test_only_the_owner_reads_it(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        save(tmp_path / "state.json", State())
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "state.json").stat().st_mode) == 0o600


def test_every_cluster_has_a_password_of_its_own() -> None:
    assert State().password != State().password


def test_a_repr_shows_no_password() -> None:
    state = State()
    assert state.password not in repr(state)


@pytest.mark.parametrize("content", ["", "not json", "[1]", '{"port": 1, "colour": "red"}'])
def test_a_file_of_somebody_else_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "state.json").write_text(content)
    with pytest.raises(EmbeddedError, match="not a state file"):
        load(tmp_path / "state.json")


def test_before_the_first_start_there_is_no_port(tmp_path: Path) -> None:
    with pytest.raises(EmbeddedError, match="no PostgreSQL cluster"):
        _ = Cluster(tmp_path / "never").port


@pytest.mark.parametrize("content", ["", "123\n", "abc\n/data\n1\n5432\n"])
def test_a_half_written_lock_file_counts_as_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "postmaster.pid").write_text(content)
    assert data.read_lock_file(tmp_path) is None


def test_a_lock_file_gives_process_and_port(tmp_path: Path) -> None:
    (tmp_path / "postmaster.pid").write_text("123\n/data\n1700000000\n5433\n")
    assert data.read_lock_file(tmp_path) == data.LockFile(pid=123, port=5433)
