"""A connection that is weaker than verify-full is said once by everything that uses it."""

from __future__ import annotations

import logging

import pytest

from pgsync_assets import sync as engine
from pgsync_assets.errors import AuthenticationError
from pgsync_assets.outcome import Counts

from ..fix_syncs import Syncs

# This machine by a name that is none of loopback's: as far as we know, somewhere else.
AWAY = "127.1"


@pytest.fixture
def items(syncs: Syncs) -> Syncs:
    """One row to send, from somewhere else."""
    syncs.table("id integer primary key")
    syncs.pair.source.execute("insert into items values (1)")
    syncs.source = {"host": AWAY, "sslmode": "prefer"}
    return syncs


def warnings(log: pytest.LogCaptureFixture) -> list[str]:
    """What was logged."""
    return [one.getMessage() for one in log.records if one.levelno == logging.WARNING]


def test_a_run_says_it_and_logs_it_once(items: Syncs, caplog: pytest.LogCaptureFixture) -> None:
    outcome = items.run()
    assert outcome.succeeded == Counts(added=1)
    (note,) = outcome.notes
    assert note.startswith(f"connection 'shop' ({AWAY}:{items.pair.source.port}) is weaker")
    assert "`sslmode: prefer`" in note
    assert warnings(caplog) == [f"sync items: {note}"]
    items.destination = {"sslmode": "prefer"}  # on loopback: nothing leaves this machine
    assert items.run().notes == (note,)


def test_check_says_it_of_the_connection(items: Syncs) -> None:
    results = engine.check(items.config(), *items.endpoints)
    assert [one.passed for one in results if not one.passed] == []
    warned = {one.name: one.remedy or "" for one in results if one.state == "warning"}
    assert list(warned) == ["connection shop"]
    assert "whoever is on the way" in warned["connection shop"]


def test_what_is_not_written_out_is_verify_full(items: Syncs) -> None:
    items.source = {"host": AWAY}
    with pytest.raises(AuthenticationError, match="does not support SSL"):
        items.run()


def test_what_is_local_and_not_encrypted_is_fine(syncs: Syncs) -> None:
    syncs.table("id integer primary key")
    assert syncs.run().notes == ()
