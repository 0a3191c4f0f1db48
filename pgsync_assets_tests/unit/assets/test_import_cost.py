"""What an import costs: each face loads only what it needs."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

import pgsync_assets

from .conftest import CONNECTIONS, ORDERS, DefsFolder


def loaded_by(statement: str, **variables: str) -> set[str]:
    """Names of the top-level packages that a fresh interpreter has after a statement."""
    program = f"{statement}\nimport sys; print(' '.join({{m.split('.')[0] for m in sys.modules}}))"
    answer = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **variables},
    )
    return set(answer.stdout.splitlines()[-1].split())


@pytest.mark.parametrize("module", ["pgsync_assets", "pgsync_assets.sync", "pgsync_assets.project"])
def test_the_engine_needs_no_dagster(module: str) -> None:
    found = loaded_by(f"import {module}")
    assert "pgsync_assets" in found
    assert not found & {"dagster", "pandas", "sqlglot", "paramiko", "sshtunnel"}


def test_definitions_need_no_driver_and_no_ssh(defs_folder: DefsFolder) -> None:
    defs_folder.write({"connections": CONNECTIONS, "orders": ORDERS})
    load = "from pgsync_assets.definitions import defs; assert len(list(defs().assets)) > 4"
    found = loaded_by(load, PGSYNC_DEFS=str(defs_folder.path))
    assert {"dagster", "sqlglot"} <= found
    assert not found & {"psycopg", "paramiko", "sshtunnel", "pandas", "rich"}


def test_public_names_exist() -> None:
    for name in pgsync_assets.__all__:
        assert getattr(pgsync_assets, name) is not None
    assert set(pgsync_assets.__all__) <= set(dir(pgsync_assets))
    with pytest.raises(AttributeError, match="Nonsense"):
        pgsync_assets.Nonsense  # noqa: B018
