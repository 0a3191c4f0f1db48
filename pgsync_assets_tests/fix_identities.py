"""The identities of `sync_runs`, asked of every database of ours before it is dropped.

Planned = attempted + aborted, attempted = succeeded + failed, and the log has what the level of the
run promised. So every test that runs a sync asks it, whatever else it is about. A test that damages
the audit or takes something out of it says so: `@pytest.mark.breaks_the_audit("why")`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pgsync_assets.record import wrong_sums

if TYPE_CHECKING:
    from .fix_databases import AnyConnection, Side

AUDITS = """
    select nspname from pg_class as runs join pg_namespace as s on s.oid = runs.relnamespace
    where runs.relname = 'sync_runs' and exists (
            select from pg_attribute where attrelid = runs.oid and attname = 'audit_level')
        and exists (select from pg_class as log
            where log.relnamespace = runs.relnamespace and log.relname = 'sync_changelog')
"""
MARKER = "breaks_the_audit"
_why: list[str] = []  # the test that runs now breaks it on purpose


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """A database of several tests is dropped with the last one: its marker counts."""
    marker = item.get_closest_marker(MARKER)
    _why[:] = marker.args if marker else []
    assert not marker or _why, f"{MARKER}: say why"


def wrong_sums_of(side: Side) -> list[str]:
    """What does not add up in a database: one sentence for each run and operation."""
    with side.session() as connection:
        return _wrong(connection)


def check_identities(side: Side) -> None:
    """Fails the test whose database it is, unless it broke the audit on purpose."""
    if not _why:
        wrong = wrong_sums_of(side)
        assert not wrong, f"{side.database}: " + "; ".join(wrong)


def _wrong(connection: AnyConnection) -> list[str]:
    audits = connection.execute(AUDITS).fetchall()
    return [
        f"{wrong}, of sync {wrong.sync}"
        for (schema,) in audits
        for wrong in wrong_sums(connection, schema, is_whole=True)
    ]
