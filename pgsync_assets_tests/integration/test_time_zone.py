"""`time_zone` of a connection: what SQL computes there, never what a value is."""

from __future__ import annotations

import pytest
from psycopg import sql
from pydantic import ValidationError

from pgsync_assets.connect import Endpoint
from pgsync_assets.errors import ConfigurationError
from pgsync_assets.outcome import Counts

from ..fix_syncs import Syncs, connection_of
from ..invariants import violations

MOMENTS = (
    "2024-03-31 00:59:59.999999+00",  # Berlin: one second before its clock leaps from 2 to 3
    "2024-03-31 01:00:00+00",
    "2024-10-27 00:30:00+00",  # Berlin: half past two, twice
    "2024-10-27 01:30:00+00",
    "2011-12-30 12:00:00+00",  # Apia: a day that it never had
    "1937-06-30 12:00:00+00",  # Amsterdam: +01:19:32 until that night
    "1971-12-31 12:00:00+00",  # Monrovia: -00:44:30
    "1847-01-01 00:00:00+00",  # local mean times
    "4713-12-31 12:00:00+00 BC",
    "infinity",
)
ODD = ("Europe/Berlin", "Pacific/Apia", "Africa/Monrovia", "Europe/Amsterdam")


def fill(syncs: Syncs, columns: str = "") -> None:
    """One row for each moment."""
    syncs.table(f"id int primary key, seen timestamptz{columns}")
    with syncs.pair.source.connect() as connection:
        for number, moment in enumerate(MOMENTS):
            insert = sql.SQL("insert into items (id, seen) values ({}, {})")
            connection.execute(insert.format(number, sql.Literal(moment)))


def test_values_arrive_as_they_are_between_any_zones(every: Syncs) -> None:
    syncs = every
    fill(syncs, ", span tstzrange, times timestamptz[]")
    syncs.pair.source.execute("update items set span = tstzrange(seen, null), times = array[seen]")
    syncs.source, syncs.destination = {"time_zone": ODD[0]}, {"time_zone": ODD[1]}
    assert syncs.run().succeeded == Counts(added=len(MOMENTS))
    assert syncs.same()
    assert syncs.run().planned == Counts()
    found = syncs.verify()
    assert (found.in_step, found.same) == (True, len(MOMENTS))
    syncs.pair.source.execute("update items set span = tstzrange(seen, seen, '[]') where id < 3")
    assert syncs.run().succeeded == Counts(changed=3)
    assert syncs.same()
    syncs.source = {"time_zone": ODD[2]}
    # A digest is one of texts; only infinity has the same one everywhere.
    sent_again = 0 if syncs.config().holds == "rows" else len(MOMENTS) - 1
    assert syncs.run().planned == Counts(changed=sent_again)
    assert syncs.run().planned == Counts()


def test_another_zone_sends_no_moment_again(every: Syncs) -> None:
    syncs = every
    fill(syncs)
    for zone in ODD:
        syncs.source = {"time_zone": zone}
        first = zone == ODD[0]
        assert syncs.run().planned == Counts(added=len(MOMENTS) if first else 0)
    syncs.destination = {"time_zone": ODD[1]}
    assert syncs.run().planned == Counts()
    assert syncs.verify().in_step
    assert violations(syncs) == []


def test_sql_is_computed_in_the_zone_of_its_server(syncs: Syncs) -> None:
    syncs.pair.source.execute(
        "create table items (id int primary key, seen timestamptz)",
        "insert into items values (1, '2024-06-30 20:00+00')",
    )
    syncs.pair.destination.execute(
        "create table items (id int primary key, day date, written text,"
        " zone text default current_setting('timezone'))"
    )
    syncs.grant()
    model = {"sql": "select id, seen::date as day, seen::text as written from items", "key": ["id"]}
    syncs.source, syncs.destination = {"time_zone": "Asia/Kolkata"}, {"time_zone": "Pacific/Apia"}
    syncs.run(model=model)
    there = "select day::text, written, zone from items"
    expected = [("2024-07-01", "2024-07-01 01:30:00+05:30", "Pacific/Apia")]
    assert syncs.pair.destination.rows(there) == expected
    syncs.source = {}
    assert syncs.run(model=model).succeeded == Counts(changed=1)
    assert syncs.pair.destination.rows(there)[0][:2] == ("2024-06-30", "2024-06-30 20:00:00+00")


@pytest.mark.parametrize("zone", ["Mars/Olympus", "UTC+2", "CEST", "", "../etc/passwd", "a\0b"])
def test_what_is_no_zone_is_refused(syncs: Syncs, zone: str) -> None:
    """PostgreSQL takes `UTC+2`, for two hours west of Greenwich."""
    with pytest.raises(ValidationError, match="is not a time zone; write it as in Europe/Berlin"):
        connection_of(syncs.pair.source, time_zone=zone)


def test_a_zone_that_the_server_does_not_know_is_named(syncs: Syncs) -> None:
    config = connection_of(syncs.pair.source).model_copy(update={"time_zone": "Europe/Atlantis"})
    endpoint = Endpoint("shop", config, {"TEST_PASSWORD": syncs.pair.source.password})
    said = "'shop', time_zone: the server does not know 'Europe/Atlantis'"
    with (
        endpoint.session("pgsync/test") as session,
        pytest.raises(ConfigurationError, match=said),
        session.transaction("asking"),
    ):
        raise AssertionError
