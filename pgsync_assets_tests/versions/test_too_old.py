"""A server older than those that are supported is refused in words, before anything is asked of
it that it may not know."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from pathlib import Path

import pytest

from pgsync_assets.steps.asked import Asked

from ..fix_databases import Side
from ..fix_lines import fails_at, told
from ..fix_servers import running
from ..fix_versions import TOO_OLD, binaries_of


@pytest.mark.needs("npm")
def test_a_server_that_is_too_old_is_refused_in_words(installed: Path, state_folder: Path) -> None:
    binaries = binaries_of(installed, TOO_OLD)
    with contextmanager(running)(state_folder / TOO_OLD, binaries) as cluster:
        user, password = cluster.superuser, cluster.password
        side = Side(cluster.host, cluster.port, "postgres", user, password, cluster)
        line = fails_at("server version", told(side, Asked(roles=("source",))))
    shutil.rmtree(state_folder / TOO_OLD)
    assert line.detail == "the server is PostgreSQL 11.22; the oldest one that works is 12"
    assert line.remedy
