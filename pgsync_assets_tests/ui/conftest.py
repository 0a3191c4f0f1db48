"""A served UI and a real browser.

The browser is not kept for the whole session: while Playwright runs, no other test of the thread
can use asyncio.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from pgsync_assets.embedded import Cluster
from pgsync_assets.embedded.servers import DESTINATION_ROLE, SOURCE_ROLE

from ..fix_databases import AUDIT_SCHEMA, LEDGER_SCHEMA, PLANNER_SCHEMA, Pair, database
from ..fix_needs import program
from ..fix_servers import in_memory
from ..storage import dagster_storage
from .served import Served
from .shop import Shop

PAGE_TIMEOUT_MS = 120_000
BROWSER_FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="session")
def shop(source_server: Cluster, destination_server: Cluster) -> Iterator[Shop]:
    """A small project whose UI is served; its tests share it and leave each other's syncs alone."""
    with (
        database(source_server, SOURCE_ROLE, PLANNER_SCHEMA, AUDIT_SCHEMA) as source,
        database(destination_server, DESTINATION_ROLE, LEDGER_SCHEMA) as destination,
        dagster_storage(destination_server) as variables,
        tempfile.TemporaryDirectory(prefix="pgsync_ui_", dir=in_memory()) as name,
    ):
        shop = Shop(Path(name) / "defs", Pair(source, destination))
        command = ("up", "--defs", str(shop.folder))
        served = Served(Path(name), *command, environment={**variables, **shop.environment})
        try:
            served.start()
            shop.url = served.url
            yield shop
        finally:
            served.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's Chromium."""
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=program("chromium"), args=BROWSER_FLAGS)


@contextmanager
def window(browser: Browser, url: str) -> Iterator[BrowserContext]:
    """A fresh window, large enough that nothing has to be scrolled to."""
    expect.set_options(timeout=PAGE_TIMEOUT_MS)
    context = browser.new_context(base_url=url, viewport={"width": 2600, "height": 1800})
    context.set_default_timeout(PAGE_TIMEOUT_MS)
    yield context
    context.close()


@pytest.fixture
def page(shop: Shop, browser: Browser) -> Iterator[Page]:
    """A page of the shop."""
    with window(browser, shop.url) as context:
        yield context.new_page()
