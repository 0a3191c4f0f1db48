"""Fixtures of the whole suite; each kind lives in its own `fix_` module."""

import signal

import pytest

# A background job of a shell begins with SIGINT ignored. Dagster then ignores SIGTERM, too, and so
# would every child of a test: nobody could end it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

pytest_plugins = [
    "pytester",
    "pgsync_assets_tests.fix_needs",
    "pgsync_assets_tests.fix_canaries",
    "pgsync_assets_tests.fix_versions",
    "pgsync_assets_tests.fix_servers",
    "pgsync_assets_tests.fix_identities",
    "pgsync_assets_tests.fix_databases",
    "pgsync_assets_tests.fix_syncs",
    "pgsync_assets_tests.fix_frames",
    "pgsync_assets_tests.fix_lines",
    "pgsync_assets_tests.fix_writers",
    "pgsync_assets_tests.fix_tls",
    "pgsync_assets_tests.fix_ssh",
    "pgsync_assets_tests.fix_gateway",
    "pgsync_assets_tests.fix_pgbouncer",
    "pgsync_assets_tests.fix_children",
    "pgsync_assets_tests.fix_standby",
    "pgsync_assets_tests.fix_recorders",
    "pgsync_assets_tests.fix_workers",
    "pgsync_assets_tests.fix_platform",
    "pgsync_assets_tests.fix_nightly",  # behind those that it imports
]

LONGEST = ("/nemesis/", "/ui/")


@pytest.hookimpl(trylast=True)  # behind the shuffle
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first: begun last, they would be all that is left, on one worker."""
    items.sort(key=lambda item: not any(room in item.nodeid for room in LONGEST))
