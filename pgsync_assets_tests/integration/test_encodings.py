"""A character that the destination cannot store costs its row, and no other (F55)."""

from __future__ import annotations

from typing import Any

import pytest

from pgsync_assets.outcome import Counts

from ..fix_databases import AUDIT_SCHEMA, PLANNER_SCHEMA, Pair
from ..fix_encodings import of_encoding
from ..fix_syncs import Syncs

FILL = """
    insert into items
    select n, case n when 7 then '\u20ac' when 15 then '\u4e2d' else 'caf\u00e9' end
    from generate_series(1, 20) as n
"""


@pytest.mark.parametrize("extra", ["", ", place point"], ids=["binary", "text"])
@pytest.mark.parametrize("batch_size", [100, 6])
def test_a_character_that_is_not_in_the_destination_s_encoding(
    either: Syncs, extra: str, batch_size: int
) -> None:
    with of_encoding(either.pair.destination, "LATIN1") as latin:
        either.pair = Pair(either.pair.source, latin)
        either.table(f"id integer primary key, name text{extra}")
        either.pair.source.execute(FILL)
        fields: dict[str, Any] = {"batch_size": batch_size}
        for expected in (Counts(added=18), Counts()):  # refused again
            outcome = either.run(**fields)
            assert outcome.succeeded == expected
            refused = {(one.row_id, one.sqlstate) for one in outcome.rejections}
            assert refused == {("7", "22P05"), ("15", "22P05")}
        either.pair.source.execute(  # by the stage
            "update items set name = '\u4e2d' where id = 3",
            "update items set name = 'na\u00efve' where id = 7",
        )
        outcome = either.run(**fields)
        assert outcome.succeeded == Counts(added=1)
        assert {one.row_id for one in outcome.rejections} == {"3", "15"}
        query = "select id, name from items where id in (3, 7, 8, 15) order by id"
        assert latin.rows(query) == [(3, "caf\u00e9"), (7, "na\u00efve"), (8, "caf\u00e9")]
        found = either.verify()
        assert (found.same, {one.row_id for one in found.differences}) == (18, {"3", "15"})


@pytest.mark.parametrize("extra", ["", ", place point"], ids=["binary", "text"])
def test_bytes_of_a_source_that_does_not_know_what_they_mean(syncs: Syncs, extra: str) -> None:
    """A server in SQL_ASCII checks nothing that is written, and would stop the COPY of all."""
    planner = (PLANNER_SCHEMA, AUDIT_SCHEMA)
    with of_encoding(syncs.pair.source, "SQL_ASCII", *planner) as ascii_only:
        syncs.pair = Pair(ascii_only, syncs.pair.destination)
        syncs.table(f"id integer primary key, name text{extra}")
        ascii_only.execute(
            "insert into items select n, case n when 7 then E'caf\\351' when 15 then E'\\377'"
            " else E'caf\\303\\251' end from generate_series(1, 20) as n"
        )
        for expected in (Counts(added=18), Counts()):
            outcome = syncs.run(batch_size=6)
            assert outcome.succeeded == expected
            refused = {(one.row_id, one.sqlstate) for one in outcome.rejections}
            assert refused == {("7", "22021"), ("15", "22021")}
        ascii_only.execute("update items set name = E'na\\303\\257ve' where id = 7")
        assert syncs.run().succeeded == Counts(added=1)
        query = "select id, name from items where id in (7, 8, 15) order by id"
        assert syncs.pair.destination.rows(query) == [(7, "na\u00efve"), (8, "caf\u00e9")]
