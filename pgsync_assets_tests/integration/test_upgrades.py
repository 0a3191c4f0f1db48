"""What the first version left is brought forward by the first run, used, and finished.

The databases are dumps of what that version wrote (`releases/README.md`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from pgsync_assets import sync as engine
from pgsync_assets.embedded import Cluster
from pgsync_assets.embedded.servers import DESTINATION_ROLE, PLATFORM_ROLE, SOURCE_ROLE
from pgsync_assets.outcome import Counts
from pgsync_assets.record import recent_runs

from ..fix_databases import AUDIT_SCHEMA, Pair, database
from ..fix_syncs import ENGINES, Syncs
from ..invariants import violations, writes

FIRST = Path(__file__).parents[1] / "releases" / "first"
LEFT = ["lightning ended", "lightning cut off", "digest cut off", "standard cut off"]
ROLES = {"source": SOURCE_ROLE, "destination": DESTINATION_ROLE, "platform": PLATFORM_ROLE}
FIELDS: dict[str, Any] = {"delete": "delete_row", "batch_size": 2}
REFUSED = {"3"}
EVERY_WRITE_ONCE = (
    Counter({("INSERT", str(n)): 1 for n in (1, 2, 4, 5, 6, 7, 8, 9)})
    + Counter({("UPDATE", str(n)): 1 for n in (1, 2, 4, 5)})
    + Counter({("UPDATE", "1"): 1, ("DELETE", "7"): 1, ("DELETE", "8"): 1})
)
OF_OLD_DIGESTS = Counter({("UPDATE", "1"): 1, ("UPDATE", "6"): 1})
"""Digests of numeric are made otherwise since: rows that it settled are sent once more."""


@pytest.fixture(params=LEFT)
def left(
    request: pytest.FixtureRequest, source_server: Cluster, destination_server: Cluster
) -> Iterator[Syncs]:
    """The databases of a dump, as they were."""
    servers = {"source": source_server}
    name = str(request.param)
    with ExitStack() as stack:
        sides = {}
        for side, role in ROLES.items():
            file = FIRST / f"{name.replace(' ', '_')}_{side}.sql"
            if file.exists():
                server = servers.get(side, destination_server)
                sides[side] = stack.enter_context(database(server, role))
                sides[side].leave()
                sides[side].execute(file.read_text(encoding="utf-8"))
        platform = sides.pop("platform", None)
        yield Syncs(Pair(**sides), platform=platform, fields=ENGINES[name.partition(" ")[0]])


def test_its_state_is_used_and_its_unfinished_run_is_finished(left: Syncs) -> None:
    was_cut_off = bool(left.keeper.rows(CUT_OFF))
    outcome = left.run(**FIELDS)
    assert outcome.failed == Counts(added=1)  # row 3, once more
    assert (outcome.recovered is not None) is was_cut_off
    assert violations(left, REFUSED) == []
    holds_digests = left.fields != ENGINES["lightning"]
    assert writes(left) == EVERY_WRITE_ONCE + (OF_OLD_DIGESTS if holds_digests else Counter())
    left.pair.source.execute("update items set name = 'good' where id = 3")
    assert left.run(**FIELDS).succeeded == Counts(added=1)
    assert violations(left) == []
    assert left.same()


CUT_OFF = "select 1 from hightouch_planner.runs where status in ('started', 'planned')"


def test_its_runs_are_shown_and_its_rows_are_verified(left: Syncs) -> None:
    left.run(**FIELDS)
    with left.platform_endpoint or left.endpoints[0] as keeper, keeper.session("test") as session:
        assert len(recent_runs(session, AUDIT_SCHEMA, "items")) >= 3
    found = left.verify(**FIELDS)
    assert found.problems == ()
    before = left.keeper.rows("select count(*) from hightouch_audit.sync_runs")
    checks = engine.check(left.config(**FIELDS), *left.endpoints, platform=left.platform_endpoint)
    assert [check for check in checks if not check.passed] == []
    assert left.keeper.rows("select count(*) from hightouch_audit.sync_runs") == before
