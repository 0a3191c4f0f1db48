"""The server runs for every system user, and never as root."""

from __future__ import annotations

import os
import pwd
import shutil
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from pgsync_assets.embedded import Cluster
from pgsync_assets.embedded.binaries import VARIABLE, locate
from pgsync_assets.embedded.data import read_lock_file
from pgsync_assets.embedded.owner import NAMESPACE, Owner, choose, copy
from pgsync_assets.errors import EmbeddedError

# Other tests may have threads running; the child only starts a server and ends.
pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded")

QUICK = {"fsync": "off"}
IS_ROOT = os.geteuid() == 0


def as_ordinary_user(work: Callable[[], None]) -> None:
    """Run something as an ordinary user: as ourselves, or, for root, as nobody in a child."""
    if not IS_ROOT:
        work()
        return
    child = os.fork()
    if child == 0:
        code = 1
        try:
            nobody = pwd.getpwnam("nobody")
            os.setgroups([])
            os.setgid(nobody.pw_gid)
            os.setuid(nobody.pw_uid)
            work()
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def runs(cluster: Cluster) -> bool:
    with cluster.connect("postgres") as connection:
        return connection.execute("select 1").fetchone() == (1,)


def test_an_ordinary_user_starts_a_server_of_their_own(
    state_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = state_folder / "ordinary"
    folder.mkdir()
    # The wheel may lie below a folder that only root can enter.
    monkeypatch.setenv(VARIABLE, str(copy(locate(), state_folder).directory))
    if IS_ROOT:
        nobody = pwd.getpwnam("nobody")
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)

    def work() -> None:
        cluster = Cluster(folder)
        cluster.start(QUICK)
        try:
            assert runs(cluster)
            assert cluster.data.stat().st_uid == os.geteuid()
        finally:
            cluster.stop("immediate")

    as_ordinary_user(work)


def test_the_server_process_is_not_root(source_server: Cluster) -> None:
    lock = read_lock_file(source_server.data)
    assert lock is not None
    assert runs(source_server)
    owner, _ = choose(locate(), source_server.directory, source_server.data)
    if owner.user is not None:
        assert Path(f"/proc/{lock.pid}").stat().st_uid == owner.user[0] != 0
    else:
        assert owner.prefix == (NAMESPACE if IS_ROOT else ())


def test_a_folder_closed_to_others_works_or_names_the_way_out(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    cluster = Cluster(closed / "cluster")
    try:
        cluster.start(QUICK)
    except EmbeddedError as error:
        # Only root, in a container that forbids user namespaces, may end here.
        assert IS_ROOT
        assert "--dir" in str(error)
    else:
        assert runs(cluster)
        cluster.stop("immediate")
    assert closed.stat().st_mode & 0o777 == 0o700


def test_programs_that_others_cannot_reach_are_copied(tmp_path: Path, state_folder: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    hidden = copy(locate({}), closed)
    folder = state_folder / "hidden_wheel"
    folder.mkdir()
    folder.chmod(0o711)
    owner, binaries = choose(hidden, folder, folder / "data")
    assert owner.can_run(binaries)
    assert (binaries == hidden) is not IS_ROOT
    assert closed.stat().st_mode & 0o777 == 0o700


def test_a_copy_is_complete_and_readable_under_any_umask(state_folder: Path) -> None:
    folder = state_folder / "umask"
    folder.mkdir()
    before = os.umask(0o077)
    try:
        copied = copy(locate({}), folder)
    finally:
        os.umask(before)
    assert copied.version == locate({}).version
    assert copied.directory.stat().st_mode & 0o005 == 0o005
    assert copy(locate({}), folder) == copied
    shutil.rmtree(folder)


def test_the_owner_of_the_data_decides_who_runs_it(source_server: Cluster) -> None:
    owner, _ = choose(locate(), source_server.directory, source_server.data)
    status = source_server.data.stat()
    if IS_ROOT and status.st_uid != 0:
        assert owner == Owner((status.st_uid, status.st_gid))
    else:
        assert owner.user is None


def test_a_folder_of_somebody_else_is_refused_in_words(state_folder: Path) -> None:
    def work() -> None:
        with pytest.raises(EmbeddedError, match="cannot be written by this user"):
            Cluster(Path("/etc")).start(QUICK)

    as_ordinary_user(work)
